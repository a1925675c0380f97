"""How the page asks: the list of questions, one of them with its guesses, and the ways to the next."""

import streamlit as st

from lib.questions.threads import THREADS
from lib.web.elements.controls import Controls, change
from lib.web.frame.language import _
from lib.web.frame.session import session
from lib.web.questions.asked import asked, found
from lib.web.questions.settings import Settings
from lib.web.quiz.asking import ask_the_class, choose, explain, see_why
from lib.web.rooms.here import guest


def choose_question(controls: Controls[Settings]) -> None:
    """A line to search the questions, and the list of those that have its words."""
    names = found(controls.text("find", _("Search the questions"), ""))
    here = controls.settings().question
    with st.container(key="asked", gap=None):
        for name in names:
            text, key = asked(name).text, f"asked-{name}"
            st.button(text, key=key, type="tertiary", on_click=_go, args=(name,), disabled=name == here)
    if not names:
        st.info(_("No question has these words."))


def answered(settings: Settings) -> bool:
    """Whether the answer is shown: the link says so, or one has guessed. A guest in a room waits for the teacher."""
    return settings.shown or (settings.question in session.answers and not guest())


def ask(name: str, *, shown: bool) -> None:
    """The question, its guesses, which are votes in a room, and its answer if it is to be shown."""
    names, question = list(THREADS), asked(name)
    st.markdown(_("Question {n} of {count}", n=names.index(name) + 1, count=len(names)))
    st.subheader(question.text, anchor=False)
    guess = choose(question)
    ask_the_class(question)
    if guess is not None:
        explain(question, guess)
    elif shown:
        see_why(question)
    elif not guest():
        label = _("Show the answer and the experiment")
        st.button(label, key="show", icon=":material/science:", on_click=change, kwargs={"shown": True})


def ways(name: str) -> None:
    """The ways to the question before and after. A presenter's remote finds them by the beginning of their keys."""
    names = list(THREADS)
    at = names.index(name)
    with st.container(key="questions", horizontal=True, gap="small"):
        for label, key, to, icon in (
            (_("Previous question"), "step-before-question", at - 1, ":material/arrow_back:"),
            (_("Next question"), "step-after-question", at + 1, ":material/arrow_forward:"),
        ):
            there = names[to] if 0 <= to < len(names) else None
            st.button(label, key=key, icon=icon, on_click=_go, args=(there,), disabled=there is None)


def _go(name: str) -> None:
    """Open another question, without its answer."""
    change(question=name, shown=False)
