"""How a hidden layer's activations are spread, with and without dropout: bars over bins, two arms side by side."""

from collections.abc import Sequence

from lib.figures.figure import AXIS, LEGEND, Figure, figure
from lib.figures.lines import STYLES


def activations_figure(
    arms: Sequence[tuple[str, Sequence[float], int]], width: float, *, x_label: str, y_label: str
) -> Figure:
    """The share of activations in each bin of `width`; an arm is its name, its shares, and its style (`STYLES`)."""
    bars = [
        {
            "type": "bar",
            "x": [(i + 0.5) * width for i in range(len(shares))],
            "y": list(shares),
            "name": name,
            "marker": {"color": STYLES[style][0], "pattern": {"shape": "/" if style == 0 else ""}},
        }
        for name, shares, style in arms
    ]
    # The first bin holds most of them: on a linear axis the others would be flat.
    share = {"title": {"text": y_label, "standoff": 4}, "type": "log", "tickformat": ".6~%"}
    return figure(
        bars,
        {
            "height": 400,
            "barmode": "group",
            "bargap": 0.1,
            "margin": {"l": 62, "r": 12, "t": 34, "b": 48},
            "legend": {**LEGEND, "y": 1.0, "yanchor": "bottom"},
            "xaxis": {**AXIS, "title": {"text": x_label, "standoff": 4}, "range": [0, 2]},
            "yaxis": {**AXIS, **share},
        },
    )
