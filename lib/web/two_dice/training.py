"""Train it yourself: both models learn while the class watches, their curves beside the floor."""

import math

import streamlit as st

from lib.figures.curves import CurveLabels, curves_figure
from lib.language_model import Progress
from lib.story import load_story
from lib.web.elements.drawn_once import drawn_once
from lib.web.frame.language import _, decimal
from lib.web.runs.recordings import Panels, Piece, recording_player
from lib.web.runs.status import run_status
from lib.web.runs.worker_pool import Run
from lib.web.training.player import arm_name
from lib.web.two_dice.runs import Pair, TrainingPairJob, training_pairs


def pair_player(run: Run[TrainingPairJob], pair: Pair) -> None:
    """Draw both models' losses and keep drawing while they learn; call it inside a fragment."""
    records = run.job.records if run.job else ([], [])
    recording_player(
        "pair_player",
        run,
        count=min(len(each) for each in records),
        piece=lambda start, stop: _piece(records, start, stop),
        panels=lambda: _panels(pair),
        panels_id="",
        metric="loss",
        status=training_status(run),
    )


def training_status(run: Run[TrainingPairJob]) -> str:
    """One line on how far the run is; empty once it is over."""
    done = decimal(100 * run.progress, 0)
    return run_status(
        training_pairs(), run, lambda job, left: _("Both models learn: {done} % · {left} s left", done=done, left=left)
    )


def _piece(records: tuple[list[Progress], ...], start: int, stop: int) -> Piece:
    """One run in each arm, so the band over the runs has no width."""
    series: dict[str, list[float]] = {}
    for arm, column in enumerate(records):
        for name in ("train_loss", "val_loss"):
            values = [float(f"{getattr(record, name):.4g}") for record in column[start:stop]]
            series |= {f"{name}.{arm}.{statistic}": values for statistic in ("median", "low", "high")}
    return {"step": [record.step for record in records[0][start:stop]], "series": series, "maps": None}


def _panels(pair: Pair) -> Panels:
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
    story = load_story(pair[0].language)
    floor, guess = story.entropy_per_word, math.log(len(story.vocabulary))
    return [
        {
            "title": arm_name(config.p),
            "arm": arm,
            "curves": drawn_once(curves_figure, arm, labels, metric="loss", steps=config.steps, floor=floor).to_dict(),
            "map": None,
            "range": [0.0, round(1.05 * guess, 3)],  # before the first point: an untrained model guesses
        }
        for arm, config in enumerate(pair)
    ]


def pair_verdict(run: Run[TrainingPairJob], pair: Pair) -> None:
    """What the two ended with, beside the floor."""
    if run.job is None or not run.done:
        return
    floor = load_story(pair[0].language).entropy_per_word
    told = []
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
        verdict = _("Training loss below the floor: it has memorised.") if memorised else _("No memorising to be seen.")
        told.append(f"{said} **{verdict}**")
    st.markdown("\n\n".join(told))
