"""The frame around every page: title, navigation, footer, and what a page sets up on a server's first visit."""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from lib.web.elements.component import page_style
from lib.web.frame import address, source
from lib.web.frame.embedded import is_embedded, way_to_the_app
from lib.web.frame.language import ROOT, _, choose_language, plain
from lib.web.frame.navigation import navigation, page_named
from lib.web.frame.path import ways_in
from lib.web.frame.session import session
from lib.web.runs.worker_pool import session_watcher
from lib.web.server import freeze_imports, import_pytorch_soon, lose_no_page, share_a_core

P = ParamSpec("P")
_drawing = threading.local()  # ``now``: this thread is drawing a page, or a fragment by itself
_pen = threading.Lock()
_PATIENCE = 1.0  # seconds


@contextmanager
def framed(name: str) -> Iterator[None]:
    """Put the frame around a page's lesson: ``with framed("home"): ...``, before any other ``st`` command.

    The heading is sent first. A page that needs PyTorch imports it in the function that does, so that on a server's
    first visit the heading does not wait a second for it.
    """
    with _turn():
        share_a_core()
        lose_no_page()
        page, mistake = page_named(name), None
        if session.page != name:
            # Who leaves a page no longer watches its runs; the page asks for them again when one comes back.
            session_watcher().let_go()
            mistake = address.arrive(name)
        choose_language()
        st.set_page_config(
            page_title=f"{page.name()} · Two Dice",
            page_icon=ROOT / "static" / "dice.svg",
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
        if mistake:
            st.error(_("This lesson cannot be read. {mistake}", mistake=plain(str(mistake))))
        try:
            yield
            address.follow("page", links=True)
        finally:
            way_to_the_app() if alone else _footer()
            import_pytorch_soon()
            freeze_imports()


@contextmanager
def _turn() -> Iterator[None]:
    """Draw while nobody else does: whoever comes later waits, but not longer than a second.

    Python's lock lets one thread run at a time. Forty reruns side by side all end late, and handing the lock to and fro
    costs as well; one after the other, most of them end sooner (`python -m benchmarks server`).
    """
    in_turn = _pen.acquire(timeout=_PATIENCE)
    _drawing.now = True
    try:
        yield
    finally:
        _drawing.now = False
        if in_turn:
            _pen.release()


def fragment(draw: Callable[P, None]) -> Callable[P, None]:
    """Make a function a fragment: when one of its own controls is moved, it runs again, and not the whole page.

    A page sends some sixty elements, each of which takes the server up to half a millisecond; a quarter of them are the
    frame's. A fragment may contain others.
    """

    @st.fragment
    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if getattr(_drawing, "now", False):  # a part of a page or of another fragment, which ends with the address
            return draw(*args, **kwargs)
        with _turn():
            draw(*args, **kwargs)
            address.follow(draw.__name__)

    return run


def aside(draw: Callable[P, None], run_every: float | None = None) -> Callable[P, None]:
    """Make a function a fragment that has none of the page's settings: a guess, the curves of a run.

    A browser puts what happens within the same moment into one message, and names one fragment in it. If somebody moves
    a slider right when this fragment is due, the server hears of it and draws only this; then the page is drawn anew.
    """

    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        draw(*args, **kwargs)
        if not getattr(_drawing, "now", False) and address.is_behind():
            st.rerun()

    return st.fragment(run, run_every=run_every)


def _footer() -> None:
    version, address = source.version(), source.address()
    with st.container(key="footer", horizontal=True, vertical_alignment="center", gap="small"):
        if address:
            st.caption(
                _("Two Dice {version}, MIT licence · [Source code]({address})", version=version, address=address)
            )
            return
        # Not cloned from a public place: the server gives away the very files that it runs, packed when somebody asks.
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
