"""Who learns with dropout, and with which die models are shipped: a row for each, with its name on the left.

"Not stated" is not drawn as zero. Each has its own row, because many share a year and a rate: so there is room for
every name on any screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.figures.figure import AXIS, LEGEND, TEXT, Figure, Part, figure
from lib.figures.palette import CLASSES, FLOOR, LEARN, SPEAK
from lib.studies.facts import Rated, Shipped

# Left of zero there is no rate: the band for models whose source says nothing.
_SILENT = -0.1
_NAMES = {"size": 14}  # the smallest text of all pictures: twenty names stand on the first screen of a laptop
_ROW = 1.3 * _NAMES["size"]  # px: a line of text and some space
_ABOVE = 66  # px: the title of the axis and two lines of its ticks

_LOOKS = {
    "with": (LEARN, "circle"),
    "without": (CLASSES[0], "circle-open"),
    "not stated": (FLOOR, "x-thin"),
    "conflicting": (FLOOR, "asterisk"),
}


TICKS = (0, 0.1, 0.2, 0.3)


@dataclass(frozen=True)
class ModelLabels:
    """The words in the figure of the rates, in the person's language."""

    rate: str
    silent: str
    status: dict[str, str]
    ticks: tuple[str, ...] = tuple(map(str, TICKS))


def models_figure(models: Sequence[Rated], labels: ModelLabels) -> Figure:
    """One marker for each model: filled for dropout, a ring for none, and a cross in a band of its own where nothing
    is stated."""
    border = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "xref": "x", "x0": _SILENT / 2, "x1": _SILENT / 2}
    # A marker's place says all that a legend would, unless some sources say nothing and others conflict.
    conflicts = any(model.status == "conflicting" for model in models)
    return figure(
        _marks(models, labels),
        {
            **_rows(models, labels.rate, below=72 if conflicts else 4),
            "showlegend": conflicts,
            "legend": {**LEGEND, "y": 0, "yanchor": "top"},
            "shapes": [{**border, "line": {"color": FLOOR, "width": 1, "dash": "dot"}}],
            "xaxis": {
                **AXIS,
                "side": "top",  # visible as soon as the first rows are
                "range": [-0.14, 0.33],
                "tickvals": [_SILENT, *TICKS],
                "ticktext": [_on_two_lines(labels.silent), *labels.ticks],
                "tickangle": 0,
            },
        },
    )


def _rows(entries: Sequence[Rated | Shipped], title: str, below: int) -> Part:
    """A row for each entry, from the top down, with its name on the left; the title of the other axis above."""
    return {
        "height": _ABOVE + _ROW * len(entries) + below,
        "margin": {"l": 8, "r": 12, "t": _ABOVE, "b": below},
        "yaxis": {
            **AXIS,
            "range": [len(entries) - 0.5, -0.5],
            "tickvals": list(range(len(entries))),
            "ticktext": [each.heading for each in entries],
            "tickfont": _NAMES,
        },
        # Aligned at the right edge: on a phone it is wider than the axis.
        "annotations": [
            {
                **{"text": title, "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "yshift": 42},
                **{"xref": "paper", "yref": "paper", "showarrow": False, "font": TEXT},
            }
        ],
    }


def _on_two_lines(words: str) -> str:
    """On a phone the 0 is close by. A long word without a space, which no line break would spoil, is Japanese."""
    first, space, second = words.partition(" ")
    half = (len(words) + 1) // 2
    return f"{first}<br>{second}" if space else f"{words[:half]}<br>{words[half:]}" if len(words) > 3 else words


def _marks(models: Sequence[Rated], labels: ModelLabels) -> list[Part]:
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
                "text": [models[row].heading for row in rows],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": _marker(symbol, colour),
            }
        )
    return marks


def _marker(symbol: str, colour: str) -> Part:
    return {"symbol": symbol, "size": 14, "color": colour, "line": {"width": 3.5, "color": colour}}


@dataclass(frozen=True)
class ShippedLabels:
    """The words in the figure of the shipped dice, in the person's language."""

    title: str
    columns: tuple[str, str, str]  # temperature, top-p, top-k
    looks: dict[str, str]  # what "acts", "leaves" and "greedy" are called


_SHIPPED_LOOKS = {"acts": (SPEAK, "circle"), "leaves": (CLASSES[0], "circle-open"), "greedy": (FLOOR, "x-thin")}


def shipped_figure(models: Sequence[Shipped], values: Sequence[tuple[str, str, str]], labels: ShippedLabels) -> Figure:
    """Three columns, temperature, top-p and top-k: a filled marker with its value where a setting changes the draw, a
    ring where it changes nothing or is not there, and a cross where no die is rolled.

    `values` are the settings of each model as texts in the person's language, empty where there is none.
    """
    marks: dict[str, list[tuple[int, int, str]]] = {look: [] for look in _SHIPPED_LOOKS}  # column, row, text
    for row, (model, texts) in enumerate(zip(models, values, strict=True)):
        if model.temperature is None:
            marks["greedy"].append((0, row, labels.looks["greedy"]))
            continue
        acts = (model.temperature != 1, "top_p" in model.cuts, "top_k" in model.cuts)
        for column, text in enumerate(texts):
            marks["acts" if acts[column] else "leaves"].append((column, row, text))
    traces: list[Part] = [
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": [column for column, _row, _text in places],
            "y": [row for _column, row, _text in places],
            "name": labels.looks[look],
            "text": [f" {text}" for _column, _row, text in places],
            "textposition": "middle right",
            "textfont": _NAMES,
            "hovertext": [models[row].heading for _column, row, _text in places],
            "hoverinfo": "text+name",
            "marker": _marker(symbol, colour),
        }
        for look, (colour, symbol) in _SHIPPED_LOOKS.items()
        if (places := marks[look])
    ]
    columns = {"side": "top", "range": [-0.3, 2.8], "tickvals": [0, 1, 2], "ticktext": list(labels.columns)}
    axis = {**AXIS, **columns, "tickangle": 0}
    return figure(traces, {**_rows(models, labels.title, below=4), "showlegend": False, "xaxis": axis})
