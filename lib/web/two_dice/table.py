"""The Two dice page's picture: the table of who learned how and who speaks how, with the sentences as they come."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lib.experiment import MEASURES, Cell, CellResult, ExperimentConfig, JudgedSentence
from lib.figures.figure import number_or_gap
from lib.figures.palette import FLOOR, HELPED, HURT, LEARN, SPEAK
from lib.language_model import LanguageModel
from lib.statistics.intervals import Estimate
from lib.story import Story
from lib.web.elements.component import moving_picture
from lib.web.elements.transport import transport_labels
from lib.web.frame.language import _, decimal, percent
from lib.web.runs.status import run_status
from lib.web.runs.worker_pool import Run
from lib.web.two_dice.runs import MeasuringJob, measuring_runs

_mount = moving_picture("two_dice")
_COLOURS = {
    **{"learn": LEARN, "speak": SPEAK, "quiet": FLOOR},
    **{"copied": LEARN, "new": HELPED, "impossible": HURT},
}
_VERDICTS = ("copied", "new", "impossible")


def experiment_table(
    config: ExperimentConfig,
    run: Run[MeasuringJob] | None,
    results: Mapping[Cell, CellResult],
    models: Mapping[float, LanguageModel],
    story: Story,
    measure: str,
    status: str = "",
) -> None:
    """Draw the table with the ``results`` that there are.

    Without a ``run`` the cells are empty, and ``status`` says why; it also says what there is to say of a finished
    one. ``measure`` is the one that the narrow cells of a large table show.
    """
    wide = len(config.ks) > 2
    rows = [_row(p, config, results, models.get(p), story, measure) for p in config.rates]
    if config.grammar:
        rows.append(_row(None, config, results, None, story, measure))
    _mount(
        key="experiment_table",
        data={
            # Another table is another draw: its sentences come from the first one on.
            "draw": repr((config, [model.config for model in models.values()])),
            "complete": run is not None and run.over,
            "progress": run.progress if run else 0.0,
            "status": (run and measuring_status(run)) or status,
            "compact": wide,
            "columns": [speaks(k, short=wide) for k in config.ks],
            "rows": rows,
            "colours": _COLOURS,
            "labels": _labels(measure),
        },
    )


def _labels(measure: str) -> dict[str, Any]:
    return {
        "table": _("How each model learned (rows), how it speaks (columns), and what it says"),
        "verdicts": [
            _("copied word for word from the training set"),
            _("new and possible"),
            _("impossible: the grammar cannot produce it"),
        ],
        "short": [_("copied"), _("new"), _("impossible")],
        "dice": [_("dropout, while learning"), _("top-k, while speaking")],
        "measure": _("{measure}, 95% interval", measure=measure_name(measure)),
        "waiting": "…",
        "progress": _("Sentences generated"),
        "transport": transport_labels(),
    }


def learned(p: float | None) -> str:
    """What a row is called."""
    return _("The grammar itself") if p is None else _("Learned with p = {p}", p=p_text(p))


def p_text(p: float) -> str:
    """A dropout rate, short: 0, 0.3."""
    return decimal(p, 1 if p else 0)


def speaks(k: int | None, *, short: bool = False) -> str:
    """What a column is called."""
    if short:
        return _("no cut") if k is None else _("top-k, k = {k}", k=k)
    return _("Speaks: no cut") if k is None else _("Speaks: top-k, k = {k}", k=k)


def cut(k: int | None) -> str:
    """A k, short."""
    return _("all") if k is None else str(k)


def measure_name(measure: str) -> str:
    """What a measure is called."""
    return {
        "copied": _("copied"),
        "accepted": _("possible"),
        "different": _("different"),
        "log_probability": _("log p per word"),
    }[measure]


def value_text(measure: str, value: float, digits: int = 1) -> str:
    """A measure's value: a percentage, or nats."""
    if math.isnan(value):
        return "–"
    return decimal(value, 2).replace("-", "−") if measure == "log_probability" else percent(value, digits)


def interval_text(measure: str, estimate: Estimate) -> str:
    """The ends of its interval in brackets, without repeating the unit."""
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return ""
    if measure == "log_probability":
        return f"({decimal(estimate.low, 2)}…{decimal(estimate.high, 2)})".replace("-", "−")
    return f"({decimal(100 * estimate.low, 1)}–{decimal(100 * estimate.high, 1)})"


def _in_short(estimate: Estimate) -> list[float | None]:
    """The value and the ends of its interval, as numbers for a table."""
    return [number_or_gap(float(f"{each:.4g}")) for each in (estimate.value, estimate.low, estimate.high)]


def sentence_text(sentence: JudgedSentence, story: Story) -> str:
    """The sentence; one that was still going on at the model's last word is left open."""
    return story.text_of(sentence.words, unfinished=sentence.unfinished)


def measuring_status(run: Run[MeasuringJob]) -> str:
    """One line on how far the run is; empty once it is over."""

    def text(job: MeasuringJob, left: str) -> str:
        generated, every = decimal(job.step, 0), decimal(job.steps, 0)
        return _("{told} of {all} sentences · {left} s left", told=generated, all=every, left=left)

    return run_status(measuring_runs(), run, text)


def _row(
    p: float | None,
    config: ExperimentConfig,
    results: Mapping[Cell, CellResult],
    model: LanguageModel | None,
    story: Story,
    measure: str,
) -> dict[str, Any]:
    details: Sequence[str] = []
    if model is not None:
        train, val = model.history.train_loss[-1], model.history.val_loss[-1]
        details = [_("train {train} · val {val}", train=decimal(train), val=decimal(val))]
        if len(config.ks) == 2:  # there is room for the words
            details = [
                _("training loss {loss}", loss=decimal(train)),
                _("validation {loss}", loss=decimal(val)),
                _("floor {loss}", loss=decimal(story.entropy_per_word)),
            ]
    elif p is None:
        details = [_("entropy {loss}", loss=decimal(story.entropy_per_word))]
    cells = (results.get(Cell(p, k, config.dropout_on and p is not None)) for k in config.ks)
    return {
        "title": learned(p),
        "details": details,
        "grammar": p is None,
        "cells": [_cell(result, story, measure) for result in cells],
    }


def _cell(result: CellResult | None, story: Story, measure: str) -> dict[str, Any]:
    if result is None:
        return {"shares": None}
    copied, accepted = result.copied.value, result.accepted.value
    return {
        "shares": [copied, accepted - copied, 1 - accepted],
        "bar": _(
            "{copied} copied, {new} new and possible, {impossible} impossible",
            copied=percent(copied),
            new=percent(accepted - copied),
            impossible=percent(1 - accepted),
        ),
        "measures": [
            {
                "name": _("log p") if name == "log_probability" else measure_name(name),
                "value": value_text(name, result.measure(name).value),
                "interval": interval_text(name, result.measure(name)),
                "estimate": _in_short(result.measure(name)),
                "chosen": name == measure,
            }
            for name in MEASURES
        ],
        "sentences": [[sentence_text(each, story), _VERDICTS.index(each.verdict)] for each in result.sentences],
    }
