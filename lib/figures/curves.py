"""Training and validation curves of one arm: the gap shaded, the floor drawn, the best step marked.

A figure can be made empty and filled later: each trace says in ``meta`` which series it shows, so that the moving
picture fills the same figure point by point (static/two-dice/training_player.js) that ``filled`` fills at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from lib.figures.palette import FLOOR, GRID, LEARN, TEXT_SIZE

Floats = npt.NDArray[np.floating]


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
    quiet = {"hoverinfo": "skip", "showlegend": False, "mode": "lines", "line": {"width": 0}}
    figure = go.Figure()
    # Plotly shades down to the trace before: train, then the gap up to validation.
    figure.add_scatter(**quiet, meta={"series": f"{train}.median"})
    figure.add_scatter(
        **{**quiet, "showlegend": True},
        name=labels.gap,
        fill="tonexty",
        fillcolor="rgba(42,134,199,0.16)",
        meta={"series": f"{val}.median"},
    )
    for curve in (train, val):
        figure.add_scatter(**quiet, meta={"series": f"{curve}.low"})
        figure.add_scatter(**quiet, fill="tonexty", fillcolor="rgba(42,134,199,0.25)", meta={"series": f"{curve}.high"})
    lines = [(labels.train, train, "dot", 2.5), (labels.val, val, "solid", 3.5)]
    if with_dropout and metric == "loss":
        lines.insert(1, (labels.train_dropout, f"train_loss_dropout.{arm}", "dashdot", 1.5))
    for name, curve, dash, width in lines:
        figure.add_scatter(
            mode="lines",
            name=name,
            line={"color": LEARN, "dash": dash, "width": width},
            meta={"series": f"{curve}.median"},
        )
    figure.add_scatter(
        mode="markers",
        name=labels.best,
        marker={"symbol": "diamond", "size": 12, "color": LEARN, "line": {"width": 2, "color": "white"}},
        meta={"best": f"{val}.median", "largest": metric == "accuracy"},
    )
    if floor is not None:
        figure.add_scatter(
            x=[0, steps],
            y=[floor, floor],
            mode="lines",
            name=labels.floor,
            line={"color": FLOOR, "dash": "dash", "width": 2},
        )
    figure.update_layout(
        template="none",
        margin={"l": 56, "r": 8, "t": 6, "b": 42},
        font={"size": TEXT_SIZE},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,  # the legend stands once under both panels
        hovermode="x unified",
        xaxis={
            "title": {"text": labels.step, "standoff": 4},
            "range": [0, steps],
            "gridcolor": GRID,
        },
        yaxis={
            "title": {"text": labels.value, "standoff": 4},
            "type": "log" if logarithmic else "linear",
            "gridcolor": GRID,
            "zeroline": False,
            "tickformat": ".0%" if metric == "accuracy" else None,
        },
    )
    return figure


def filled(figure: go.Figure, step: Sequence[int] | Floats, series: Mapping[str, Floats]) -> go.Figure:
    """The figure with its series drawn up to the last step: what the moving picture shows at its end."""
    for trace in figure.data:
        meta = trace.meta or {}
        if "series" in meta:
            trace.update(x=list(step), y=series[meta["series"]].tolist())
        elif "best" in meta:
            values = series[meta["best"]]
            at = int(np.argmax(values) if meta["largest"] else np.argmin(values))
            trace.update(x=[step[at]], y=[float(values[at])])
    return figure
