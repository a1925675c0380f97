"""Training and validation curves of one arm, with the gap shaded, the floor drawn, and the best step marked.

A figure is made empty, and the browser fills it during the run (static/two-dice/training.js): each trace says in
``meta`` which series it shows, or of which series it marks the best step.
"""

from dataclasses import dataclass
from itertools import starmap

from lib.figures.figure import AXIS, Figure, Part, figure, title
from lib.figures.palette import FLOOR, LEARN


@dataclass(frozen=True)
class CurveLabels:
    """The words in the figure, in the person's language."""

    step: str
    value: str  # what the vertical axis shows
    train: str
    val: str
    train_dropout: str
    gap: str
    floor: str
    best: str


def curves_figure(
    arm: int,
    labels: CurveLabels,
    *,
    metric: str,
    steps: int,
    floor: float | None,
    logarithmic: bool = False,
    with_dropout: bool = False,
) -> Figure:
    """The empty curves of one arm, ready to be filled.

    ``metric`` is "loss" or "accuracy"; ``floor`` is its best reachable value, or None where nobody knows it;
    ``with_dropout`` adds the training loss as the optimiser sees it.
    """
    train, val = f"train_{metric}.{arm}", f"val_{metric}.{arm}"
    lines = [(labels.train, train, "dot", 2.5), (labels.val, val, "solid", 3.5)]
    if with_dropout and metric == "loss":
        lines.insert(1, (labels.train_dropout, f"train_loss_dropout.{arm}", "dashdot", 1.5))
    return figure(
        [*_shades(train, val, labels), *starmap(_line, lines), _best(val, labels, largest=metric == "accuracy")],
        {
            "margin": {"l": 56, "r": 20, "t": 6, "b": 42},  # on the right is room for half of the last step's number
            "showlegend": False,  # there is one legend under both panels
            "hovermode": "x unified",
            "xaxis": {**AXIS, "title": {**title(labels.step), "standoff": 4}, "range": [0, steps], "zeroline": True},
            "yaxis": {
                **AXIS,
                "title": {**title(labels.value), "standoff": 4},
                "type": "log" if logarithmic else "linear",
                "tickformat": ".0%" if metric == "accuracy" else None,
            },
            # Not a trace: the floor is there from the start, while the curves are revealed.
            "shapes": [] if floor is None else [_across(floor, labels.floor)],
        },
    )


def _shades(train: str, val: str, labels: CurveLabels) -> list[Part]:
    """The gap between the two means, then the band of each curve. Plotly shades down to the previous trace."""
    quiet = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    shaded = {**quiet, "fill": "tonexty", "fillcolor": "rgba(42,134,199,0.25)"}
    gap = {"name": labels.gap, "fillcolor": "rgba(42,134,199,0.16)", "showlegend": True}
    traces = [
        {**quiet, "meta": {"series": f"{train}.mean"}},
        {**shaded, **gap, "meta": {"series": f"{val}.mean"}},
    ]
    for curve in (train, val):
        traces.append({**quiet, "meta": {"series": f"{curve}.low"}})
        traces.append({**shaded, "meta": {"series": f"{curve}.high"}})
    return traces


def _line(name: str, curve: str, dash: str, width: float) -> Part:
    line = {"color": LEARN, "dash": dash, "width": width}
    return {"type": "scatter", "mode": "lines", "name": name, "line": line, "meta": {"series": f"{curve}.mean"}}


def _best(val: str, labels: CurveLabels, *, largest: bool) -> Part:
    """The marker at the best step of a validation curve."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": labels.best,
        "marker": {"symbol": "diamond", "size": 12, "color": LEARN, "line": {"width": 2, "color": "white"}},
        "meta": {"best": f"{val}.mean", "largest": largest},
    }


def _across(y: float, name: str) -> Part:
    """A dashed line from edge to edge, behind the traces."""
    edges = {"xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y}
    line = {"color": FLOOR, "dash": "dash", "width": 2}
    return {"type": "line", **edges, "layer": "below", "name": name, "line": line}
