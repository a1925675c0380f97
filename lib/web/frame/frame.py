"""The frame around every page: title, navigation, language, light and dark, footer.

Streamlit runs ``pages/*.py`` by itself. The frame draws its own links, because Streamlit's own list cannot be
translated, and does not call ``st.navigation``: beside a folder named ``pages/`` it shows a false "Page not found" on
the first deep link to a fresh server.
"""

import functools
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import ParamSpec

import streamlit as st

from lib.web.elements.component import page_style
from lib.web.frame import source
from lib.web.frame.language import LANGUAGES, ROOT, _, choose_language, current_language
from lib.web.runs.worker_pool import session_watcher
from lib.web.server import import_pytorch_soon, share_a_core

P = ParamSpec("P")


@dataclass(frozen=True)
class Page:
    """One page: its id, its file, its name and its question (functions, since both depend on the language)."""

    id: str
    file: str
    name: Callable[[], str]
    question: Callable[[], str]


PAGES = (
    Page("home", "app.py", lambda: _("The question"), lambda: _("Why dropout, if top-k is already random?")),
    Page("dropout", "pages/dropout.py", lambda: _("Dropout"), lambda: _("Is it the same network every time?")),
    Page(
        "training",
        "pages/training.py",
        lambda: _("Train vs. validation"),
        lambda: _("When does it stop learning and start memorising?"),
    ),
    Page("top_k", "pages/top_k.py", lambda: _("Top-k"), lambda: _("What may the next word be?")),
    Page("two_dice", "pages/two_dice.py", lambda: _("Two dice"), lambda: _("Which die does which job?")),
    Page("today", "pages/today.py", lambda: _("Today"), lambda: _("Is dropout still needed?")),
)


def page_named(name: str) -> Page:
    """The page with this id."""
    return next(page for page in PAGES if page.id == name)


def framed(name: str) -> AbstractContextManager[None]:
    """Draw the heading of a page at once, and return what goes around its lesson: ``with framed("home"): ...``.

    A page calls it before any other ``st`` command. Where PyTorch is needed, it is imported after this call, so that on
    a server's first visit the heading does not wait for it.
    """
    page = page_named(name)
    choose_language()
    st.set_page_config(
        page_title=f"{page.name()} · Two Dice",
        page_icon=ROOT / "static" / "dice.svg",
        layout="wide",
        # The menu has Streamlit's own choice of light or dark.
        menu_items={"About": _("Two Dice shows the two kinds of randomness in a language model.")},
    )
    if st.session_state.get("page") != name:
        # Who leaves a page no longer watches its runs; the page asks for them again when one comes back.
        session_watcher().let_go()
        st.session_state["page"] = name
    navigation = st.container(key="navigation", horizontal=True, vertical_alignment="center", gap="small")
    # Sent first, so that it is seen first. It is the question; the page's name is already marked in the navigation.
    st.title(page.question(), anchor=False)
    with navigation:
        _navigation(page)
    return _around_the_lesson(page)


@contextmanager
def _around_the_lesson(page: Page) -> Iterator[None]:
    try:
        yield
    finally:
        _remember(page)
        _footer()
        import_pytorch_soon()
        share_a_core()
        _settle_memory("torch" in sys.modules)


def fragment(draw: Callable[P, None]) -> Callable[P, None]:
    """Decorate a part of a page: when one of its own controls is moved, this part runs again, and not the whole page.

    A page sends some sixty elements, each of which takes the server up to half a millisecond; a quarter of them are the
    frame's. A part may have parts.
    """

    @st.fragment
    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        finally:
            _remember(page_named(st.session_state["page"]))

    return run


def link_to(name: str, label: str, **settings: str) -> None:
    """A link to another page with settings of its own, in the person's language."""
    query = {f"{name}-{setting}": value for setting, value in settings.items()}
    st.page_link(page_named(name).file, label=label, query_params={"lang": current_language(), **query})


def _navigation(here: Page) -> None:
    page_style()
    for page in PAGES:
        kept = st.session_state.setdefault("links", {}).get(page.id, {})
        st.page_link(
            page.file,
            label=page.name(),
            query_params={**kept, "lang": current_language()},
            disabled=page is here,  # what it would lead to is here, and its settings may have changed since
        )
    _languages(here)


def _languages(here: Page) -> None:
    """This page in the other languages: links that are drawn when somebody opens the list.

    Links and not a selection box: each language is an address that can be shared, Back returns to the one before, and
    the browser need not load the code of a selection box before it shows the page.
    """
    choices = st.popover(LANGUAGES[current_language()], icon=":material/translate:", key="languages", on_change="rerun")
    if choices.open:
        for code, name in LANGUAGES.items():
            choices.page_link(here.file, label=name, query_params={**settings_in_link(), "lang": code})


def settings_in_link() -> dict[str, str]:
    """What the link says about this page, without the language."""
    return {name: value for name, value in st.query_params.items() if name != "lang"}


def _remember(page: Page) -> None:
    """Keep this page's settings for the links of the other pages, so that coming back finds them."""
    st.session_state.setdefault("links", {})[page.id] = settings_in_link()


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


@functools.cache
def _settle_memory(with_torch: bool) -> None:
    """Take what the imports made out of the garbage collector's sight, once per server and once more after PyTorch.

    A host may override ``runner.postScriptGC``; with the long-lived objects frozen, its collection after every rerun
    looks at a few thousand objects and not at all of PyTorch.
    """
    gc.collect()
    gc.freeze()
