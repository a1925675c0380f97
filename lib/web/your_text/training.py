"""Both models while they learn from a text: their curves, side by side."""

import math
from functools import partial

import streamlit as st

from lib.figures.curves import curves_figure
from lib.own_text import OwnText
from lib.recorded import recorded_pair
from lib.text_model import TRAINING, PairJob
from lib.web.elements.drawn_once import drawn_once
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, prose
from lib.web.runs.recordings import Recording, flat_series, recording_player
from lib.web.runs.status import pair_status, stop_button
from lib.web.runs.worker_pool import Run, RunStore, session_watcher
from lib.web.training.player import arm_name, curve_labels
from lib.web.your_text.settings import Settings


@st.cache_resource(show_spinner=False)
def text_runs() -> RunStore[PairJob]:
    """All pairs that this server trains or has trained on a text. Their key holds a fingerprint of it, not the text."""
    return RunStore("text", keep=4)  # of at most 10 MB with a text of 200 kB


def _key(text: OwnText, settings: Settings) -> tuple[str, float, int]:
    return text.digest, settings.p, settings.seed  # the digest, so that the key names no word of the text


def text_run(text: OwnText, settings: Settings) -> Run[PairJob]:
    """The run that trains on this text, begun or waiting for its turn."""
    made = text, settings.p, settings.seed
    return text_runs().watch(
        _key(text, settings), session_watcher(), partial(PairJob, *made), recorded_job=partial(recorded_pair, *made)
    )


def trains_otherwise(one: Settings, other: Settings) -> bool:
    """Whether these settings ask for another training; what only decides how the models speak does not count."""
    return any(getattr(one, name) != getattr(other, name) for name in ("source", "unit", "p", "seed"))


def show_training(run: Run[PairJob], text: OwnText, settings: Settings) -> None:
    """The curves, and the button that stops the run."""
    if run.error:
        st.error(prose("your_text", "failed"))
        return
    _player(run, text, settings, live=not run.over)
    stop_button(text_runs(), run, _key(text, settings))


@aside
def _player(run: Run[PairJob], text: OwnText, settings: Settings, *, live: bool) -> None:
    recording_player("text_player", run, recording_of(run, text, settings))
    if live and run.over:
        st.rerun()  # what the models say stands outside of this fragment


def recording_of(run: Run[PairJob], text: OwnText, settings: Settings) -> Recording:
    """What both models have recorded so far."""
    both = list(run.job.records()) if run.job else [[], []]
    names = "step", "train_loss", "val_loss"
    series = flat_series([[dict(zip(names, record, strict=True)) for record in records] for records in both])
    words = text.unit == "words"
    labels = curve_labels(_("loss (nats per word)") if words else _("loss (nats per character)"), "")
    guess = math.log(len(text.vocabulary))
    return Recording(
        step=[record[0] for record in both[0]],
        series=series,
        maps=None,
        panels=[
            {
                "title": arm_name(p),
                "arm": arm,
                "curves": drawn_once(curves_figure, arm, labels, metric="loss", steps=TRAINING.steps, floor=None),
                "map": None,
                "range": [0.0, round(1.05 * guess, 3)],  # before the first point: an untrained model guesses
            }
            for arm, p in enumerate((0.0, settings.p))
        ],
        panels_id=text.unit,
        metric="loss",
        status=pair_status(text_runs(), run),
    )
