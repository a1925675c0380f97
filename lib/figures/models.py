"""Which models train with dropout: a row for each, with its rate on the axis. "Not stated" is not drawn as zero."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.figures.figure import AXIS, LEGEND, TEXT, Figure, Part, figure
from lib.figures.palette import CLASSES, FLOOR, LEARN
from lib.studies.facts import Model

# Left of zero there is no rate: the band for models whose source says nothing.
_SILENT = -0.1
_ROW = 20  # px: a line of text and some space


_LOOKS = {
    "with": (LEARN, "circle"),
    "without": (CLASSES[0], "circle-open"),
    "not stated": (FLOOR, "x-thin"),
    "conflicting": (FLOOR, "asterisk"),
}


TICKS = (0, 0.1, 0.2, 0.3)


@dataclass(frozen=True)
class ModelLabels:
    """The words in the figure, in the person's language."""

    year: str
    rate: str
    silent: str
    status: dict[str, str]
    ticks: tuple[str, ...] = tuple(map(str, TICKS))


def models_figure(models: Sequence[Model], labels: ModelLabels) -> Figure:
    """One row for each model, with its name on the left and one marker: filled for dropout, a ring for none, and a
    cross in a band of its own where nothing is stated.

    Each model has its own row, because many share a year and a rate: so there is room for every name on any screen.
    """
    border = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "xref": "x", "x0": _SILENT / 2, "x1": _SILENT / 2}
    above = {"xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False, "font": TEXT}
    # A marker's place says all that a legend would, unless some sources say nothing and others conflict.
    conflicts = any(model.status == "conflicting" for model in models)
    below = 72 if conflicts else 8
    return figure(
        _marks(models, labels),
        {
            "height": 66 + _ROW * len(models) + below,
            "margin": {"l": 8, "r": 12, "t": 66, "b": below},
            "showlegend": conflicts,
            "legend": {**LEGEND, "y": 0, "yanchor": "top"},
            # The axis's title, aligned at the right edge: on a phone it is wider than the axis.
            "annotations": [{"text": labels.rate, "x": 1, "xanchor": "right", "yshift": 42, **above}],
            "shapes": [{**border, "line": {"color": FLOOR, "width": 1, "dash": "dot"}}],
            "xaxis": {
                **AXIS,
                "side": "top",  # visible as soon as the first rows are
                "range": [-0.14, 0.33],
                "tickvals": [_SILENT, *TICKS],
                "ticktext": [_on_two_lines(labels.silent), *labels.ticks],
                "tickangle": 0,
            },
            "yaxis": {
                **AXIS,
                "range": [len(models) - 0.5, -0.5],  # from the top down
                "tickvals": list(range(len(models))),
                "ticktext": [f"{model.name}, {model.year}" for model in models],
            },
        },
    )


def _on_two_lines(words: str) -> str:
    """On a phone the 0 is close by. A long word without a space, which no line break would spoil, is Japanese."""
    first, space, second = words.partition(" ")
    half = (len(words) + 1) // 2
    return f"{first}<br>{second}" if space else f"{words[:half]}<br>{words[half:]}" if len(words) > 3 else words


def _marks(models: Sequence[Model], labels: ModelLabels) -> list[Part]:
    """One trace for each status that occurs."""
    marks: list[Part] = []
    for status, (colour, symbol) in _LOOKS.items():
        rows = [row for row, model in enumerate(models) if model.status == status]
        if not rows:
            continue
        rates = [models[row].rate for row in rows]
        marks.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [_SILENT if rate is None else rate for rate in rates],
                "y": rows,
                "name": labels.status[status],
                "text": [f"{models[row].name}, {labels.year} {models[row].year}" for row in rows],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {"symbol": symbol, "size": 14, "color": colour, "line": {"width": 3.5, "color": colour}},
            }
        )
    return marks
