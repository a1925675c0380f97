"""A few measured numbers, one under the other: a dot for each, and a line for its interval."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.figures.figure import AXIS, TEXT, Figure, figure, title
from lib.figures.palette import LEARN
from lib.listings.comments import wrapped

_LINE = 1.35 * TEXT["size"]  # px: a line of text
_DOT, _AXIS = 26, 60  # px: the room of a dot, and of the axis and its title
_WIDTH = 46  # characters of a text on one line: those of a phone


@dataclass(frozen=True)
class Row:
    """One number: its name and the number as people write it, the value, and the ends of its interval."""

    text: str
    value: float
    low: float
    high: float


def rows_figure(rows: Sequence[Row], *, axis: str, percent: bool) -> Figure:
    """A row for each number, from the top down, under its text. ``percent`` writes the axis in percent.

    >>> made = rows_figure([Row("kept: 60%", 0.6, 0.5, 0.7)], axis="share", percent=True)
    >>> made["data"][0]["x"], made["data"][0]["error_x"]["array"], made["layout"]["annotations"][0]["text"]
    ([0.6], [0.1], 'kept: 60%')
    """
    texts = [wrapped(row.text, _WIDTH) for row in rows]
    height = max(map(len, texts)) * _LINE + _DOT
    below = _DOT / 2 / height  # how much of a row lies below its dot
    dots = {
        "type": "scatter",
        "mode": "markers",
        "cliponaxis": False,  # a dot at 0 is whole
        "x": [row.value for row in rows],
        "y": list(range(len(rows))),
        "text": [row.text for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 12, "color": LEARN},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [round(row.high - row.value, 9) for row in rows],
            "arrayminus": [round(row.value - row.low, 9) for row in rows],
            "color": LEARN,
            "thickness": 3,
            "width": 7,
        },
    }
    names = [
        {
            **{"text": "<br>".join(lines), "align": "left", "font": TEXT, "showarrow": False},
            **{"x": 0, "xref": "paper", "xanchor": "left", "y": at, "yanchor": "bottom", "yshift": _DOT / 2},
        }
        for at, lines in enumerate(texts)
    ]
    return figure(
        [dots],
        {
            "height": round(height * len(rows) + _AXIS),
            "margin": {"l": 16, "r": 24, "t": 0, "b": _AXIS},
            "showlegend": False,
            "annotations": names,
            "xaxis": {**AXIS, "title": title(axis), "tickformat": ".6~%" if percent else None, "rangemode": "tozero"},
            "yaxis": {**AXIS, "range": [len(rows) - 1 + below, below - 1], "visible": False},
        },
    )
