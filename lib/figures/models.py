"""Which models train with dropout: the rate over the year. What is not stated is not drawn as zero."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.figures.figure import AXIS, LEGEND, Figure, Part, figure
from lib.figures.palette import CLASSES, FLOOR, LEARN
from lib.studies.facts import Model

# Below zero there is no rate: the band for models whose source says nothing.
_SILENT = -0.06
_LOOKS = {
    "with": (LEARN, "circle"),
    "without": (CLASSES[0], "circle-open"),
    "not stated": (FLOOR, "x-thin"),
    "conflicting": (FLOOR, "asterisk"),
}


@dataclass(frozen=True)
class ModelLabels:
    """The words in the figure, in the person's language."""

    year: str
    rate: str
    silent: str
    status: dict[str, str]


def models_figure(models: Sequence[Model], labels: ModelLabels) -> Figure:
    """One mark for each model: filled with dropout, a ring without, a cross in a band of its own where nothing is
    stated."""
    border = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "yref": "y", "y0": _SILENT / 2, "y1": _SILENT / 2}
    return figure(
        _marks(models, labels),
        {
            "height": 400,
            "margin": {"l": 96, "r": 12, "t": 34, "b": 48},
            "legend": {**LEGEND, "y": 1.0, "yanchor": "bottom"},
            "shapes": [{**border, "line": {"color": FLOOR, "width": 1, "dash": "dot"}}],
            "xaxis": {
                **AXIS,
                "title": {"text": labels.year, "standoff": 4},
                "dtick": 1,
                "range": [2016.6, 2023.8],
            },
            "yaxis": {
                **AXIS,
                "title": {"text": labels.rate, "standoff": 4},
                "range": [-0.1, 0.34],
                "tickvals": [_SILENT, 0, 0.1, 0.2, 0.3],
                "ticktext": [labels.silent, "0", "0.1", "0.2", "0.3"],
            },
        },
    )


def _marks(models: Sequence[Model], labels: ModelLabels) -> list[Part]:
    """A trace for each status. Several models of one year with one rate stand side by side."""
    marks: list[Part] = []
    taken: dict[tuple[int, float], int] = {}
    for status, (colour, symbol) in _LOOKS.items():
        chosen = [model for model in models if model.status == status]
        if not chosen:
            continue
        xs = []
        for model in chosen:
            place = (model.year, _SILENT if model.rate is None else model.rate)
            xs.append(model.year + 0.16 * taken.get(place, 0))
            taken[place] = taken.get(place, 0) + 1
        marks.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": xs,
                "y": [_SILENT if model.rate is None else model.rate for model in chosen],
                "name": labels.status[status],
                "text": [f"{model.name} ({model.year})" for model in chosen],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {"symbol": symbol, "size": 16, "color": colour, "line": {"width": 3.5, "color": colour}},
            }
        )
    return marks
