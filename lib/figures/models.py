"""Which models train with dropout: the rate over the year. What is not stated is not drawn as zero."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from lib.facts import Model
from lib.figures.palette import CLASSES, FLOOR, GRID, LEARN, TEXT_SIZE

# Below zero there is no rate: the band for models whose source says nothing.
_SILENT = -0.06


@dataclass(frozen=True)
class ModelLabels:
    """The words in the figure, in the person's language."""

    year: str
    rate: str
    silent: str
    status: dict[str, str]


def models_figure(models: Sequence[Model], labels: ModelLabels) -> go.Figure:
    """One mark for each model: filled with dropout, a ring without, a cross in a band of its own where nothing is
    stated."""
    looks = {
        "with": (LEARN, "circle"),
        "without": (CLASSES[0], "circle-open"),
        "not stated": (FLOOR, "x-thin"),
        "conflicting": (FLOOR, "asterisk"),
    }
    figure = go.Figure()
    taken: dict[tuple[int, float], int] = {}
    for status, (colour, symbol) in looks.items():
        chosen = [model for model in models if model.status == status]
        if not chosen:
            continue
        xs = []
        for model in chosen:
            # Several models of one year with one rate stand side by side.
            place = (model.year, _SILENT if model.rate is None else model.rate)
            xs.append(model.year + 0.16 * taken.get(place, 0))
            taken[place] = taken.get(place, 0) + 1
        figure.add_scatter(
            x=xs,
            y=[_SILENT if model.rate is None else model.rate for model in chosen],
            mode="markers",
            name=labels.status[status],
            text=[f"{model.name} ({model.year})" for model in chosen],
            hovertemplate="%{text}<extra></extra>",
            marker={"symbol": symbol, "size": 16, "color": colour, "line": {"width": 3.5, "color": colour}},
        )
    figure.add_hline(y=_SILENT / 2, line={"color": FLOOR, "width": 1, "dash": "dot"})
    figure.update_layout(
        template="none",
        height=400,
        margin={"l": 96, "r": 12, "t": 34, "b": 48},
        font={"size": TEXT_SIZE},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": TEXT_SIZE}},
        xaxis={
            "title": {"text": labels.year, "standoff": 4},
            "dtick": 1,
            "gridcolor": GRID,
            "tickfont": {"size": TEXT_SIZE},
            "range": [2016.6, 2023.8],
        },
        yaxis={
            "title": {"text": labels.rate, "standoff": 4},
            "gridcolor": GRID,
            "tickfont": {"size": TEXT_SIZE},
            "zeroline": False,
            "range": [-0.1, 0.34],
            "tickvals": [_SILENT, 0, 0.1, 0.2, 0.3],
            "ticktext": [labels.silent, "0", "0.1", "0.2", "0.3"],
        },
    )
    return figure
