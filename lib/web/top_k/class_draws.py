"""The class draws: one word from each phone, piled up on the projector beside what is expected."""

import hashlib

import numpy as np
import streamlit as st

from lib.language_model import LanguageModel
from lib.next_word import NextWord
from lib.sampling_settings import SamplingSettings
from lib.web.elements.chart import chart
from lib.web.elements.controls import change
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, decimal, percent, prose
from lib.web.frame.session import session
from lib.web.rooms.here import guest, in_words, rooms, teacher
from lib.web.rooms.room import Seat
from lib.web.rooms.store import MOST_SEATS
from lib.web.top_k.report import drawn_beside_expected
from lib.web.top_k.step import step_of

MOST_DRAWS = 40  # of one phone, from one distribution: seeds stay below 10,000
_EVERY = 1.0  # seconds


def name_of(words: tuple[str, ...], sampling: SamplingSettings, p: float) -> str:
    """A short name for what is drawn from: the same on every phone that has the same settings."""
    return hashlib.sha256(repr((words, sampling, p)).encode()).hexdigest()[:12]


def draw_my_word(of: str, model: LanguageModel, words: tuple[str, ...], sampling: SamplingSettings) -> None:
    """For a guest: the button that draws a word and puts it on the class's pile."""
    if seat := guest():
        drawn = session.own_draws[1] if session.own_draws[0] == of else ()
        st.button(
            _("Draw my word") if not drawn else _("Draw one more word"),
            icon=":material/casino:",
            type="primary",
            disabled=len(drawn) >= MOST_DRAWS,
            on_click=_draw_one,
            args=(seat, of, drawn, model, words, sampling),
            key="draw-my-word",
        )


def _draw_one(
    seat: Seat,
    of: str,
    drawn: tuple[int, ...],
    model: LanguageModel,
    words: tuple[str, ...],
    sampling: SamplingSettings,
) -> None:
    """Roll the die of this phone: its number for the first draw, then others that no other phone has."""
    seed = seat.number + MOST_SEATS * len(drawn)
    _follows, step = step_of(model, words, seed, sampling)
    session.own_draws = of, (*drawn, step.drawn)
    change(seed=seed)
    with in_words():
        rooms().draw(seat, of, " ".join(map(str, session.own_draws[1])))


def pile_of_the_class(of: str, step: NextWord, vocabulary: list[str]) -> None:
    """For the teacher: what the phones have drawn, and go on doing so."""
    aside(_draw_pile, run_every=_EVERY)(of, step, vocabulary)


def _draw_pile(of: str, step: NextWord, vocabulary: list[str]) -> None:
    seat = teacher()
    if seat is None:
        return
    texts: list[str] = []
    with in_words():
        texts = list(rooms().draws(seat.code, of).values())
    V = len(vocabulary)
    ids = [int(each) for text in texts for each in text.split() if each.isdecimal() and int(each) < V]
    if not ids:
        st.info(prose("room", "no-draws"))
        return
    counts = np.bincount(np.array(ids, dtype=int), minlength=V)
    figure = drawn_beside_expected(step, vocabulary, counts)
    kept = step.order[: step.kept]
    most = int(kept[np.argmax(counts[kept])])
    alt = _(
        "Words drawn by the class: {n}. Most often: “{word}” ({count}); its chance is {chance}.",
        n=decimal(len(ids), 0),
        word=vocabulary[most],
        count=decimal(int(counts[most]), 0),
        chance=percent(float(step.trace.probabilities[most])),
    )
    st.markdown(alt)
    chart(figure, key="class-draws", alt=alt)
