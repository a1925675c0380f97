"""The guess under a page's headline as a vote of the class: counted as it comes in, seen when the teacher says so."""

from collections import Counter
from collections.abc import Callable, Mapping

import streamlit as st

from lib.web.frame import address
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, decimal, percent
from lib.web.frame.session import session
from lib.web.rooms.here import guest, in_words, rooms, teacher
from lib.web.rooms.room import Seat

_EVERY = 0.5  # seconds from one count to the next


def vote(question: str, option: str | None) -> None:
    """Answer a question in the room that one is in: what a callback does."""
    seat = guest()
    if seat and option is not None:
        with in_words():
            rooms().vote(seat, question, option)


def own_vote(question: str) -> str | None:
    """What one has answered in the room that one is in."""
    seat = guest()
    if seat:
        with in_words():
            return rooms().vote_of(seat, question)
    return None


def is_revealed(question: str) -> bool:
    """Whether the teacher of the room that one is in has revealed the answers."""
    revealed = False
    with in_words():
        revealed = session.seat is not None and rooms().revealed(session.seat.code, question)
    return revealed


def class_guess(
    question: str, options: Mapping[str, str], outcome: str, *, afterwards: Callable[[], None] | None = None
) -> None:
    """For the teacher: how many have answered, and when it is revealed, what, and what comes ``afterwards``.

    ``outcome`` is the right option.
    """
    if teacher():
        aside(_draw, run_every=_EVERY)(question, options, outcome, afterwards)


def _draw(question: str, options: Mapping[str, str], outcome: str, afterwards: Callable[[], None] | None) -> None:
    seat = teacher()
    if seat is None or not _has_place():
        return
    with in_words(), st.container(key="class-guess"):
        answers, revealed = rooms().votes(seat.code, question), rooms().revealed(seat.code, question)
        votes = Counter({option: answers[option] for option in options})  # a browser may have sent another
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="class-guess-row"):
            given, here = decimal(votes.total(), 0), decimal(rooms().count(seat.code), 0)
            st.markdown(_("{given} of {here} have answered.", given=given, here=here), width="content")
            label = _("Hide the answers") if revealed else _("Reveal the answers")
            st.button(label, on_click=_reveal, args=(seat, question, revealed), key="reveal")
            st.button(_("Ask again"), on_click=_ask_again, args=(seat, question), type="tertiary", key="ask-again")
            if revealed and not afterwards:
                answer = f"**{options[outcome]}**"
                st.markdown(_("What the picture shows: {answer}.", answer=answer), width="content")
        if revealed:
            for column, (option, name) in zip(st.columns(len(options)), options.items(), strict=True):
                share = votes[option] / max(1, votes.total())
                mark = ":material/check_circle: " if option == outcome else ""
                column.progress(share, text=f"{mark}{name}: {decimal(votes[option], 0)} ({percent(share, 0)})")
            if afterwards:
                afterwards()


def _has_place() -> bool:
    """On a projector's screen there is place beside the first step on a page, which asks, and the last."""
    if not session.presenting or session.step is None:
        return True
    on_this_page = [i for i, step in enumerate(address.steps_ahead()) if step.page == session.page]
    return session.step[1] in (on_this_page[:1] + on_this_page[-1:])


def _reveal(seat: Seat, question: str, revealed: bool) -> None:
    with in_words():
        rooms().reveal(seat, question, hide=revealed)


def _ask_again(seat: Seat, question: str) -> None:
    with in_words():
        rooms().ask_again(seat, question)
