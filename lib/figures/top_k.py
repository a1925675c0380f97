"""What a cut gets wrong, for every k; and how often words were drawn, beside how often they were expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from math import log10
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.cut_errors import TopKErrors
from lib.figures.figure import AXIS, LEGEND, TEXT, Figure, Part, figure, packed, title
from lib.figures.palette import FLOOR, HURT, SPEAK

FALLBACK_K = 50  # what Hugging Face's generate takes where a model ships none
MOST_BARS = 24  # with more, the words under the bars could not be read


@dataclass(frozen=True)
class ErrorLabels:
    """The words in the figure of both mistakes, in the person's language."""

    k: str
    value: str
    thrown_away: str
    let_in: str
    now: str  # beside the marker at the chosen k
    fallback: str  # beside the line at k = 50


def errors_figure(errors: TopKErrors, k: int, labels: ErrorLabels) -> Figure:
    """Both mistakes of top-k for every k from 1 to V on a logarithmic axis, with a marker at the chosen k."""
    lines = ((labels.thrown_away, errors.thrown_away, SPEAK, "solid"), (labels.let_in, errors.let_in, HURT, "dash"))
    look = {"type": "scatter", "mode": "lines", "x": packed(errors.k)}
    traces: list[Part] = [
        {**look, "y": packed(y), "name": name, "line": {"color": colour, "width": 3.5, "dash": dash}}
        for name, y, colour, dash in lines
    ]
    now = {
        "type": "scatter",
        "x": [k, k],
        "y": [float(errors.thrown_away[k - 1]), float(errors.let_in[k - 1])],
        "mode": "markers",
        "name": labels.now,
        "marker": {"size": 13, "symbol": "diamond", "color": [SPEAK, HURT], "line": {"width": 2, "color": "white"}},
    }
    V = len(errors.k)
    fallback: Part = {}
    if V > FALLBACK_K:
        line = {"x0": FALLBACK_K, "x1": FALLBACK_K, "y0": 0, "y1": 1, "yref": "paper", "type": "line"}
        name = {"x": log10(FALLBACK_K), "y": 1, "yref": "paper", "yanchor": "bottom", "text": labels.fallback}
        fallback = {
            "shapes": [{**line, "line": {"color": FLOOR, "dash": "dot", "width": 2}}],
            "annotations": [{**name, "showarrow": False, "font": TEXT}],
        }
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tick < 0.6 * V] + [V]
    edges = [-0.03, log10(V) + 0.03]
    return _figure(
        [*traces, now],
        {"title": title(labels.k), "type": "log", "range": edges, "tickvals": ticks, "tickangle": 0},
        {"title": title(labels.value), "tickformat": ".0%", "rangemode": "tozero"},
        **fallback,
    )


@dataclass(frozen=True)
class DrawLabels:
    """The words in the figure of the draws, in the person's language."""

    count: str
    drawn: str
    expected: str
    others: str  # the bar shared by all words that have none of their own


def draws_figure(
    words: Sequence[str], counts: npt.NDArray[np.integer], expected: npt.NDArray[np.floating], labels: DrawLabels
) -> Figure:
    """How often each word was drawn, as bars, and how often that was expected, as diamonds.

    ``words``, ``counts`` and ``expected`` are in the order in which they are shown. If there are more than `MOST_BARS`,
    the last ones share a bar, and ``words`` need not have more.
    """
    names, drawn, due = list(words), counts.astype(float), np.asarray(expected, dtype=float)
    if len(drawn) > MOST_BARS:
        names = [*names[: MOST_BARS - 1], labels.others]
        drawn, due = (np.append(each[: MOST_BARS - 1], each[MOST_BARS - 1 :].sum()) for each in (drawn, due))
    bars = {"type": "bar", "x": names, "y": drawn.tolist(), "name": labels.drawn, "marker": {"color": SPEAK}}
    marks = {
        "type": "scatter",
        "x": names,
        "y": due.tolist(),
        "mode": "markers",
        "name": labels.expected,
        # White with a grey outline: visible on a bar, on white and on black.
        "marker": {"symbol": "diamond", "size": 10, "color": "white", "line": {"width": 2, "color": FLOOR}},
    }
    return _figure(
        [bars, marks],
        # Without a type Plotly might take words for dates. If there is no room for all words it leaves some out.
        {"title": {"font": TEXT}, "type": "category", "tickangle": -90},
        {"title": title(labels.count), "rangemode": "tozero"},
    )


@dataclass(frozen=True)
class OrderLabels:
    """The words in the figure of two orders of the steps, in the person's language."""

    probability: str
    this: str  # the order that was chosen
    other: str  # the one that it is compared with
    impossible: str


def orders_figure(
    words: Sequence[str],
    this: npt.NDArray[np.floating],
    other: npt.NDArray[np.floating],
    impossible: npt.NDArray[np.bool_],
    labels: OrderLabels,
) -> Figure:
    """The words' probabilities under one order of the steps as bars, under another as diamonds.

    The bars of ``impossible`` words are hatched, and their diamonds have that colour. All are in the order shown.
    """
    traces: list[Part] = []
    hatched = {"pattern": {"shape": "/", "bgcolor": HURT, "fgcolor": "white"}}
    for name, colour, shown, look in (
        (labels.this, SPEAK, ~impossible, {}),
        (labels.impossible, HURT, impossible, hatched),
    ):
        marker = {"color": colour, **look}
        x, y = list(compress(words, shown)), this[shown].tolist()
        if x:
            traces.append({"type": "bar", "x": x, "y": y, "name": name, "marker": marker})
    marks = {
        "type": "scatter",
        "x": list(words),
        "y": other.tolist(),
        "mode": "markers",
        "name": labels.other,
        "cliponaxis": False,
        "marker": {
            "symbol": "diamond",
            "size": 10,
            "color": "white",
            "line": {"width": 2, "color": [HURT if each else FLOOR for each in impossible]},
        },
    }
    xaxis = {"type": "category", "tickangle": -90, "categoryorder": "array", "categoryarray": list(words)}
    yaxis = {"title": title(labels.probability), "tickformat": ".0%", "rangemode": "tozero"}
    return _figure([*traces, marks], xaxis, yaxis)


def _figure(traces: list[Part], xaxis: Part, yaxis: Part, **more: Any) -> Figure:
    return figure(
        traces,
        {
            "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
            "height": 380,
            "legend": {**LEGEND, "yanchor": "bottom", "y": 1.06},
            "hovermode": "x unified",
            "bargap": 0.25,
            "xaxis": {**AXIS, **xaxis},
            "yaxis": {**AXIS, **yaxis},
            **more,
        },
    )
