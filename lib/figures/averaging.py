"""What the average of masked passes comes to, beside the one pass of the whole network."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from lib.figures.palette import FLOOR, GRID, LEARN, SPEAK, TEXT_SIZE

Floats = npt.NDArray[np.floating]

_BAND = "rgba(42,134,199,0.25)"  # LEARN, see-through
MOST_IN_BAND = 200  # points: more than its width in pixels would not be seen


@dataclass(frozen=True)
class AverageLabels:
    """The words in the figure of the running average, in the person's language."""

    passes: str
    value: str
    single: str
    mean: str
    band: str
    geometric: str
    full: str


def running_average_figure(
    single: Floats, mean: Floats, error: Floats, geometric: Floats, full: float, labels: AverageLabels
) -> go.Figure:
    """One class's probability over the passes: single passes as dots, their running mean with its standard error.

    `single`, `mean`, `error`, `geometric` (N,) are probabilities after 1 to N passes, `full` the eval pass. The band is
    the mean plus and minus two standard errors; one pass alone has none, so it starts at the second.
    """
    n, single, mean, geometric = np.arange(1, len(single) + 1), _light(single), _light(mean), _light(geometric)
    passes = {"x0": 1, "dx": 1}
    figure = go.Figure()
    figure.add_scatter(
        **passes, y=single, mode="markers", name=labels.single, marker={"size": 5, "color": FLOOR, "opacity": 0.6}
    )
    at = _thinned(len(n) - 1) + 1
    _band(figure, n[at], (mean - 2 * error)[at].clip(0, 1), (mean + 2 * error)[at].clip(0, 1), labels.band)
    figure.add_scatter(**passes, y=mean, mode="lines", name=labels.mean, line={"color": LEARN, "width": 3.5})
    figure.add_scatter(
        **passes, y=geometric, mode="lines", name=labels.geometric, line={"color": LEARN, "width": 2.5, "dash": "dot"}
    )
    _level(figure, n, full, labels.full)
    return _laid_out(figure, labels.passes, labels.value, {"range": [-0.03, 1.03]})


@dataclass(frozen=True)
class MonteCarloLabels:
    """The words in the figure of the validation error, in the person's language."""

    passes: str
    value: str
    mean: str
    band: str
    full: str


def monte_carlo_figure(error: Floats, full: float, labels: MonteCarloLabels) -> go.Figure:
    """Validation error of the mean of N masked passes, as in Figure 11 of Srivastava et al. (2014).

    `error` (R, N): R repetitions; their mean is the line, plus and minus one standard deviation the band.
    `full` is the error of the one eval pass.
    """
    n = np.arange(1, error.shape[1] + 1)
    mean, spread = error.mean(axis=0), error.std(axis=0, ddof=1)
    figure = go.Figure()
    _band(figure, n, (mean - spread).clip(0, 1), (mean + spread).clip(0, 1), labels.band)
    figure.add_scatter(x=n, y=_light(mean), mode="lines", name=labels.mean, line={"color": LEARN, "width": 3.5})
    _level(figure, n, full, labels.full)
    return _laid_out(figure, labels.passes, labels.value, {"rangemode": "tozero"})


def _light(values: Floats) -> npt.NDArray[np.float32]:
    """Seven digits are more than a screen can show, and half the bytes."""
    return values.astype(np.float32)


def _thinned(n: int) -> npt.NDArray[np.integer]:
    """At most `MOST_IN_BAND` of n indices, dense where a running mean moves most, at the start."""
    if n <= MOST_IN_BAND:
        return np.arange(n)
    return np.unique(np.geomspace(1, n, MOST_IN_BAND).round().astype(int)) - 1


def _band(figure: go.Figure, x: npt.NDArray[np.integer], low: Floats, high: Floats, name: str) -> None:
    edge: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(x=x, y=_light(low), showlegend=False, **edge)
    figure.add_scatter(x=x, y=_light(high), fill="tonexty", fillcolor=_BAND, name=name, **edge)


def _level(figure: go.Figure, x: npt.NDArray[np.integer], value: float, name: str) -> None:
    figure.add_scatter(
        x=[int(x[0]), int(x[-1])],
        y=[value, value],
        mode="lines",
        name=name,
        line={"color": SPEAK, "width": 3, "dash": "dash"},
    )


def _laid_out(figure: go.Figure, x: str, y: str, yaxis: dict[str, Any]) -> go.Figure:
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        height=400,
        font={"size": TEXT_SIZE},
        legend={"orientation": "h", "yanchor": "top", "y": -0.28, "x": 0, "font": {"size": TEXT_SIZE}},
        hovermode="x unified",
        xaxis={"title": {"text": x, "font": {"size": TEXT_SIZE}}, "gridcolor": GRID, "tickfont": {"size": TEXT_SIZE}},
        yaxis={
            "title": {"text": y, "font": {"size": TEXT_SIZE}},
            "gridcolor": GRID,
            "tickformat": ".0%",
            "zeroline": False,
            "tickfont": {"size": TEXT_SIZE},
            **yaxis,
        },
    )
    return figure
