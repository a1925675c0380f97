"""Your own text: two models learn it while one watches, and what they write is compared with it.

The text stays in the visitor's session and in the run that learns it, which is found by nothing but the text itself. It
is in no link, no log and no file.
"""

import math
from functools import lru_cache, partial
from html import escape
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from lib.copying import Text, copied, copied_runs
from lib.figures.curves import curves_figure
from lib.own_text import MAX_BYTES, MESSAGES, OwnText, OwnTextError, Unit, decoded, own_text
from lib.own_text_model import STEPS, TextModel, TextTrainer
from lib.sampling_settings import SamplingSettings
from lib.story import load_story
from lib.threads import one_fast_thread
from lib.web.elements.controls import Controls
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import table
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, decimal, percent, prose
from lib.web.frame.session import session
from lib.web.logs import event
from lib.web.runs.recordings import Recording, recording_player
from lib.web.runs.status import run_status
from lib.web.runs.worker_pool import Run, RunStore, session_watcher
from lib.web.training.player import arm_name, curve_labels
from lib.web.two_dice.settings import Settings
from lib.web.two_dice.table import speaks
from lib.web.two_dice.training import series_of
from lib.writing import sentence

EXAMPLE = 300  # sentences of the storybook, for who has no text at hand
WRITTEN = 100  # passages that each model writes
SHOWN = 5  # of them
MARKED = {"words": 5, "characters": 12}  # words or characters in a row that nobody writes twice by chance


class Asked(NamedTuple):
    """A text, and how two models learn it: all that decides a run."""

    text: OwnText
    p: float
    seed: int


class OwnTextJob:
    """Both models as one background run, in turns: `Job` in lib/web/runs/worker_pool.py."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._trainers = [TextTrainer(asked.text, p, asked.seed) for p in (0.0, asked.p)]
        self.records = [trainer.records for trainer in self._trainers]
        self.models: list[TextModel] = []  # once both are trained
        self.steps, self.step = 2 * STEPS, 0
        self._written: dict[int | None, list[list[tuple[int, ...]]]] = {}

    @property
    def done(self) -> bool:
        """Both are trained."""
        return bool(self.models)

    def advance(self) -> None:
        """Train the one that is behind until its next record."""
        with one_fast_thread():
            min(self._trainers, key=lambda trainer: len(trainer.records)).advance()
        self.step = sum(records[-1].step for records in self.records if records)
        if all(trainer.done for trainer in self._trainers):
            self.models = [trainer.model for trainer in self._trainers]
            self._trainers = []  # with them go gradients and moments: 4 MB for each model

    def written(self, k: int | None) -> list[list[tuple[int, ...]]]:
        """What both models write with this k, computed once: 100 passages each, a tenth of a second."""
        if k not in self._written:
            cut = SamplingSettings(top_k=k)
            self._written[k] = [
                model.speak(WRITTEN, np.random.default_rng(self.asked.seed), cut) for model in self.models
            ]
        return self._written[k]


@st.cache_resource(show_spinner=False)
def own_text_runs() -> RunStore[OwnTextJob]:
    """The few texts that this server is learning, or has learned last."""
    return RunStore("own_text", keep=3)  # of at most 5 MB


def your_own_text(controls: Controls[Settings], language: str) -> None:
    """The whole part: a switch, and once that is on, a text, the training, and what both models write."""
    if not controls.toggle("own", _("**Your own text**: have two models learn it, with dropout and without")):
        return
    st.subheader(_("Your own text"), anchor=False)
    st.markdown(prose("two_dice", "own"))
    raw = _given(language)
    names = {"auto": _("what suits it"), "words": _("words"), "characters": _("characters")}
    unit = controls.segmented("unit", _("Cut the text into"), names)
    text = _accepted(raw, None if unit == "auto" else unit)
    settings = controls.settings()
    asked = text and Asked(text, settings.p, settings.train_seed)
    st.button(
        _("Train both on this text"),
        on_click=_start,
        args=(asked,),
        type="primary",
        icon=":material/play_arrow:",
        disabled=asked is None,
        key="own_text_start",
    )
    if text is not None:
        st.caption(_about(text))
    if session.asked_text is None:
        return
    if asked is not None and asked != session.asked_text:
        st.caption(prose("two_dice", "own-changed"))
    run = own_text_runs().watch(session.asked_text, session_watcher(), partial(OwnTextJob, session.asked_text))
    if run.error:
        st.error(prose("training", "failed"))
        return
    _player(run, session.asked_text, live=not run.over)
    if run.job is not None and run.done:
        _report(run.job, settings.k)


def _start(asked: Asked) -> None:
    session.asked_text = asked


@lru_cache(maxsize=6)
def example(language: str) -> str:
    """Sentences of the storybook, to try it with."""
    return " ".join(sentence(words) for words in load_story(language).sample(EXAMPLE, np.random.default_rng(0)))


def _given(language: str) -> bytes:
    """What somebody has typed or chosen; a file goes before what stands in the field."""
    typed = st.text_area(_("A text of any kind"), example(language), height=160, max_chars=MAX_BYTES, key="own_text")
    file = st.file_uploader(_("Or a text file"), type=["txt", "md", "text"], max_upload_size=1, key="own_text_file")
    if file is not None:
        return bytes(file.read(MAX_BYTES + 1))
    if st.session_state.get("own_text_file") is not None:  # the browser still names it
        st.warning(_("The server has restarted and no longer has your file. Choose it again to train on it."))
    return typed.encode()


def _accepted(raw: bytes, unit: Unit | None) -> OwnText | None:
    """The text as it will be learned, or None after a message that says what is accepted."""
    try:
        return _cut(raw, unit)
    except OwnTextError as error:
        found, expected = decimal(error.found, 0), decimal(error.expected, 0)
        st.error(_(MESSAGES[error.code], found=found, expected=expected))
        event("refused", "own_text", reason=error.code)
        return None


@lru_cache(maxsize=4)  # of at most 4 MB
def _cut(raw: bytes, unit: Unit | None) -> OwnText:
    return own_text(decoded(raw), unit)


def _about(text: OwnText) -> str:
    values = {
        "kinds": decimal(len(text.vocabulary) - 2, 0),
        "training": decimal(len(text.training), 0),
        "validation": decimal(len(text.validation), 0),
    }
    if text.unit == "words":
        return _(
            "{kinds} different words; {training} sentences to learn from, and {validation} at the end kept back.",
            **values,
        )
    return _(
        "{kinds} different characters; {training} sentences to learn from, and {validation} at the end kept back.",
        **values,
    )


@aside
def _player(run: Run[OwnTextJob], asked: Asked, *, live: bool) -> None:
    """Draw both models' losses and keep drawing while they learn."""
    records = run.job.records if run.job else [[], []]
    count = min(len(each) for each in records)
    recording = Recording(
        step=[record.step for record in records[0][:count]],
        series=series_of([each[:count] for each in records]),
        maps=None,
        panels=_panels(asked),
        panels_id="",
        metric="loss",
        status=_status(run),
    )
    recording_player("own_text_player", run, recording)
    if live and run.over:
        st.rerun()  # what the models write stands outside of this fragment


