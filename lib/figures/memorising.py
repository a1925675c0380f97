"""Memorising in bits: a dot for each sentence, of the training set and fresh, for models with and without dropout."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lib.figures.figure import AXIS, LEGEND, TEXT, Figure, Part, figure, packed, title
from lib.figures.palette import FLOOR, LEARN, SPEAK

_GOLDEN = 0.6180339887  # spreads the dots of a row evenly, whatever their number


@dataclass(frozen=True)
class BitsRow:
    """One row of dots: what it is called, its bits (n,), and whether these are sentences of the training set."""

    name: str
    bits: npt.NDArray[np.floating]
    trained: bool


@dataclass(frozen=True)
class BitsLabels:
    """The words in the figure, in the person's language."""

    bits: str
    sentence: str
    median: str
    as_likely: str  # beside the line at 0


def bits_figure(rows: Sequence[BitsRow], labels: BitsLabels) -> Figure:
    """The rows from top to bottom, each sentence a dot over its bits, with the median as a line and zero dashed."""
    places = range(len(rows))[::-1]
    traces: list[Part] = []
    for first, row, place in zip([True] + [False] * len(rows), rows, places, strict=False):
        spread = (np.arange(len(row.bits)) * _GOLDEN % 1 - 0.5) * 0.6
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": packed(row.bits),
                "y": packed(place + spread),
                "name": labels.sentence,
                "showlegend": first,
                "marker": {"color": LEARN if row.trained else SPEAK, "size": 6, "opacity": 0.45},
                "hovertemplate": "%{x:.1f}<extra></extra>",
            }
        )
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [float(np.median(row.bits)) for row in rows],
            "y": list(places),
            "name": labels.median,
            "marker": {"symbol": "diamond", "size": 14, "color": "white", "line": {"width": 3, "color": FLOOR}},
            "hovertemplate": "%{x:.1f}<extra></extra>",
        }
    )
    zero = {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper"}
    name = {"x": 0, "y": 1, "yref": "paper", "yanchor": "bottom", "text": labels.as_likely, "showarrow": False}
    return figure(
        traces,
        {
            "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
            "height": 360,
            "legend": {**LEGEND, "yanchor": "top", "y": -0.22},
            "shapes": [{**zero, "line": {"color": FLOOR, "dash": "dash", "width": 2}}],
            "annotations": [{**name, "font": TEXT}],
            "xaxis": {**AXIS, "title": title(labels.bits)},
            "yaxis": {
                **AXIS,
                "showgrid": False,
                "tickvals": list(places),
                "ticktext": [row.name for row in rows],
                "range": [-0.6, len(rows) - 0.4],
                "automargin": True,
            },
        },
    )
