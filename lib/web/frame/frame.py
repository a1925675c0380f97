"""The frame around every page: title, navigation, footer, and what a page sets up on a server's first visit."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from lib.web.elements.component import page_style
from lib.web.frame import address, source
from lib.web.frame.embedded import is_embedded, way_to_the_app
from lib.web.frame.errors import say_errors_in_words
from lib.web.frame.fragments import timed, turn
from lib.web.frame.language import ROOT, _, choose_language, plain
from lib.web.frame.navigation import navigation, page_named
from lib.web.frame.path import ways_in
from lib.web.frame.session import session
from lib.web.logs import log_events
from lib.web.mends import mend_streamlit
from lib.web.metrics import publish_statistics
from lib.web.rooms import here as rooms
from lib.web.rooms.row import room_row
from lib.web.runs.worker_pool import session_watcher
from lib.web.server import (
    freeze_imports,
    import_pytorch_soon,
    share_a_core,
)


@contextmanager
def framed(name: str) -> Iterator[None]:
    """Put the frame around a page's lesson: ``with framed("home"): ...``, before any other ``st`` command.

    The heading is sent first. A page that needs PyTorch imports it in the function that does, so that on a server's
    first visit the heading does not wait a second for it.
    """
    with timed("page"), turn():
        log_events()
        say_errors_in_words()
        publish_statistics()
        share_a_core()
        mend_streamlit()
        page, mistake = page_named(name), None
        arrives = session.page != name
        if arrives:
            # Who leaves a page no longer watches its runs; the page asks for them again when one comes back.
            session_watcher().let_go()
            mistake = address.arrive(name)
            rooms.arrive()
        rooms.follow()
        choose_language()
        st.set_page_config(
            page_title=f"{page.name()} · Two Dice",
            # All of it is in the message; the browser keeps it.
            page_icon=ROOT / "static" / "dice.svg" if arrives else None,
            layout="wide",
            # The menu has Streamlit's own choice of light or dark.
            menu_items={"About": _("Two Dice shows the two kinds of randomness in a language model.")},
        )
        above = st.container(key="navigation", horizontal=True, vertical_alignment="center", gap="small")
        alone = is_embedded()
        # Sent first, so that it is seen first. It is the question; the page's name is already marked in the navigation.
        st.title(page.question(), anchor=False)
        with above:
            page_style()
            if not alone:
                navigation(page, ways_in)
        if not alone:
            room_row()
        if mistake:
            st.error(_("This lesson cannot be read. {mistake}", mistake=plain(str(mistake))))
        try:
            yield
            address.follow("page", links=True)
            rooms.publish()
        finally:
            way_to_the_app() if alone else _footer()
            if not session.seat:
                rooms.seat_in_browser()  # at the end: it is there once, and what stands elsewhere keeps its place
            import_pytorch_soon()
            freeze_imports()


def _footer() -> None:
    version, address = source.version(), source.address()
    with st.container(key="footer", horizontal=True, vertical_alignment="center", gap="small"):
        if address:
            st.caption(
                _("Two Dice {version}, MIT licence · [Source code]({address})", version=version, address=address),
                width="content",
            )
        else:
            # Not cloned from a public place: the server gives away the very files that it runs, packed when asked.
            st.caption(_("Two Dice {version}, MIT licence", version=version), width="content")
            st.download_button(
                _("Source code"),
                source.archive,
                source.archive_name(),
                "application/zip",
                key="source",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
            )
        privacy = _("No names, no cookies of our own, nothing about you saved to disk")
        more = source.on_the_web("docs/privacy.md")
        note = f"[{privacy}]({more})" if more else privacy
        st.caption(note, width="content")
