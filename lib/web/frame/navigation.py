"""The pages and the ways between them: their names, the links from one to another, and the list of languages.

Streamlit runs ``pages/*.py`` by itself. The links are drawn here, because Streamlit's own list cannot be translated;
``st.navigation`` is not called: beside a folder named ``pages/`` it shows a false "Page not found" on the first deep
link to a fresh server.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
    has_card: bool = True  # on the home page, which it is not itself

    @property
    def path(self) -> str:
        """The last part of its address."""
        return "" if self.id == "home" else self.id


PAGES = (
    Page(
        "home",
        "app.py",
        lambda: _("The question"),
        lambda: _("Why dropout, if top-k is already random?"),
        has_card=False,
    ),
    Page("dropout", "pages/dropout.py", lambda: _("Dropout"), lambda: _("Is it the same network every time?")),
    Page(
        "training",
        "pages/training.py",
        lambda: _("Train vs. validation"),
        lambda: _("When does it stop learning and start memorising?"),
    ),
    Page("top_k", "pages/top_k.py", lambda: _("Top-k"), lambda: _("What may the next word be?")),
    Page("two_dice", "pages/two_dice.py", lambda: _("Two dice"), lambda: _("Which die does which job?")),
    Page("your_text", "pages/your_text.py", lambda: _("Your text"), lambda: _("Does it copy what you give it?")),
    Page("today", "pages/today.py", lambda: _("Today"), lambda: _("Is dropout still needed?")),
    Page("questions", "pages/questions.py", lambda: _("Questions"), lambda: _("What do people ask about the dice?")),
    Page("quiz", "pages/quiz.py", lambda: _("Quiz"), lambda: _("What do you know about the two dice?")),
    Page("room", "pages/room.py", lambda: _("Room"), lambda: _("Who is in the room?"), has_card=False),
)
EXACT = "exact"  # in a link: what it does not say has its default, whatever one has set there before


# Where the row is too narrow for the links, on a phone, this button opens and closes them as a list (style.css). It is
# not Streamlit's menu button: `st.switch_page` ends in an empty page when a fragment asks for the next piece of a
# curve in the same moment.
_open_list = st.components.v2.component(
    "two_dice_pages",
    html='<button type="button" aria-expanded="false"></button>',
    js="""
export default function ({ data: [name], parentElement }) {
  const button = parentElement.querySelector("button"), row = parentElement.closest(".st-key-navigation");
  const open = (now) => {
    button.setAttribute("aria-expanded", now);
    row.toggleAttribute("data-open", now);
  };
  if (button.textContent !== name) open(false);  // another page, or another language
  button.textContent = name;
  button.onclick = () => open(!row.hasAttribute("data-open"));
  row.onkeydown = (event) => { if (event.key === "Escape") open(false); };
}
""",
    isolate_styles=False,
)


def page_named(name: str) -> Page:
    """The page with this id."""
    return next(page for page in PAGES if page.id == name)


def link_to(name: str, label: str, settings: Mapping[str, str] = MappingProxyType({}), *, exact: bool = False) -> None:
    """A link to another page with settings of its own, in the person's language.

    The page's other settings are as one has left them; where the link is ``exact``, they have their defaults.
    """
    query = {f"{name}-{setting}": value for setting, value in settings.items()} | ({EXACT: "1"} if exact else {})
    st.page_link(page_named(name).file, label=label, query_params={"lang": current_language(), **query})


def navigation(here: Page, more: Callable[[], None]) -> None:
    """The row of links to the other pages, ``more``, and the languages.

    The links say nothing of settings and language: the server remembers them (lib/web/frame/address.py).
    """
    _open_list(key="open-pages", data=[here.name()], width="content")
    with st.container(key="pages", horizontal=True, vertical_alignment="center", gap="small"):
        for page in PAGES:
            st.page_link(page.file, label=page.name(), disabled=page is here)
    more()
    _languages()


def _languages() -> None:
    """A list of languages, each by its own name. (The browser need not load a selection box's code for it.)"""
    st.menu_button(
        LANGUAGES[current_language()],
        list(LANGUAGES),
        format_func=lambda code: LANGUAGES[code],
        icon=":material/translate:",
        key="languages",
        on_click=_speak,
    )


def _speak() -> None:
    """Show the page in the chosen language from now on. Options get other names, so controls are given their values."""
    session.language = st.session_state["languages"]
    for key in [str(key) for key in st.session_state if str(key).startswith(f"{session.page}-")]:
        st.session_state[key] = st.session_state[key]
