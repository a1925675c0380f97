"""The browser's address: it says at all times what the page shows, so that reloading and sharing it repeat the page.

What a page's controls are set to is remembered as its link says it (``session.links``): what is not in there has its
default. The link is read once, when somebody arrives at the page, and written whenever a setting changes, by a
component that replaces the browser's address. (Streamlit's own `st.query_params` would add an entry to the browser's
history for every change, and its ``bind="query-params"`` writes options as they are called on screen, in one of six
languages.) So there is one entry for each visit of a page, and Back leads to the page before.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.web.elements.settings import declared, in_link, is_same, read, written
from lib.web.frame.language import current_language, matching_language
from lib.web.frame.navigation import EXACT, PAGES, page_named
from lib.web.frame.session import session
from lib.web.frame.steps import LessonError, Step, steps_of

S = TypeVar("S")
RUN = "train"  # the name under which a link says that a run was started, and which
# A link names a step of a lesson, which says all of the page's settings; or the step that one has left, and the
# settings that differ; the lesson where it is not the page's own; and whether it is shown from a projector.
STEP, LEFT, LESSON, PRESENT = "step", "left", "lesson", "present"

_mount = st.components.v2.component(
    "two_dice_address",
    js="""
export default function ({ data: [about], setTriggerValue }) {
  const { page, pages, query, links, session, serial, language, presenting } = about;
  document.documentElement.lang = language;  // a screen reader's voice
  document.documentElement.toggleAttribute("data-presenting", presenting);
  const now = (globalThis.twoDiceAddress ??= { session, serial: 0 });
  const name = (path) => pages.find((each) => each === path.split("/").at(-1)) ?? "";
  if (name(location.pathname) !== page) return;
  if (session !== now.session) {
    // The server has forgotten the session: it was started anew, or this browser was offline for long. It has begun
    // another with a link that Streamlit kept from before. The address knows better.
    if (!links) return;
    [now.session, now.serial] = [session, 0];
    if (query !== location.search.slice(1)) return setTriggerValue("kept", location.search.slice(1));
  }
  if (serial < now.serial) return;  // drawn again for another reason, a change of theme, say; another fragment is newer
  now.serial = serial;
  const embedded = [...new URLSearchParams(location.search)].filter(([key]) => key.startsWith("embed"));
  const search = [query, new URLSearchParams(embedded).toString()].filter(Boolean).join("&");
  if (search !== location.search.slice(1))
    history.replaceState(history.state, "", location.pathname + (search && "?" + search) + location.hash);
  if (!links) return;
  // A click on these is Streamlit's; what they say is for those who open them in a new tab, a session of its own.
  for (const link of document.querySelectorAll(".st-key-navigation a[href]")) {
    const url = new URL(link.getAttribute("href") || "./", location.href);
    url.search = links[name(url.pathname)] ?? url.search;
    link.href = url;
  }
}
""",
    isolate_styles=False,
)


def arrive(page: str) -> LessonError | None:
    """Take note of the link by which somebody comes to a page: its settings, for the controls, and its language.

    Returns what is wrong with the file of the lesson that it names, if something is.

    Who comes by Back or Forward finds the page as it was left, which that link may not say: it is too late for a key
    that is pressed right before one leaves.
    """
    context = get_script_run_ctx()
    back = context is not None and context.is_history_navigation
    link = dict(st.query_params)
    if not (back and session.language):
        _take_language(link)
    session.page, session.settings = page, None
    session.token = session.token or secrets.token_hex(4)
    session.arrived = {} if back and page in session.links else link
    if EXACT in session.arrived:
        session.links = {**session.links, page: {}}
        session.runs = {place: run for place, run in session.runs.items() if place.split("-")[0] != page}
    try:
        session.arrived = _take_step(session.arrived)
    except LessonError as mistake:
        session.step = None
        return mistake
    return None


def _take_language(link: Mapping[str, str]) -> None:
    session.language = matching_language(link.get("lang")) or session.language


def _take_step(link: Mapping[str, str]) -> Mapping[str, str]:
    """Go to the step of a lesson that a link names, and return the link with what the step sets."""
    page = session.page
    session.presenting = session.presenting or link.get(PRESENT) == "1"
    lesson, step = link.get(LESSON, page), _step_named(link)
    if step is not None:
        session.step = lesson, step
        if STEP in link:
            session.links = {**session.links, page: {}}
            return _with_step(link)
    elif page not in {step.page for step in steps_ahead()}:
        session.step = None
    if session.presenting and session.step is None and EXACT not in link and steps_of(lesson, current_language()):
        session.step = lesson, 0
    return link


def _step_named(link: Mapping[str, str]) -> int | None:
    """The step of this page that a link names, or that it says one has left, from 0."""
    number = link.get(STEP, link.get(LEFT, ""))
    steps = steps_of(link.get(LESSON, session.page), current_language())
    at = int(number) - 1 if number.isdecimal() else -1
    return at if 0 <= at < len(steps) and steps[at].page == session.page else None


def _with_step(link: Mapping[str, str]) -> Mapping[str, str]:
    """A link with what the step sets that it names."""
    step = _step_named(link) if STEP in link else None
    steps = steps_of(link.get(LESSON, session.page), current_language())
    return link if step is None else {**steps[step].settings, **link}


def steps_ahead() -> tuple[Step, ...]:
    """The steps of the path that one follows; none where nobody does, or where its file was spoiled meanwhile."""
    with suppress(LessonError):
        return steps_of(session.step[0], current_language()) if session.step else ()
    return ()


def step_here() -> Step | None:
    """The step that the page shows: that of the path one follows, unless one has moved a control or gone elsewhere."""
    steps = steps_ahead()
    if session.step is None or session.step[1] >= len(steps):
        return None
    step = steps[session.step[1]]
    return step if step.page == session.page and step.settings == session.links.get(step.page, {}) else None


def _begin_again() -> None:
    """The server has forgotten a session, and its browser tells what the address was: take the page from there."""
    link = dict(parse_qsl(str(st.session_state["address-page"]["kept"]), keep_blank_values=True))
    moved = _moved_since(st.query_params.to_dict())
    _take_language(link)
    session.links = {page: texts for page, texts in session.links.items() if page != session.page}
    session.runs = {}
    session.address = "", "", session.address[2]  # it is to be written, even if that is what the page says already
    session.arrived = link
    with suppress(LessonError):
        session.arrived = _take_step(link)
    session.arrived = {**session.arrived, **moved}


def _moved_since(link: Mapping[str, str]) -> dict[str, str]:
    """The settings of the open page that are not as in the link with which it began, as a link says them.

    With its first request a browser says how its controls stand, and with the next one what somebody has moved since.
    Where they differ from that link they are newer than the address, which follows a moment later.
    """
    if session.settings is None:  # a page without controls
        return {}
    with suppress(LessonError):
        link = _with_step(link)
    names = declared(session.settings)
    began = read(session.settings, {name: link.get(f"{session.page}-{name}", link.get(name, "")) for name in names})
    now = read(session.settings, remembered())
    return {
        f"{session.page}-{name}": in_link(getattr(now, name))
        for name in names
        if getattr(now, name) is not None and not is_same(getattr(now, name), getattr(began, name))
    }


def remembered() -> dict[str, str]:
    """The settings of the open page that are not at their default, by name, as a link says them."""
    if session.page not in session.links:
        session.links = {**session.links, session.page: {}}
    return session.links[session.page]


def asked_run() -> Any:
    """The settings of the run that somebody has started on the open page, or on its part; None where nobody has."""
    return session.runs.get(_place())


def ask_for_run(settings: Any) -> None:
    """Start the run of these settings: from now on the page shows it, and the address asks for it."""
    session.runs = {**session.runs, _place(): settings}


def forget_run() -> None:
    """Let go of the run of the open page, or of its part: it shows again what it shows before anybody starts one."""
    session.runs = {place: settings for place, settings in session.runs.items() if place != _place()}


def _place() -> str:
    return "-".join(filter(None, (session.page, remembered().get("part"))))


def run_in_link(settings: S, text: str) -> S | None:
    """The settings of the run that a link with these settings asks for: ``train=1`` for its own, or those in which the
    run differs from them; None where the text makes no sense."""
    if text == "1":
        return settings
    run = read(type(settings), {**written(settings), **dict(parse_qsl(text))})
    return None if run == settings else run


def link_to_run(settings: Any, run: Any) -> str:
    """The counterpart of `run_in_link`."""
    names = [name for name in declared(type(run)) if not is_same(getattr(run, name), getattr(settings, name))]
    return urlencode({name: in_link(getattr(run, name)) for name in names}) or "1"


def query() -> dict[str, str]:
    """What the address of the open page says: its settings, its run, and the language if somebody has chosen one."""
    run = asked_run()
    more = {RUN: link_to_run(read(type(run), remembered()), run)} if run else {}
    if session.presenting:
        more[PRESENT] = "1"
    if session.step is None:
        return _with_language(session.page, more)
    lesson, at = session.step
    if lesson != session.page:
        more[LESSON] = lesson
    if step_here():
        return {STEP: str(at + 1), **more, **_language()}
    return {LEFT: str(at + 1), **_with_language(session.page, more)}


def _with_language(page: str, more: Mapping[str, str]) -> dict[str, str]:
    settings = {f"{page}-{name}": text for name, text in session.links.get(page, {}).items()}
    return {**settings, **more, **_language()}


def _language() -> dict[str, str]:
    return {"lang": session.language} if session.language else {}


def _now() -> tuple[str, str]:
    return session.page, urlencode(query())


def follow(fragment: str, *, links: bool = False) -> None:
    """Let the address follow what the page shows. Every ``fragment`` of a page ends with this.

    With ``links`` those to the other pages follow too.
    """
    page, text = _now()
    if session.address[:2] != (page, text):
        session.address = page, text, session.address[2] + 1
    when_kept: dict[str, Any] = {"on_kept_change": _begin_again} if links else {}
    _mount(
        key=f"address-{fragment}",
        width=1,
        height=1,
        data=[
            {
                "page": page_named(session.page).path,
                "pages": [page.path for page in PAGES],
                "query": text,
                "links": {page.path: urlencode(_with_language(page.id, {})) for page in PAGES} if links else None,
                "session": session.token,
                "serial": session.address[2],
                "language": current_language(),
                "presenting": session.presenting,
            }
        ],
        **when_kept,
    )
