"""A class as an ensemble: the thinned network of everybody, small, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from lib.figures.figure import LEGEND, Figure, Part, figure
from lib.figures.palette import FLOOR, LEARN

MOST_NETWORKS = 60  # more would be too small to see from the back row
_ACROSS = 10
_LAYERS_APART, _CELL = 0.3, 1.0
_WITHOUT_AXES: Part = {"visible": False, "fixedrange": True}


@dataclass(frozen=True)
class NetworkLabels:
    """The words in the figure, in the person's language."""

    kept: str
    dropped: str


def networks_figure(
    kept: Sequence[npt.NDArray[np.bool_]], names: Sequence[str], answers: Sequence[str], labels: NetworkLabels
) -> Figure:
    """The hidden neurons of N thinned networks as dots, each with its name above it and its answer under it.

    ``kept`` has an array (N, units) for each hidden layer. Of more than `MOST_NETWORKS` the first are drawn.
    """
    shown = min(len(names), MOST_NETWORKS)
    across = min(_ACROSS, max(1, shown))
    corners = [(i % across * _CELL, -(i // across) * _CELL) for i in range(shown)]
    inside, outside = _dots(kept, corners, which=True), _dots(kept, corners, which=False)
    size = 8 if shown <= _ACROSS else 5
    middle = _LAYERS_APART * (len(kept) - 1) / 2
    label: Part = {"type": "scatter", "mode": "text", "hoverinfo": "skip", "showlegend": False}
    place = {"x": [x + middle for x, _y in corners]}
    traces: list[Part] = [
        {**inside, "name": labels.kept, "marker": {"size": size, "color": LEARN}},
        {**outside, "name": labels.dropped, "marker": {"size": size, "color": FLOOR, "symbol": "circle-open"}},
        {**label, **place, "y": [y + 0.42 for _x, y in corners], "text": list(names[:shown]), "opacity": 0.7},
        {**label, **place, "y": [y - 0.42 for _x, y in corners], "text": [f"<b>{a}</b>" for a in answers[:shown]]},
    ]
    rows = ceil(shown / across)
    return figure(
        traces,
        {
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "height": 40 + (190 if rows == 1 else 95 * rows),
            "legend": {**LEGEND, "yanchor": "top", "y": 0},
            "hovermode": False,
            "xaxis": {**_WITHOUT_AXES, "range": [-0.3, max(across, 4) * _CELL]},
            "yaxis": {**_WITHOUT_AXES, "range": [0.5 - rows * _CELL, 0.55]},
        },
    )


def _dots(kept: Sequence[npt.NDArray[np.bool_]], corners: Sequence[tuple[float, float]], *, which: bool) -> Part:
    """One dot for each neuron that is kept, or for each that is not."""
    xs: list[float] = []
    ys: list[float] = []
    for depth, layer in enumerate(kept):
        up = np.linspace(0.28, -0.28, layer.shape[1])  # (units,)
        for (x, y), row in zip(corners, layer, strict=False):
            heights = up[row == which]
            xs += [round(x + depth * _LAYERS_APART, 3)] * len(heights)
            ys += [round(float(y + height), 3) for height in heights]
    return {"type": "scatter", "mode": "markers", "x": xs, "y": ys}
