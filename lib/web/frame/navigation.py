"""The pages and the ways between them: their names, the links from one to another, and the list of languages.

Streamlit runs ``pages/*.py`` by itself. The links are drawn here, because Streamlit's own list cannot be translated;
``st.navigation`` is not called: beside a folder named ``pages/`` it shows a false "Page not found" on the first deep
link to a fresh server.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from lib.web.frame.language import LANGUAGES, _, current_language
from lib.web.frame.session import session


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


def link_to(name: str, label: str, **settings: str) -> None:
    """A link to another page with settings of its own, in the person's language."""
    query = {f"{name}-{setting}": value for setting, value in settings.items()}
    st.page_link(page_named(name).file, label=label, query_params={"lang": current_language(), **query})


def navigation(here: Page) -> None:
    """The row of links to the other pages, and the languages."""
    for page in PAGES:
        kept = session.links.get(page.id, {})
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


def remember_settings(page: Page) -> None:
    """Keep this page's settings for the links of the other pages, so that coming back finds them."""
    session.links = {**session.links, page.id: settings_in_link()}
