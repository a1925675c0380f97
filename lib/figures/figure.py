"""What all figures share: how they are made, and the style of their text, axes and legends."""

import base64
from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.figures.palette import GRID, TEXT_SIZE

Part = dict[str, Any]  # a trace, an axis or a legend, in the words of https://plotly.com/python/reference/
Figure = dict[str, Any]  # {"data": traces, "layout": layout}: what Plotly draws in the browser

TEXT = {"size": TEXT_SIZE}
AXIS: Part = {"gridcolor": GRID, "zeroline": False, "tickfont": TEXT}
LEGEND: Part = {"orientation": "h", "x": 0, "font": TEXT}  # below or above the plot, starting at its left edge


def figure(traces: Sequence[Part], layout: Part) -> Figure:
    """The figure with these traces, transparent, so that it works on a light page and on a dark one.

    A figure is plain data, just as the browser gets it. Plotly's Python package is not needed to make one; the tests
    use it to check every name and value (tests/conftest.py).

    >>> line = figure([{"type": "scatter", "x": [1, 2], "y": [3, 4]}], {"xaxis": {**AXIS, "dtick": 1}})
    >>> line["data"][0]["y"], line["layout"]["xaxis"]["dtick"], line["layout"]["font"]["size"]
    ([3, 4], 1, 15)
    """
    transparent = "rgba(0,0,0,0)"
    look = {"font": TEXT, "paper_bgcolor": transparent, "plot_bgcolor": transparent}
    return {"data": list(traces), "layout": {**look, **layout}}


def title(text: str) -> Part:
    """The title of an axis, in the same size as all other text."""
    return {"text": text, "font": TEXT}


def packed(values: npt.NDArray[Any]) -> Part:
    """Many numbers in few bytes, in a form that Plotly reads: their type, and their bytes as base64.

    Whole numbers take 32 bits, and so do the others: seven digits are more than a screen can show.

    >>> packed(np.array([1, 2]))
    {'dtype': 'i4', 'bdata': 'AQAAAAIAAAA='}
    >>> packed(np.array([0.5]))["dtype"]
    'f4'
    """
    dtype = "i4" if np.issubdtype(values.dtype, np.integer) else "f4"
    return {"dtype": dtype, "bdata": base64.b64encode(values.astype(f"<{dtype}").tobytes()).decode()}


def number_or_gap(value: float) -> float | None:
    """The value, or None if it is not finite: JSON has no NaN or infinity, and Plotly leaves a gap for None.

    >>> number_or_gap(0.5), number_or_gap(float("nan")), number_or_gap(float("inf"))
    (0.5, None, None)
    """
    return value if isfinite(value) else None
