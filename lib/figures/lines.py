"""Lines with a band around each: one measured quantity over another, one line for each arm."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.figures.figure import AXIS, LEGEND, Figure, Part, figure
from lib.figures.palette import CLASSES, FLOOR, HELPED, HURT, LEARN, SPEAK

# Arms differ by dash and marker as well as by colour. The arm without dropout comes first and has its own hue.
STYLES = (
    (CLASSES[0], "solid", "circle"),
    (LEARN, "dot", "square"),
    (LEARN, "solid", "diamond"),
    (LEARN, "dash", "triangle-up"),
    (HELPED, "longdash", "x"),
    (HURT, "dashdot", "star"),
)


@dataclass(frozen=True)
class Line:
    """One arm: points (x, y), and the lowest and highest y at each x if there are several runs."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    style: int = 0
    markers: bool = True


@dataclass(frozen=True)
class Spot:
    """A single point to mark; those of one name are one entry of the legend."""

    name: str
    x: float
    y: float


def lines_figure(
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    logarithmic_x: bool = False,
    x_ticks: Sequence[float] | None = None,
    floor: tuple[str, float] | None = None,
    spots: Sequence[Spot] = (),
    percent: bool = False,
    y_range: tuple[float, float] | None = None,
) -> Figure:
    """The lines, the floor as a dashed grey line, and the spots as large hollow circles.

    `floor` is its name and value; `percent` writes y as a percentage; `y_range` is what is shown of y at first.
    """
    traces = [trace for line in lines for trace in _traces(line)]
    if floor is not None:
        traces.append(_floor(*floor, [x for line in lines for x in line.x]))
    traces += [
        _rings(name, [spot for spot in spots if spot.name == name]) for name in dict.fromkeys(s.name for s in spots)
    ]
    return figure(
        traces,
        {
            "height": 380,
            "margin": {"l": 62, "r": 12, "t": 34, "b": 48},
            "hovermode": "x unified",
            "legend": {**LEGEND, "y": 1.0, "yanchor": "bottom"},
            "xaxis": {
                **AXIS,
                "title": {"text": x_label, "standoff": 4},
                "type": "log" if logarithmic_x else "linear",
                **({"tickvals": list(x_ticks), "tickformat": ",~g"} if x_ticks else {}),
            },
            "yaxis": {
                **AXIS,
                "title": {"text": y_label, "standoff": 4},
                "tickformat": ".1~%" if percent else None,
                **({"range": list(y_range)} if y_range else {}),
            },
        },
    )


def _traces(line: Line) -> list[Part]:
    """The line, on top of its band if it has one."""
    colour, dash, symbol = STYLES[line.style]
    drawn = {
        "type": "scatter",
        "x": list(line.x),
        "y": list(line.y),
        "name": line.name,
        "mode": "lines+markers" if line.markers else "lines",
        "line": {"color": colour, "dash": dash, "width": 3},
        "marker": {"symbol": symbol, "size": 10, "color": colour},
    }
    if line.low is None or line.high is None:
        return [drawn]
    band = {
        "type": "scatter",
        "x": [*line.x, *reversed(line.x)],  # out along the upper edge, and back along the lower one
        "y": [*line.high, *reversed(line.low)],
        "fill": "toself",
        "fillcolor": _see_through(colour),
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [band, drawn]


def _floor(name: str, value: float, xs: Sequence[float]) -> Part:
    style = {"mode": "lines", "line": {"color": FLOOR, "dash": "dash", "width": 2}}
    return {"type": "scatter", "x": [min(xs), max(xs)], "y": [value, value], "name": name, **style}


def _rings(name: str, spots: Sequence[Spot]) -> Part:
    ring = {"symbol": "circle-open", "size": 18, "color": SPEAK, "line": {"width": 4}}
    x, y = [spot.x for spot in spots], [spot.y for spot in spots]
    return {"type": "scatter", "x": x, "y": y, "name": name, "mode": "markers", "marker": ring}


def _see_through(colour: str) -> str:
    """The colour with an opacity of a fifth."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"
