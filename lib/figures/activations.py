"""How a hidden layer's activations are spread, with and without dropout: bars over bins, two arms side by side."""

from collections.abc import Sequence

import plotly.graph_objects as go

from lib.figures.lines import LOOKS
from lib.figures.palette import GRID, TEXT_SIZE


def activations_figure(
    arms: Sequence[tuple[str, Sequence[float], int]], width: float, *, x_label: str, y_label: str
) -> go.Figure:
    """Draw the share of activations in each bin of `width`; an arm is its name, its shares and its look (`LOOKS`)."""
    figure = go.Figure()
    for name, shares, look in arms:
        figure.add_bar(
            x=[(i + 0.5) * width for i in range(len(shares))],
            y=list(shares),
            name=name,
            marker={"color": LOOKS[look][0], "pattern": {"shape": "/" if look == 0 else ""}},
        )
    figure.update_layout(
        template="none",
        height=400,
        barmode="group",
        bargap=0.1,
        margin={"l": 62, "r": 12, "t": 34, "b": 48},
        font={"size": TEXT_SIZE},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": TEXT_SIZE}},
        xaxis={
            "title": {"text": x_label, "standoff": 4},
            "range": [0, 2],
            "gridcolor": GRID,
            "tickfont": {"size": TEXT_SIZE},
        },
        # The first bin holds most of them: on a linear axis the others would be flat.
        yaxis={
            "title": {"text": y_label, "standoff": 4},
            "type": "log",
            "gridcolor": GRID,
            "tickfont": {"size": TEXT_SIZE},
            "tickformat": ".6~%",
        },
    )
    return figure