def _status(run: Run[OwnTextJob]) -> str:
    done = percent(run.progress, 0)
    return run_status(
        own_text_runs(),
        run,
        lambda job, left: _("Both models are learning: {done} · {left} s left", done=done, left=left),
    )


def _panels(asked: Asked) -> list[dict[str, Any]]:
    words = asked.text.unit == "words"
    labels = curve_labels(_("loss (nats per word)") if words else _("loss (nats per character)"), "")
    highest = round(1.1 * math.log(len(asked.text.vocabulary)), 3)  # a little more than one who only guesses
    return [
        {
            "title": arm_name(p),
            "arm": arm,
            "curves": drawn_once(curves_figure, arm, labels, metric="loss", steps=STEPS, floor=None),
            "map": None,
            "range": [0.0, highest],
        }
        for arm, p in enumerate((0.0, asked.p))
    ]


def _report(job: OwnTextJob, k: int) -> None:
    """How much both models copy, in numbers and in what they write."""
    text, n = job.asked.text, MARKED[job.asked.text.unit]
    known = Text(text.training)
    found = {cut: [copied(passages, known, n) for passages in job.written(cut)] for cut in (None, k)}
    unseen = copied(text.validation, known, n)
    unit = _("words") if text.unit == "words" else _("characters")
    head = [
        _("model"),
        _("longest copied run ({unit})", unit=unit),
        _("copied, of all runs of {n} {unit}", n=n, unit=unit),
    ]
    rows = [
        [
            f"{arm_name(p)}, {speaks(cut, short=True)}",
            decimal(found[cut][arm].longest, 0),
            percent(found[cut][arm].share),
        ]
        for arm, p in enumerate((0.0, job.asked.p))
        for cut in found
    ]
    table(head, rows, "lrr")
    without, with_ = found[None]
    shares = {"n": n, "unit": unit, "unseen": percent(unseen.share), "p": decimal(job.asked.p, 1)}
    shares |= {"without": percent(without.share), "with_": percent(with_.share)}
    shares |= {"k": decimal(k, 0), "with_cut": percent(found[k][0].share)}
    st.markdown(prose("two_dice", "own-less" if with_.share < without.share else "own-not-less", **shares))
    for column, arm in zip(st.columns(2, gap="large"), (0, 1), strict=True):
        with column:
            st.markdown(f"**{arm_name((0.0, job.asked.p)[arm])}**")
            written = [each for each in job.written(None)[arm] if each][:SHOWN]
            st.html("".join(f'<p class="copied" translate="no">{marked(each, text, known, n)}</p>' for each in written))
    st.caption(prose("two_dice", "own-marked", n=n, unit=unit))


def marked(passage: tuple[int, ...], text: OwnText, known: Text, n: int) -> str:
    """A passage as HTML, with what it has copied marked, where that is at least n words or characters long."""
    parts, at = [], 0
    for start, stop in copied_runs(passage, known):
        begins = max(start, at)
        if stop - begins >= n:
            copy = escape(text.written(passage[begins:stop]))
            parts += [escape(text.written(passage[at:begins])), f"<mark>{copy}</mark>"]
            at = stop
    parts.append(escape(text.written(passage[at:])))
    return (" " if text.unit == "words" else "").join(part for part in parts if part)
