"""The average of masked passes, beside the one pass of the whole network."""

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from lib.figures.figure import AXIS, LEGEND, Figure, Part, figure, packed, title
from lib.figures.palette import FLOOR, LEARN, SPEAK

Floats = npt.NDArray[np.floating]

_BAND = "rgba(42,134,199,0.25)"  # LEARN, see-through
_MEAN: Part = {"mode": "lines", "line": {"color": LEARN, "width": 3.5}}
# More points than a line has pixels cannot be seen; more dots would overlap and slow the browser down.
MOST_POINTS = 200


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
    single: Floats, mean: Floats, error: Floats, geometric: Floats | None, full: float, labels: AverageLabels
) -> Figure:
    """One class's probability over the passes: single passes as dots, their running mean with its standard error.

    `single`, `mean`, `error`, `geometric` (N,) are probabilities after 1 to N passes, `full` is that of the eval pass.
    The geometric mean may be left out.
    The band is the mean plus and minus two standard errors; a single pass has none, so it starts at the second. If
    there are many passes, every `dots_apart(N)`-th has a dot.
    """
    n, apart, at = np.arange(1, len(single) + 1), dots_apart(len(single)), _thinned(len(single))
    dots = {"mode": "markers", "marker": {"size": 5, "color": FLOOR, "opacity": 0.6}}
    dotted = {"mode": "lines", "line": {"color": LEARN, "width": 2.5, "dash": "dot"}}
    low, high = (mean - 2 * error).clip(0, 1), (mean + 2 * error).clip(0, 1)
    traces = [
        {**dots, "type": "scatter", "x0": 1, "dx": apart, "y": packed(single[::apart]), "name": labels.single},
        *_band(n[at[1:]], low[at[1:]], high[at[1:]], labels.band),
        {**_MEAN, "type": "scatter", "x": packed(n[at]), "y": packed(mean[at]), "name": labels.mean},
        _level(n, full, labels.full),
    ]
    if geometric is not None:
        traces.insert(
            -1, {**dotted, "type": "scatter", "x": packed(n[at]), "y": packed(geometric[at]), "name": labels.geometric}
        )
    return _figure(traces, labels.passes, labels.value, {"range": [-0.03, 1.03]})


def dots_apart(passes: int) -> int:
    """The number of passes from one dot to the next, such that there are at most `MOST_POINTS` dots.

    >>> dots_apart(200), dots_apart(500), dots_apart(1000)
    (1, 3, 5)
    """
    return ceil(passes / MOST_POINTS)


@dataclass(frozen=True)
class MonteCarloLabels:
    """The words in the figure of the validation error, in the person's language."""

    passes: str
    value: str
    mean: str
    band: str
    full: str


def monte_carlo_figure(error: Floats, full: float, labels: MonteCarloLabels) -> Figure:
    """Validation error of the mean of N masked passes, as in Figure 11 of Srivastava et al. (2014).

    `error` (R, N) has R repetitions. The line is their mean, the band one standard deviation to each side. `full` is
    the error of the one eval pass.
    """
    n = np.arange(1, error.shape[1] + 1)
    mean, spread = error.mean(axis=0), error.std(axis=0, ddof=1)
    traces = [
        *_band(n, (mean - spread).clip(0, 1), (mean + spread).clip(0, 1), labels.band),
        {**_MEAN, "type": "scatter", "x": packed(n), "y": packed(mean), "name": labels.mean},
        _level(n, full, labels.full),
    ]
    return _figure(traces, labels.passes, labels.value, {"rangemode": "tozero"})


def _thinned(n: int) -> npt.NDArray[np.integer]:
    """At most `MOST_POINTS` of n indices, densest at the start, where a running mean moves most."""
    if n <= MOST_POINTS:
        return np.arange(n)
    return np.unique(np.geomspace(1, n, MOST_POINTS).round().astype(int)) - 1


def _band(x: npt.NDArray[np.integer], low: Floats, high: Floats, name: str) -> list[Part]:
    edge = {"type": "scatter", "x": packed(x), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        {**edge, "y": packed(low), "showlegend": False},
        {**edge, "y": packed(high), "fill": "tonexty", "fillcolor": _BAND, "name": name},
    ]


def _level(x: npt.NDArray[np.integer], value: float, name: str) -> Part:
    look = {"mode": "lines", "line": {"color": SPEAK, "width": 3, "dash": "dash"}}
    return {"type": "scatter", "x": [int(x[0]), int(x[-1])], "y": [value, value], "name": name, **look}


def _figure(traces: list[Part], x: str, y: str, yaxis: Part) -> Figure:
    return figure(
        traces,
        {
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "height": 400,
            "legend": {**LEGEND, "yanchor": "top", "y": -0.28},
            "hovermode": "x unified",
            "xaxis": {**AXIS, "title": title(x)},
            "yaxis": {**AXIS, "title": title(y), "tickformat": ".0%", **yaxis},
        },
    )
