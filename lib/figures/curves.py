"""Training and validation curves of one arm: the gap shaded, the floor drawn, the best step marked.

A figure is made empty, and the browser fills it while the run goes on (static/two-dice/training.js): each
trace says in ``meta`` which series it shows, or of which it marks the best step.
"""

from dataclasses import dataclass

import plotly.graph_objects as go

from lib.figures.figure import AXIS, Part, figure, title
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
) -> go.Figure:
    """The empty curves of one arm, ready to be filled.

    ``metric`` is "loss" or "accuracy"; ``floor`` the best reachable value of it, or None where nobody knows it;
    ``with_dropout`` adds the training loss as the optimiser sees it.
    """
    train, val = f"train_{metric}.{arm}", f"val_{metric}.{arm}"
    quiet = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    shaded = {**quiet, "fill": "tonexty", "fillcolor": "rgba(42,134,199,0.25)"}
    gap = {"name": labels.gap, "fillcolor": "rgba(42,134,199,0.16)", "showlegend": True}
    # Plotly shades down to the trace before: train, then the gap up to validation.
    traces = [
        {**quiet, "meta": {"series": f"{train}.median"}},
        {**shaded, **gap, "meta": {"series": f"{val}.median"}},
    ]
    for curve in (train, val):
        traces.append({**quiet, "meta": {"series": f"{curve}.low"}})
        traces.append({**shaded, "meta": {"series": f"{curve}.high"}})
    lines = [(labels.train, train, "dot", 2.5), (labels.val, val, "solid", 3.5)]
    if with_dropout and metric == "loss":
        lines.insert(1, (labels.train_dropout, f"train_loss_dropout.{arm}", "dashdot", 1.5))
    for name, curve, dash, width in lines:
        line = {"color": LEARN, "dash": dash, "width": width}
        meta = {"series": f"{curve}.median"}
        traces.append({"type": "scatter", "mode": "lines", "name": name, "line": line, "meta": meta})
    best = {
        "type": "scatter",
        "mode": "markers",
        "name": labels.best,
        "marker": {"symbol": "diamond", "size": 12, "color": LEARN, "line": {"width": 2, "color": "white"}},
        "meta": {"best": f"{val}.median", "largest": metric == "accuracy"},
    }
    return figure(
        [*traces, best],
        {
            "margin": {"l": 56, "r": 20, "t": 6, "b": 42},  # to the right there is half of the last step's number
            "showlegend": False,  # the legend stands once under both panels
            "hovermode": "x unified",
            "xaxis": {**AXIS, "title": {**title(labels.step), "standoff": 4}, "range": [0, steps], "zeroline": True},
            "yaxis": {
                **AXIS,
                "title": {**title(labels.value), "standoff": 4},
                "type": "log" if logarithmic else "linear",
                "tickformat": ".0%" if metric == "accuracy" else None,
            },
            # Not a trace: the floor stands from the start, while the curves are revealed.
            "shapes": [] if floor is None else [_across(floor, labels.floor)],
        },
    )


def _across(y: float, name: str) -> Part:
    """A dashed line from edge to edge, behind the traces."""
    edges = {"xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y}
    line = {"color": FLOOR, "dash": "dash", "width": 2}
    return {"type": "line", **edges, "layer": "below", "name": name, "line": line}
