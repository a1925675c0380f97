"""What all figures share: how they are made, and how their words, axes and legends look."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import plotly.graph_objects as go

from lib.figures.palette import GRID, TEXT_SIZE

Part = dict[str, Any]  # a trace, an axis or a legend, in the words of https://plotly.com/python/reference/

TEXT = {"size": TEXT_SIZE}
AXIS: Part = {"gridcolor": GRID, "zeroline": False, "tickfont": TEXT}
LEGEND: Part = {"orientation": "h", "x": 0, "font": TEXT}  # below or above the plot, from its left edge on


def figure(traces: Sequence[Part], layout: Part) -> go.Figure:
    """The figure of these traces, see-through, so that it stands on a light page and on a dark one.

    It is built in one go, without a copy of Plotly's standard look, the template, and without Plotly's own check of
    every name and value: that takes a tenth of the time, which counts where a class moves its sliders at once. Tests
    check all figures in its place.

    >>> line = figure([{"type": "scatter", "x": [1, 2], "y": [3, 4]}], {"xaxis": {**AXIS, "dtick": 1}})
    >>> line.data[0].y, line.layout.xaxis.dtick, line.layout.font.size
    ((3, 4), 1, 15)
    """
    transparent = "rgba(0,0,0,0)"
    look = {"template": {}, "font": TEXT, "paper_bgcolor": transparent, "plot_bgcolor": transparent}
    return go.Figure({"data": list(traces), "layout": {**look, **layout}}, _validate=False)


def title(text: str) -> Part:
    """The title of an axis, no larger than the other words."""
    return {"text": text, "font": TEXT}


def number_or_gap(value: float) -> float | None:
    """The value for Plotly, or None, which it leaves out, where it is not finite: JSON, which a figure travels as, has
    no other way to say so.

    >>> number_or_gap(0.5), number_or_gap(float("nan")), number_or_gap(float("inf"))
    (0.5, None, None)
    """
    return value if isfinite(value) else None
