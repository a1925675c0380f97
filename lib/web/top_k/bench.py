"""The decoder's bench: the steps in any order, and what the order does where the truth is known."""

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from lib.decoding import ORDERS, STEPS, Decoded, Decoder, Order, decode, mistakes, name_of
from lib.figures.palette import SPEAK
from lib.figures.top_k import MOST_BARS, OrderLabels, orders_figure
from lib.language_model import LanguageModel
from lib.listings.decoding import decoding_listing
from lib.next_word import prompts, what_follows
from lib.web.elements.chart import chart
from lib.web.elements.component import moving_picture
from lib.web.elements.controls import Controls, change
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, listed, percent, prose, quoted
from lib.web.top_k.settings import decoder_of
from lib.writing import joined

BEGINNINGS = 6
MOST_TRIED = 256  # decoders, of 1 kB
_NAMES = {"transformers": "transformers", "llama.cpp": "llama.cpp", "gemma": "Gemma"}
_mount = moving_picture("order")


def bench(controls: Controls[Any], model: LanguageModel, words: tuple[str, ...]) -> None:
    """The whole part: a switch, and once that is on, the steps, what they leave here, and what they do elsewhere."""
    if not controls.toggle(
        "bench", _("**The decoder’s bench**: change the order of the steps, and see what that lets in")
    ):
        return
    st.subheader(_("The decoder’s bench"), anchor=False)
    V = len(model.vocabulary)
    beside, stage = st.columns([0.3, 0.7], gap="medium")
    with beside:
        _presets(name_of(decoder_of(controls.settings(), V).order), V)
        steps = st.container()
        controls.slider("typical", _("Typical: how much probability stays in"))
        controls.slider("sigma", _("Top-nσ: how many standard deviations below the best (0: off)"))
        controls.slider("penalty", _("Repetition penalty (1: none)"))
        controls.toggle("greedy", _("Greedy: T → 0 (`do_sample=False`)"))
    decoder = decoder_of(controls.settings(), V)
    with steps:
        _steps(decoder)
        if decoder.order.together:
            st.caption(
                _("The cuts do not see each other: each looks at all words, and a word stays if all of them keep it.")
            )
    with stage:
        _what_it_does(model, words, decoder)
    lesson.code(
        lambda: decoding_listing(words, decoder, language=model.config.language, p=model.config.p),
        _("The code: these steps in this order, in PyTorch"),
        key="code_bench",
    )


def step_names() -> dict[str, str]:
    """What the steps are called, by their ids."""
    return {
        "penalty": _("repetition penalty"),
        "temperature": _("temperature"),
        "top_k": "top-k",
        "top_p": "top-p",
        "min_p": "min-p",
        "typical": _("typical"),
        "sigma": "top-nσ",
    }


def _order_name(order: Order) -> str:
    return _NAMES.get(name_of(order)) or _("your order")


def _presets(now: str, V: int) -> None:
    """A button for each program's order, and one for settings with which the order matters."""
    with st.container(horizontal=True, gap="small"):
        for name, called in _NAMES.items():
            st.button(
                called,
                type="primary" if name == now else "secondary",
                on_click=change,
                kwargs={"order": name},
                key=f"order_{name}",
            )
    st.button(
        _("Try T = 2 with top-p = 0.9 alone"),
        on_click=change,
        kwargs={"temp": 2.0, "top_p": 0.9, "min_p": 0.0, "k": V},
        key="order_try",
    )


def _steps(decoder: Decoder) -> None:
    """The list of the steps, to be moved."""
    names = step_names()
    _mount(
        key="step_order",
        data={
            "hue": SPEAK,
            "steps": [
                {
                    "id": step,
                    "name": names[step],
                    "on": step in decoder.switched_on and step not in decoder.ignored,
                }
                for step in decoder.order.steps
            ],
            "labels": {
                "list": _("The order of the steps"),
                "off": _("switched off, or without effect"),
                "earlier": _("{step}: earlier"),
                "later": _("{step}: later"),
            },
        },
        on_order_change=_reorder,
    )


def _reorder() -> None:
    order = st.session_state.get("step_order", {}).get("order")
    if isinstance(order, str) and sorted(order.split(".")) == sorted(STEPS):  # a browser may send anything
        change(order=name_of(Order(tuple(order.split(".")))))


