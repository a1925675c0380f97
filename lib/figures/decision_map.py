"""The plane as one network sees it: coloured by class, with the training points and the flipped ones marked."""

from dataclasses import dataclass
from itertools import cycle

import numpy as np
import numpy.typing as npt

from lib.figures.figure import Figure, Part, figure, title
from lib.figures.palette import CLASSES

# Thousands of points would hide the map and make the figure heavy.
MOST_POINTS = 300
# So that neighbours in the legend can be told apart without colour.
_SYMBOLS = ("circle", "square", "triangle-up", "triangle-down", "cross")
_UNDECIDED = "#f2f2f2"  # between two classes; more than two have no shades between them


@dataclass(frozen=True)
class MapLabels:
    """The words in the figure, in the person's language; ``classes`` has one name for each class."""

    classes: tuple[str, ...]
    flipped: str
    features: tuple[str, str]


def decision_map_figure(
    points: npt.NDArray[np.floating],
    classes: npt.NDArray[np.integer],
    flipped: npt.NDArray[np.bool_],
    extent: tuple[float, float, float, float],
    size: int,
    labels: MapLabels,
) -> Figure:
    """The points of one arm, with room under them for the map, which moves and so is not drawn by Plotly.

    ``points`` is (N, 2), ``classes`` (N,) the labels that the network learns, ``flipped`` (N,) says where those are not
    the true classes. ``extent`` is (left, right, bottom, top), the centres of the outermost of ``size`` x ``size``
    cells. The layout's ``meta`` says how to paint a map (`lib.training.History.maps`): colours at equal distances from
    0 to 255, and the extent of the cells with their margins.
    """
    left, right, bottom, top = extent
    dx, dy = (right - left) / max(1, size - 1), (top - bottom) / max(1, size - 1)
    points, classes, flipped = points[:MOST_POINTS], classes[:MOST_POINTS], flipped[:MOST_POINTS]
    colours = CLASSES[: len(labels.classes)]
    of_classes = [
        {
            **_dots(points[classes == label]),
            "name": name,
            "marker": {"size": 8, "color": colour, "symbol": symbol, "line": {"width": 1.2, "color": "white"}},
        }
        for label, (name, colour, symbol) in enumerate(zip(labels.classes, colours, cycle(_SYMBOLS), strict=False))
    ]
    crosses = {
        **_dots(points[flipped]),
        "name": labels.flipped,
        "marker": {
            "size": 13,
            "symbol": "x-thin",
            "line": {"width": 2.4, "color": "black"},
        },
    }
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    return figure(
        [*of_classes, crosses],
        {
            "meta": {
                "colors": [colours[0], _UNDECIDED, colours[1]] if len(colours) == 2 else list(colours),
                "extent": [left - dx / 2, right + dx / 2, bottom - dy / 2, top + dy / 2],
            },
            "margin": {"l": 24, "r": 8, "t": 4, "b": 24},
            "showlegend": False,
            "xaxis": {
                **axis,
                "range": [left, right],
                "constrain": "domain",
                "title": {**title(labels.features[0]), "standoff": 2},
            },
            "yaxis": {
                **axis,
                "range": [bottom, top],
                "scaleanchor": "x",
                "constrain": "domain",
                "title": {**title(labels.features[1]), "standoff": 2},
            },
        },
    )


def _dots(points: npt.NDArray[np.floating]) -> Part:
    """The points, rounded to three decimals, which is finer than a screen can show."""
    x, y = np.round(points.T.astype(float), 3).tolist()
    return {"type": "scatter", "mode": "markers", "x": x, "y": y}
