"""The Top-k page's moving picture: sends the way from logits to one word once; the browser plays its steps by
itself."""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from lib.figures.palette import FLOOR, HURT, SPEAK
from lib.next_word import NextWord
from lib.recorded_llm import TOP
from lib.web.elements.component import moving_picture
from lib.web.elements.transport import transport_labels
from lib.web.frame.language import _, current_language, decimal, percent

_mount = moving_picture("top_k")

# As many bars as a wide screen shows with a readable word under each.
_BARS = 75


def next_word_player(
    step: NextWord,
    vocabulary: Sequence[str],
    *,
    temperature: float,
    prompt: str,
    logarithmic: bool,
    ids: Mapping[int, int] | None = None,
    ends: Collection[int] = (),
    force: Callable[[int], None] | None = None,
) -> None:
    """Draw the way to the next word, ready to play. ``logarithmic`` shows all words, on a logarithmic axis.

    Of a real model the step counts words by rank, and ``ids`` has their numbers in the vocabulary, as far as they are
    recorded; only those that are recorded one by one are shown.

    A click on a word calls ``force`` with its number, except on those that are the ``ends`` of a sentence.
    """
    recorded = len(step.order) if ids is None else TOP
    shown = step.order[: recorded if logarithmic else _BARS]
    _mount(
        key="next_word_player",
        data={
            "hue": SPEAK,
            "quiet": FLOOR,
            "wrong": HURT,
            "logarithmic": logarithmic,
            "temperature": temperature,
            "cut": step.kept,
            "pointer": step.pointer,
            "drawn": int(np.flatnonzero(step.order == step.drawn)[0]),
            "ends": list(ends) if force else None,
            "words": [vocabulary[i] for i in shown],
            "ids": shown.tolist() if ids is None else [ids.get(i, i) for i in shown.tolist()],
            "logits": _rounded(step.trace.logits[shown]),
            "before": _rounded(step.before[shown]),
            "after": _rounded(step.trace.probabilities[shown]),
            "others": _others(step, len(shown)),
            "truth": None if step.truth is None else _rounded(step.truth[shown]),
            "locale": current_language(),
            "labels": {**_names(current_language()), **_sentences(step, vocabulary, temperature, prompt)},
        },
        on_forced_change=lambda: _forced(len(vocabulary), ends, force),
    )


def _forced(V: int, ends: Collection[int], force: Callable[[int], None] | None) -> None:
    """A word was clicked on."""
    match st.session_state.get("next_word_player", {}).get("forced"):
        case [int(number), int()] if force and 0 <= number < V and number not in ends:  # a browser may send anything
            force(number)


def _others(step: NextWord, shown: int) -> list[dict[str, Any]]:
    """The probability of the words that have no bar, before and after the cut: the kept ones, then the cut ones."""
    rest = step.order[shown:]
    kept = step.trace.kept[rest]
    return [
        {
            "before": float(step.before[rest[kept == which]].sum()),
            "after": float(step.trace.probabilities[rest[kept == which]].sum()),
            "kept": which,
        }
        for which in (True, False)
    ]


def _rounded(values: np.ndarray) -> list[float]:
    """Six digits: what the browser works out from them is right in every digit that it shows."""
    return [float(digits) for digits in (len(values) * "%.6g " % tuple(values.tolist())).split()]


@functools.cache  # one for each language, 2 kB
def _names(language: str) -> dict[str, Any]:
    """The words that stand in every picture, in the person's language, which is ``language``."""
    return {
        "transport": transport_labels(),
        "steps": [
            _("logits"),
            _("divided by T"),
            _("softmax"),
            _("sorted"),
            _("cut"),
            _("renormalised"),
            _("one draw"),
        ],
        "beyond": _("the first {n} words; the cut comes later"),
        "word": _("word"),
        "others": _("all others"),
        "kept": _("kept"),
        "cut": _("cut off"),
        "truth": _("the truth"),
        "allowed": _("possible here"),
        "impossible": _("impossible here"),
        "force": _("Click to say this word"),
        "hover": _("{word}: logit {logit}, divided by T {scaled}, probability {before}, after the cut {after}"),
        "hoverTruth": _(
            "{word}: logit {logit}, divided by T {scaled}, probability {before}, after the cut {after}, truth {truth}"
        ),
    }


def _sentences(step: NextWord, vocabulary: Sequence[str], temperature: float, prompt: str) -> dict[str, Any]:
    trace, best = step.trace, int(step.order[0])
    values = {
        "V": decimal(len(vocabulary), 0),
        "best": vocabulary[best],
        "logit": decimal(trace.logits[best]),
        "scaled": decimal(trace.scaled[best]),
        "T": decimal(temperature),
        "before": percent(step.before[best]),
        "after": percent(trace.probabilities[best]),
        "half": decimal(int(np.searchsorted(np.cumsum(step.before[step.order]), 0.5)) + 1, 0),
        "kept": decimal(step.kept, 0),
        "removed": percent(step.removed),
        "left": percent(1 - step.removed),
        "pointer": percent(step.pointer),
        "word": vocabulary[step.drawn],
        "chance": percent(trace.probabilities[step.drawn]),
        "said": prompt,
    }
    picture = _("The next word after “{said}”.", **values)
    if step.truth is not None:
        allowed = int((step.truth > 0).sum())
        picture += " " + _("The grammar allows {n} of {V} words here.", n=decimal(allowed, 0), V=values["V"])
    return {
        "captions": [
            _("The model gives each of its {V} words a score. The highest is {logit}, for “{best}”.", **values),
            _("Every score is divided by T = {T}; the highest is now {scaled}.", **values),
            _(
                "Softmax turns the scores into probabilities. They sum to 100%, and “{best}” gets {before} of it.",
                **values,
            ),
            _("Sorted, likeliest first. The first {half} of {V} words hold half of the probability.", **values),
            _("The cut keeps {kept} of {V} words. The words that are out held {removed} of the probability.", **values),
            _("What is left is divided by {left}, so it sums to 100% again. “{best}”: {before} → {after}.", **values),
            _(
                "One draw: the pointer falls at {pointer} and lands on “{word}”, whose chance was {chance}.",
                **values,
            ),
        ],
        "picture": picture,
        "border": _("the cut: {kept} of {V} stay", **values),
        "pointed": values["word"],
    }
