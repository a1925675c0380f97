"""Train it yourself: both models learn while the class watches, their curves beside the floor."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lib.figures.curves import CurveLabels, curves_figure
from lib.language_model import Progress
from lib.story import load_story
from lib.web.component import moving_picture
from lib.web.language import _, current_language, decimal
from lib.web.plotly_script import plotly_script
from lib.web.run_status import run_status
from lib.web.runs import Run
from lib.web.training_player import arm_name
from lib.web.transport import transport_labels
from lib.web.two_dice_runs import Pair, TrainingPairJob, training_pairs

# The same player as on the training page: it draws any recording of two arms.
_mount = moving_picture("training_player")


def pair_player(run: Run[TrainingPairJob], pair: Pair) -> None:
    """Draw both models' losses as far as they have learned, and keep drawing while they do.

    Call it inside a fragment: the browser's wish for the next piece reruns only that.
    """
    records = run.job.records if run.job else ([], [])
    count = min(len(each) for each in records)
    _mount(
        key="pair_player",
        data={
            "run": run.number,
            "start": 0,  # thirty points are few: everything is sent each time, and the browser takes what is new
            "count": count,
            "complete": run.over,
            "progress": run.progress,
            "status": training_status(run),
            "locale": current_language(),
            "metric": "loss",
            "mapSize": 0,
            "maps": None,
            "step": [record.step for record in records[0][:count]],
            "series": _series(records, count),
            "panels": _panels(pair),
            "labels": {
                "transport": {**transport_labels(), "follow": _("Follow live")},
                "progress": _("Training progress"),
                "numbers": _("Step {step}: training {train}, validation {val}"),
                "map": "",
                "plotly": plotly_script(),
            },
        },
        on_want_change=lambda: None,  # the wish itself is the rerun
    )


def training_status(run: Run[TrainingPairJob]) -> str:
    """One line on how far the run is; empty once it is over."""
    done = decimal(100 * run.progress, 0)
    return run_status(
        training_pairs(), run, lambda job, left: _("Both models learn: {done} % · {left} s left", done=done, left=left)
    )


def _series(records: tuple[list[Progress], ...], count: int) -> Mapping[str, list[float]]:
    """One run in each arm, so the band over the runs has no width."""
    series: dict[str, list[float]] = {}
    for arm, column in enumerate(records):
        for name in ("train_loss", "val_loss"):
            values = [float(f"{getattr(record, name):.4g}") for record in column[:count]]
            series |= {f"{name}.{arm}.{statistic}": values for statistic in ("median", "low", "high")}
    return series


def _panels(pair: Pair) -> list[dict[str, Any]]:
    labels = CurveLabels(
        step=_("training step"),
        value=_("loss (nats a word)"),
        train=_("training"),
        val=_("validation"),
        train_dropout=_("training, dropout on"),
        gap=_("gap"),
        floor=_("floor, the source's entropy"),
        best=_("best step"),
    )
    floor = load_story(pair[0].language).entropy_per_word
    return [
        {
            "title": arm_name(config.p),
            "arm": arm,
            "curves": curves_figure(arm, labels, metric="loss", steps=config.steps, floor=floor).to_plotly_json(),
            "map": None,
        }
        for arm, config in enumerate(pair)
    ]


def pair_verdict(run: Run[TrainingPairJob], pair: Pair) -> None:
    """What the two ended with, beside the floor."""
    if run.job is None or not run.done:
        return
    floor = load_story(pair[0].language).entropy_per_word
    for config, records in zip(pair, run.job.records, strict=True):
        last = records[-1]
        memorised = last.train_loss < floor
        said = _(
            "{arm}: training loss {train}, validation loss {val}; the floor is {floor}.",
            arm=arm_name(config.p),
            train=decimal(last.train_loss),
            val=decimal(last.val_loss),
            floor=decimal(floor),
        )
        told = _("Training loss below the floor: it has memorised.") if memorised else _("No memorising to be seen.")
        st.markdown(f"{said} **{told}**")
