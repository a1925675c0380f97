"""The Top-k page with a real language model: its recorded answers, along three paths from each of some beginnings."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Protocol, overload

import numpy as np
import streamlit as st

from lib.next_word import NextWord, next_word
from lib.recorded_llm import STEPS, TOP, RecordedLlm, RecordedStep, pointer_of
from lib.sampling_input import Floats
from lib.sampling_settings import SamplingSettings
from lib.tokens import readable, visible
from lib.web.elements.controls import Controls, change
from lib.web.elements.icon_button import icon_button
from lib.web.elements.table import table
from lib.web.frame.language import _, decimal, percent, plain, prose
from lib.web.top_k.report import many_draws, numbers, words_table

TAIL = (51, 500, 5_000, 40_000)  # ranks whose tokens the page names


class LlmStep(Protocol):
    """What a recorded and a live model have in common: `lib.recorded_llm.RecordedStep`."""

    @property
    def beginning(self) -> str:
        """What the text begins with."""

    @property
    def said(self) -> tuple[bytes, ...]:
        """The tokens after that."""

    @property
    def logits(self) -> Floats:
        """(V,), falling: entry 0 is that of the likeliest token."""

    @property
    def tokens(self) -> Mapping[int, bytes]:
        """The bytes of a token by its rank, counted from 0."""


class RankedTokens(Sequence[str]):
    """What is shown of each rank: its token, or where that is not recorded, the rank itself."""

    def __init__(self, recorded: LlmStep) -> None:
        self._tokens, self._length = recorded.tokens, len(recorded.logits)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, rank: int) -> str: ...
    @overload
    def __getitem__(self, rank: slice) -> Sequence[str]: ...
    def __getitem__(self, rank: int | slice) -> str | Sequence[str]:
        """The token of this rank, counted from 0."""
        if isinstance(rank, slice):
            return [self[i] for i in range(*rank.indices(self._length))]
        if rank in self._tokens:
            return visible(self._tokens[rank])
        return _("rank {n}", n=decimal(rank + 1, 0))


def choose_beginning(controls: Controls[Any], llm: RecordedLlm) -> None:
    """The list of beginnings; another one starts at its first token."""
    names = {slug: readable(text.encode()) + " …" for slug, text in zip(llm.slugs, llm.beginnings, strict=True)}
    controls.select("beginning", _("The text begins with"), names, then=lambda: change(at=0))


def choose_path(controls: Controls[Any]) -> None:
    """Which of the recorded paths the text takes."""
    names = {"greedy": _("greedy"), "k50": "k = 50", "uncut": _("no cut")}
    controls.segmented("path", _("The recorded path"), names)


def llm_step_of(llm: RecordedLlm, settings: Any, sampling: SamplingSettings) -> tuple[RecordedStep, NextWord]:
    """The recorded step on which one stands, and the way from there to one drawn token.

    A path may be shorter than the link says; then this is its last step.
    """
    beginning = llm.slugs.index(settings.beginning)
    at = min(settings.at, llm.length(beginning, settings.path) - 1)
    recorded = llm.step(beginning, settings.path, at)
    return recorded, next_word(recorded.logits, settings=sampling, pointer=pointer_of(settings.seed, beginning, at))


def said_so_far(recorded: LlmStep, language: str = "en") -> None:
    """The beginning, and behind it each token of the path in a frame of its own. What is recorded is English."""
    tokens = "".join(f"<span>{escape(visible(token))}</span>" for token in recorded.said)
    beginning = escape(readable(recorded.beginning.encode()))
    st.html(f'<p class="tokens" lang="{language}" translate="no">{beginning}{tokens}<span>…</span></p>')


def go_along_buttons(recorded: RecordedStep, seed: int) -> None:
    """One token back, another draw, and on with the token that the path took."""
    at = len(recorded.said)
    if at:
        icon_button(":material/undo:", _("One word back"), on_click=change, kwargs={"at": at - 1})
    icon_button(":material/casino:", _("Draw again"), on_click=change, kwargs={"seed": (seed + 1) % 10_000})
    token = plain(visible(recorded.taken))
    label = _("The recording ends with “{word}”") if recorded.last else _("Along the path: “{word}”")
    st.button(
        label.format(word=token),
        type="primary",
        disabled=recorded.last,
        on_click=change,
        kwargs={"at": at + 1},
        key="go_on",
    )


def say_what_the_grid_is(step: NextWord, llm: RecordedLlm) -> None:
    """Say it where the cut reaches beyond the tokens that are stored one by one."""
    if step.kept > TOP:
        beyond = len(llm.ranks) - TOP
        st.caption(prose("top_k", "llm-grid", top=decimal(TOP, 0), beyond=decimal(beyond, 0)))


def llm_report(controls: Controls[Any], step: NextWord, tokens: RankedTokens) -> None:
    """What the cut does: in numbers, in the tail, and over many draws."""
    numbers(step, len(tokens))
    words_table(step, tokens, named=TOP)
    tail, many = st.columns(2, gap="large")
    with tail:
        st.subheader(_("What the tail holds"), anchor=False)
        _tail(step, tokens)
        st.markdown(prose("top_k", "llm-no-truth"))
    with many:
        st.subheader(_("Many draws"), anchor=False)
        many_draws(controls, step, tokens, controls.settings().seed)


def about_the_model(llm: RecordedLlm) -> None:
    """Which model this is, exactly, and how its tokens are written."""
    source = llm.source
    st.caption(
        prose(
            "top_k",
            "llm-about",
            name=source.name,
            licence=source.licence,
            file=source.file,
            wheel=source.wheel,
            sha256=source.sha256,
            V=decimal(llm.vocabulary_size, 0),
            n=decimal(len(llm.beginnings), 0),
            steps=decimal(STEPS, 0),
        )
    )


def _tail(step: NextWord, tokens: RankedTokens) -> None:
    """The tokens at some ranks, how rarely each would be drawn without a cut, and whether the cut leaves it in."""
    ranks = [rank for rank in TAIL if rank <= len(tokens)]
    rarely = step.before[np.array(ranks, dtype=int) - 1]
    rows = [
        [decimal(rank, 0), tokens[rank - 1], decimal(1 / chance, 0), "✓" if step.trace.kept[rank - 1] else "✗"]
        for rank, chance in zip(ranks, rarely, strict=True)
        if chance > 0  # at a low temperature the last ones round to nothing
    ]
    table([_("rank"), _("token"), _("without a cut, one draw in"), _("kept")], rows, "rlrc")
    beyond = float(step.before[step.order[TAIL[0] - 1 :]].sum())
    first = decimal(TAIL[0] - 1, 0)
    if beyond:
        st.markdown(prose("top_k", "llm-tail", first=first, beyond=percent(beyond), one_in=decimal(1 / beyond, 0)))
