"""How the quiz asks: one question with its options, why the right one is right, the ways on, and the score."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from lib.web.elements.controls import change
from lib.web.elements.table import table
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, decimal, ngettext, percent, strong
from lib.web.frame.navigation import link_to, page_named
from lib.web.frame.session import session
from lib.web.quiz.questions import Question
from lib.web.rooms.here import guest, in_words, rooms, teacher
from lib.web.rooms.votes import class_guess, is_revealed, vote

_EVERY = 2.0  # seconds from one look at the room to the next


def where(asked: Sequence[Question], at: int) -> None:
    """Which question this is, and the page that it belongs to: a list, to go to another page's first question."""
    firsts = {question.page: n for n, question in reversed(list(enumerate(asked, 1)))}
    with st.container(key="where", horizontal=True, vertical_alignment="center", gap="small"):
        if at <= len(asked):
            st.markdown(_("Question {n} of {count}", n=at, count=len(asked)), width="content")
        st.menu_button(
            page_named(asked[at - 1].page).name() if at <= len(asked) else _("Topic"),
            list(reversed(firsts)),
            format_func=lambda page: page_named(page).name(),
            key="topics",
            on_click=lambda: change(q=firsts[st.session_state["topics"]]),
        )


def choose(question: Question) -> int | None:
    """The options to choose from. Returns the one that was chosen, from 0, or None as long as none is.

    The first choice counts. In a room it is a vote.
    """
    chosen = session.answers.get(question.name)
    with st.container(key="options", gap="small"):
        for at, option in enumerate(question.options):
            st.button(
                f"{at + 1}\\. {option}",  # not a list in Markdown
                key=f"option-{at + 1}",
                icon=None if chosen is None else _mark(question, at, chosen),
                on_click=_answer,
                args=(question.name, at),
                disabled=chosen is not None,
                width="stretch",
            )
    return chosen


def _mark(question: Question, at: int, chosen: int) -> str | None:
    """The icon of an option, once one is chosen: a tick for the right one, a cross for another that was chosen."""
    if guest():  # it is not revealed yet
        return ":material/how_to_vote:" if at == chosen else None
    if at == question.right:
        return ":material/check_circle:"
    return ":material/cancel:" if at == chosen else None


def _answer(name: str, option: int) -> None:
    session.answers = {**session.answers, name: option}
    vote(_ballot(name), str(option))


def _ballot(name: str) -> str:
    """What the question is called in a room."""
    return f"quiz-{name}"


def ask_the_class(question: Question) -> None:
    """For a teacher in a room: what the class has answered, and why the right one is right once that is revealed."""
    options = {str(i): f"{i + 1}. {option}" for i, option in enumerate(question.options)}
    class_guess(
        _ballot(question.name), options, str(question.right), afterwards=lambda: see_why(question, "see-it-class")
    )


def see_why(question: Question, key: str = "see-it") -> None:
    """Why the right option is right, and the picture that shows it, whatever was chosen.

    A teacher in a room may see it twice, for the class and as an answer: then with another ``key``.
    """
    st.info(question.why)
    _see_it(question, key)


def explain(question: Question, chosen: int) -> None:
    """Whether the chosen option is right, why, and the picture that shows it; in a room, when it is revealed."""
    if guest():
        aside(_explain_in_time, run_every=_EVERY)(question, chosen)
    else:
        _explain(question, chosen)


def _explain_in_time(question: Question, chosen: int) -> None:
    if is_revealed(_ballot(question.name)):
        _explain(question, chosen)
    else:
        st.info(_("You have answered. Your teacher will reveal what is right."))


def _explain(question: Question, chosen: int) -> None:
    if chosen == question.right:
        st.success(strong(_("Right.")) + f" {question.why}", icon=":material/check_circle:")
    else:
        answer = _("Not right. The right answer: {answer}.", answer=question.options[question.right])
        st.warning(strong(answer) + f" {question.why}", icon=":material/cancel:")
    _see_it(question)


def _see_it(question: Question, key: str = "see-it") -> None:
    with st.container(key=key):
        label = _("See it: {page}", page=page_named(question.page).name())
        link_to(question.page, label, question.settings, exact=True)


def ways(asked: Sequence[Question], at: int) -> None:
    """The ways to the question before and after; from the last one to the score. A presenter's remote finds them by
    the beginning of their keys (lib/web/frame/path.py)."""
    after = _("Next question") if at < len(asked) else _("To the score")
    with st.container(key="questions", horizontal=True, gap="small"):
        back, on = ":material/arrow_back:", ":material/arrow_forward:"
        _go(_("Previous question"), "step-before-question", at - 1, icon=back, disabled=at == 1)
        _go(after, "step-after-question", at + 1, icon=on, disabled=at > len(asked))


def score(asked: Sequence[Question]) -> None:
    """How many answers of this visit are right, which are missing, and which questions to look at again."""
    answers = session.answers
    right = sum(answers.get(each.name) == each.right for each in asked)
    wrong = [n for n, each in enumerate(asked, 1) if answers.get(each.name, each.right) != each.right]
    missing = [n for n, each in enumerate(asked, 1) if each.name not in answers]
    st.subheader(_("You have {right} of {count} right.", right=right, count=len(asked)), anchor=False)
    if missing:
        st.markdown(
            ngettext("{count} question is not answered yet.", "{count} questions are not answered yet.", len(missing))
        )
        _go(_("To the first of them"), "first-missing", missing[0])
    if wrong:
        st.markdown(_("Look at these again:"))
        with st.container(key="again", gap="xsmall"):
            for n in wrong:
                _go(f"{n} · {asked[n - 1].text}", f"again-{n}", n, type="tertiary")
    _score_of_the_class(asked)
    if answers:
        st.button(_("Start again"), key="start-again", icon=":material/replay:", on_click=_start_again)


def _score_of_the_class(asked: Sequence[Question]) -> None:
    """For a teacher in a room: how many phones were right, question by question."""
    seat = teacher()
    if seat is None:
        return
    rows = []
    with in_words():
        for n, each in enumerate(asked, 1):
            votes = rooms().votes(seat.code, _ballot(each.name))
            if votes:
                right = percent(votes[str(each.right)] / votes.total(), 0)
                rows.append((decimal(n, 0), each.text, decimal(votes.total(), 0), right))
    if rows:
        st.subheader(_("The class"), anchor=False)
        table([_("no."), _("question"), _("answers"), _("right")], rows, "rlrr")


def _go(label: str, key: str, to: int, **button: Any) -> None:
    """A button that leads to a question, or to the score after the last one."""
    st.button(label, key=key, on_click=change, kwargs={"q": to}, **button)


def _start_again() -> None:
    session.answers = {}
    change(q=1)
