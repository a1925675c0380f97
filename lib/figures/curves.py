"""Training and validation curves of one arm: the gap shaded, the floor drawn, the best step marked.

A figure is made empty, and the browser fills it while the run goes on (static/two-dice/training_player.js): each
trace says in ``meta`` which series it shows, or of which it marks the best step.
"""

from dataclasses import dataclass

import plotly.graph_objects as go

from lib.figures.palette import FLOOR, GRID, LEARN, TEXT_SIZE


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
        # Not a trace: the floor stands from the start, while the curves are revealed.
        figure.add_shape(
            type="line",
            xref="paper",
            x0=0,
            x1=1,
            y0=floor,
            y1=floor,
            layer="below",
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
