"""The path through a lesson: what its step says, the ways to the steps before and after, and the projector's view.

Steps are prose (lib/web/frame/steps.py). A page draws its path beside its picture; a step sets the page's controls, and
who moves them has left the path and can come back.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from lib.web.elements.controls import change_all
from lib.web.elements.icon_button import icon_button
from lib.web.frame import address
from lib.web.frame.language import _, current_language
from lib.web.frame.navigation import page_named
from lib.web.frame.session import session
from lib.web.frame.steps import Step, has_path
from lib.web.rooms.here import guest

# P shows the page to a class, and Escape ends that. A presenter's remote sends PageDown and PageUp. The arrows are also
# for whoever moves a control with them, and Escape for what has been opened. The quiz has no path: there the same keys
# go through the questions (lib/web/quiz/asking.py).
_keys = st.components.v2.component(
    "two_dice_presenter",
    js="""
const PRESENT = "icon-co_present";
const OWN = "input, textarea, select, [contenteditable], [role=slider], [role=radiogroup], [role=listbox], .two-dice";
const TYPING = "input:not([type=range], [type=checkbox], [type=radio]), textarea, [contenteditable]";
const OPENED = "[role=menu], [role=listbox], [role=dialog], [data-testid=stPopoverBody]";
export default function ({ data: [presenting] }) {
  globalThis.twoDiceKeys?.abort();
  globalThis.twoDiceKeys = new AbortController();
  const press = (key) =>
    document.querySelector(`[class*="st-key-${key}"] :is(button, a[href]):not(:disabled)`)?.click();
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING)) return;
    const moves = event.target.closest?.(OWN);
    const name = { p: PRESENT, P: PRESENT }[event.key] ?? (presenting && {
      Escape: document.querySelector(OPENED) ? "" : PRESENT,
      PageDown: "step-after", PageUp: "step-before",
      ArrowRight: moves ? "" : "step-after", ArrowLeft: moves ? "" : "step-before",
    }[event.key]);
    if (!name) return;
    event.preventDefault();
    event.stopPropagation();
    press(name);
  }, { capture: true, signal: globalThis.twoDiceKeys.signal });
}
""",
    isolate_styles=False,
)


def ways_in() -> None:
    """Two buttons in the row of pages: follow the page's path, where it has one, and show it to a class."""
    if has_path(session.page):
        icon_button(":material/format_list_numbered:", _("Step by step"), on_click=_follow, type="tertiary")
    label = _("End the presentation (Esc)") if session.presenting else _("Present to a class (P)")
    icon_button(":material/co_present:", label, on_click=_present, type="tertiary")
    _keys(key="address-keys", width=1, height=1, data=[session.presenting])


@contextmanager
def on_the_path() -> Iterator[None]:
    """Above what is drawn inside: what the step says of the path that one follows, if one does."""
    place = st.container(key="path") if session.step else None
    yield
    if place:  # now the controls have read the link by which one came
        with place:
            _path()


def _path() -> None:
    """What the step says, or the way back to it, and the ways on."""
    assert session.step
    _lesson, at = session.step
    steps, here = address.steps_ahead(), address.step_here()
    if at >= len(steps):  # its file has changed
        return _leave()
    if guest() and session.following:  # the teacher takes the steps
        st.markdown(steps[at].text)
        return
    if here:
        st.markdown(here.text)
    else:
        st.markdown(_("You have left step {n}.", n=at + 1))
        _way(steps, at, _("Back to step {n}", n=at + 1), "step-again")
    with st.container(key="ways", horizontal=True, vertical_alignment="center", gap="small"):
        _way(steps, at - 1, _("Previous step"), "step-before", ":material/arrow_back:")
        st.markdown(_("Step {n} of {count}", n=at + 1, count=len(steps)), width="content")
        _way(steps, at + 1, _("Next step"), "step-after", ":material/arrow_forward:")
        if not session.presenting:
            icon_button(":material/close:", _("Leave the steps"), on_click=_leave, type="tertiary")


def _way(steps: tuple[Step, ...], to: int, name: str, key: str, icon: str | None = None) -> None:
    """A button to a step on this page, or a link to one on another page. It is there, and grey, also at the ends.

    Where it has an icon, only that is seen (lib/web/frame/style.css).
    """
    with st.container(key=key, width="content"):
        if 0 <= to < len(steps) and steps[to].page != session.page:
            assert session.step
            query = {address.LESSON: session.step[0], address.STEP: str(to + 1), "lang": current_language()}
            st.page_link(page_named(steps[to].page).file, label=name, icon=icon, query_params=query)
        else:
            possible = 0 <= to < len(steps)
            st.button(name, icon=icon, key=f"{key}-button", on_click=_go, args=(to,), disabled=not possible)


def _go(to: int) -> None:
    """Take the step, and set the page's controls as it says."""
    assert session.step
    lesson, _at = session.step
    session.step = lesson, to
    address.forget_run()
    for step in address.steps_ahead()[to : to + 1]:  # none, where its file has become shorter meanwhile
        change_all(step.settings)


def _follow() -> None:
    """Follow the path that one has left, or that of the page from its beginning."""
    steps = address.steps_ahead()
    if session.step is None or session.step[1] >= len(steps) or steps[session.step[1]].page != session.page:
        session.step = session.page, 0
    _go(session.step[1])


def _leave() -> None:
    session.step = None


def _present() -> None:
    session.presenting = not session.presenting
    if session.presenting and session.step is None and has_path(session.page):
        session.step = session.page, 0
