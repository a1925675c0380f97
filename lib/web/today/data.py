"""When dropout stops helping: validation loss against the number of training sentences, and one more point live."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from lib.figures.lines import Line, Spot, lines_figure
from lib.listings.today import data_size_listing
from lib.statistics.comparison import NEGLIGIBLE_LOSS
from lib.story import load_story
from lib.studies.data_size import (
    SIZES,
    STUDIED_RATES,
    Crossing,
    Difference,
    Point,
    crossing,
    differences,
    load_points,
    means,
)
from lib.studies.overconfidence import SENTENCES, load_confidences, mean_of
from lib.web.elements.chart import chart
from lib.web.elements.controls import Controls
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_parts, in_sentences, listed, ngettext, percent, prose, signed, strong
from lib.web.runs.stepwise import Stepwise
from lib.web.today.runs import computed, train_button
from lib.web.today.settings import Settings

_TOO_LITTLE = 0.3  # a dropout rate that does not keep a model from memorising the smallest set


@dataclass(frozen=True)
class _Summary:
    """The shipped points, one loss of theirs summed up: its mean and range at every size, what each p changes in it,
    and where it stops to do so."""

    means: dict[float, list[tuple[int, float, float, float]]]
    differences: dict[float, list[Difference]]
    crossings: dict[float, Crossing]


@functools.cache  # one file, 20 kB
def _shipped() -> list[Point]:
    return load_points()


@functools.cache  # three losses, 20 kB each
def _summary(column: str) -> _Summary:
    points = _shipped()
    changes = {p: differences(points, p, column) for p in STUDIED_RATES[1:]}
    return _Summary(
        means={p: means(points, p, column) for p in STUDIED_RATES},
        differences=changes,
        crossings={p: crossing(points, p, column) for p in STUDIED_RATES[1:] if changes[p]},
    )


def data_part() -> Callable[[], str]:
    """The shipped curves, where they cross, and "run one point yourself"."""
    points, floor = _shipped(), load_story().entropy_per_word
    with lesson.picture(Settings) as (controls, stage):
        _choose(controls)
        settings, started = controls.settings(), controls.run()
        point = (started.size, started.rate, started.seed) if started else None
        trial = computed(point, partial(_trial, *point)) if point else None
        column = {"end": "val_loss", "best": "best_val_loss", "training": "train_loss"}[settings.loss]
        if trial:
            _compared(trial.point, points, column)
    with stage:
        _curves(column, floor, trial.point if trial else None)

    st.subheader(_("The numbers"), anchor=False)
    # Where it stops helping is asked of validation; the training loss only shows who memorised.
    _crossings("val_loss" if column == "train_loss" else column)
    if column == "val_loss":
        _why_it_hurts(floor)
    _table(column)
    seeds = len({point.seed for point in points})
    runs = ngettext("{count} run", "{count} runs", len(points))
    st.caption(
        prose("today", "data-how", runs=runs, seeds=seeds, steps=decimal(points[0].steps, 0), floor=decimal(floor, 3))
    )
    return lambda: data_size_listing(settings.size, settings.rate, settings.seed)


def _choose(controls: Controls[Settings]) -> None:
    """The controls, and the button that trains the point that they describe."""
    names = {"end": _("last step"), "best": _("best step"), "training": _("training")}
    explained = {
        "end": _("Validation loss after the last step"),
        "best": _("Validation loss at its best step, where early stopping would stop"),
        "training": _("Training loss after the last step, dropout off"),
    }
    st.caption(explained[controls.segmented("loss", _("Loss"), names)])
    st.markdown(strong(_("Train one point yourself")))
    controls.steps("size", _("Training sentences"))
    controls.segmented("rate", _("p, the dropout rate"))
    train_button(controls)


def _trial(size: int, rate: float, seed: int) -> Stepwise:
    """The run of one point. PyTorch is imported here, in the background: the shipped curves are shown without it."""
    from lib.studies.data_size_trial import Trial, trial_config

    return Trial(trial_config(size, rate, seed))


def _curves(column: str, floor: float, own: Point | None) -> None:
    lines, descriptions = [], []
    for style, (p, rows) in enumerate(_summary(column).means.items()):
        if not rows:
            continue
        sizes, mean, low, high = (list(values) for values in zip(*rows, strict=True))
        lines.append(Line(_("p = {p}", p=decimal(p, 1)), sizes, mean, low, high, style))
        descriptions.append(f"p = {decimal(p, 1)}: {decimal(mean[0])} → {decimal(mean[-1])}")
    spots = [Spot(_("your run"), own.sentences, getattr(own, column))] if own else []
    chart(
        drawn_once(
            lines_figure,
            lines,
            x_label=_("training sentences"),
            y_label=_("loss (nats per word)"),
            logarithmic_x=True,
            x_ticks=SIZES,
            floor=(_("floor, the entropy of the storybook"), floor),
            spots=spots,
        ),
        key="data_size",
        alt=_(
            "Loss from {few} to {many} sentences: {lines}. The floor is {floor}.",
            few=decimal(SIZES[0], 0),
            many=decimal(SIZES[-1], 0),
            lines=in_parts(descriptions),
            floor=decimal(floor),
        ),
    )


def _why_it_hurts(floor: float) -> None:
    """Why a little dropout makes the loss worse on very few sentences, from runs made for this question."""
    runs = load_confidences()
    without, with_dropout = mean_of(runs, 0.0), mean_of(runs, _TOO_LITTLE)
    train = next(mean for size, mean, *_rest in _summary("train_loss").means[_TOO_LITTLE] if size == SENTENCES)
    st.markdown(
        prose(
            "today",
            "data-why",
            few=decimal(SENTENCES, 0),
            p=decimal(_TOO_LITTLE, 1),
            train=decimal(train),
            floor=decimal(floor),
            accuracy_p=percent(with_dropout.accuracy),
            accuracy_0=percent(without.accuracy),
            wrong_p=percent(with_dropout.confidence_when_wrong, 0),
            wrong_0=percent(without.confidence_when_wrong, 0),
        )
    )


def _compared(own: Point, points: list[Point], column: str) -> None:
    """The live run beside the shipped ones of the same size and rate."""
    value = decimal(getattr(own, column), 3)
    shipped = [
        decimal(getattr(each, column), 3) for each in points if (each.sentences, each.p) == (own.sentences, own.p)
    ]
    st.success(
        _(
            "Your run, with {n} sentences and p = {p}: {value} nats. The runs in the picture: {shipped}.",
            n=decimal(own.sentences, 0),
            p=decimal(own.p, 1),
            value=value,
            shipped=listed(shipped) or "–",
        )
    )


def _crossings(column: str) -> None:
    """For each p: what it changed with little data, where it stops helping, and what it changes with much."""
    names = {
        "val_loss": _("validation loss"),
        "best_val_loss": _("validation loss at the best step"),
    }
    summary = _summary(column)
    items = []
    for p, found in summary.crossings.items():
        best = min(summary.differences[p], key=lambda each: each.mean)
        words = {
            "p": decimal(p, 1),
            "loss": names[column],
            "few": decimal(found.first.sentences, 0),
            "many": decimal(found.last.sentences, 0),
            "first": signed(found.first.mean),
            "last": signed(found.last.mean, 3),
            "best": signed(best.mean),
            "at": decimal(best.sentences, 0),
            "last_low": signed(found.last.low, 3),
            "last_high": signed(found.last.high, 3),
        }
        parts = [prose("today", "crossing", **words)]
        for section, size in (
            ("crossing-helps-from", found.helps_from),
            ("crossing-fades", found.fades),
            ("crossing-hurts-from", found.sentences),
        ):
            if size:
                parts.append(prose("today", section, size=_about(size), negligible=decimal(NEGLIGIBLE_LOSS)))
        if found.sentences is None:
            parts.append(prose("today", "crossing-none"))
        items.append(f"- {in_sentences(*parts)}")
    st.markdown("\n".join(items))


def _about(size: float) -> str:
    """A size to two digits: the place between two measured sizes is not known better."""
    return decimal(float(f"{size:.2g}"), 0)


def _table(column: str) -> None:
    """The mean of every size and rate, and how much each rate changes it; a pair that was not run stays empty."""
    summary = _summary(column)
    losses = {p: {size: decimal(mean, 3) for size, mean, *_rest in rows} for p, rows in summary.means.items()}
    changes = {p: {each.sentences: signed(each.mean, 3) for each in rows} for p, rows in summary.differences.items()}
    head = [
        _("sentences"),
        *(_("p = {p}", p=decimal(p, 1)) for p in STUDIED_RATES),
        *(_("p = {p} minus p = 0", p=decimal(p, 1)) for p in changes),
    ]
    columns = [*losses.values(), *changes.values()]
    rows = [[decimal(size, 0), *(by_size.get(size, "") for by_size in columns)] for size in losses[0.0]]
    table(head, rows, "r" * len(head))