def _what_it_does(model: LanguageModel, words: tuple[str, ...], decoder: Decoder) -> None:
    """The words that are left here, and the mistakes after six beginnings, beside those of another order."""
    first = ORDERS["transformers"]
    other = replace(decoder, order=ORDERS["llama.cpp"] if decoder.order == first else first)
    _left_here(model, words, decoder, other)
    orders = {_order_name(each): each for each in (*ORDERS.values(), decoder.order)}
    if decoder.greedy:
        ignored = [step_names()[step] for step in decoder.ignored]
        st.markdown(
            prose("top_k", "bench-greedy", ignored=listed(ignored)) if ignored else prose("top_k", "bench-alone")
        )
    tried = {name: _tried(model, replace(decoder, order=order)) for name, order in orders.items()}
    head = [_("order of the steps"), _("words left"), _("impossible words let in"), _("good words thrown away")]
    here = _order_name(decoder.order)
    rows = [
        [
            f"▸ {name}" if name == here else name,
            decimal(found[0].mean(), 1),
            _("{mean} ({low} to {high})", **_shares(found[2])),
            _("{mean} ({low} to {high})", **_shares(found[1])),
        ]
        for name, found in tried.items()
    ]
    table(head, rows, "lrrr")
    after = listed(quoted(f"{prompt} …") for prompt in prompts(model.story, BEGINNINGS))
    st.caption("\n\n".join([prose("top_k", "bench-table", beginnings=after), prose("top_k", "bench-sources")]))
    if not decoder.greedy:
        st.markdown(_verdict(tried, here, _order_name(other.order)))


def _shares(values: np.ndarray) -> Mapping[str, str]:
    return {"mean": percent(values.mean()), "low": percent(values.min()), "high": percent(values.max())}


def _verdict(tried: Mapping[str, np.ndarray], here: str, other: str) -> str:
    """What the order changes after the beginnings, by the means of both mistakes."""
    (_kept, lost, let_in), (_others, other_lost, other_let_in) = (tried[name].mean(axis=1) for name in (here, other))
    if (tried[here] == tried[other]).all():
        return prose("top_k", "bench-same", here=here, other=other)
    section = "bench-safer" if (let_in, -lost) < (other_let_in, -other_lost) else "bench-bolder"
    return prose(
        "top_k",
        section,
        here=here,
        other=other,
        let_in=percent(let_in),
        other_let_in=percent(other_let_in),
        lost=percent(lost),
        other_lost=percent(other_lost),
    )


@functools.lru_cache(maxsize=MOST_TRIED)
def _tried(model: LanguageModel, decoder: Decoder) -> np.ndarray:
    """Words left, good words lost and impossible ones let in, (3, n), after the beginnings that the story offers."""
    found = []
    for prompt in prompts(model.story, BEGINNINGS):
        words = tuple(model.story.words_of(prompt))
        follows = what_follows(model, words)
        assert follows.truth is not None  # a story's own prompts are possible
        found.append(mistakes(_decoded(model, words, decoder), follows.truth))
    return np.array(found).T


def _decoded(model: LanguageModel, words: tuple[str, ...], decoder: Decoder) -> Decoded:
    said = [model.story.word_id[word] for word in words]
    return decode(what_follows(model, words).logits, decoder, said)


def _left_here(model: LanguageModel, words: tuple[str, ...], decoder: Decoder, other: Decoder) -> None:
    """The next word's probabilities after the present beginning: this order as bars, the other one as diamonds."""
    this, that = (_decoded(model, words, each).probabilities for each in (decoder, other))
    truth = what_follows(model, words).truth
    impossible = np.zeros(len(this), dtype=np.bool_) if truth is None else truth == 0
    shown = np.argsort(-np.maximum(this, that), kind="stable")[:MOST_BARS]
    shown = shown[np.maximum(this, that)[shown] > 0]
    names = _order_name(decoder.order), _order_name(other.order)
    figure = drawn_once(
        orders_figure,
        [model.vocabulary[i] for i in shown],
        this[shown],
        that[shown],
        impossible[shown],
        OrderLabels(probability=_("probability"), this=names[0], other=names[1], impossible=_("impossible here")),
    )
    alt = _(
        "The next word after “{said}” with two orders of the steps. {one}: {kept} words are left, and “{word}” has "
        "{chance}. {other}: {others} words are left, and it has {other_chance}.",
        said=joined(words) or "…",
        one=names[0],
        other=names[1],
        kept=decimal(int((this > 0).sum()), 0),
        others=decimal(int((that > 0).sum()), 0),
        word=model.vocabulary[shown[0]],
        chance=percent(this[shown[0]]),
        other_chance=percent(that[shown[0]]),
    )
    chart(figure, key="orders", alt=alt)
