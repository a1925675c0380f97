"""Which die changes what: shares of variation, profiles over k, and variety against acceptance."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.figures.figure import AXIS, LEGEND, TEXT, Figure, Part, figure, number_or_gap, title
from lib.figures.palette import FLOOR, HURT, LEARN, SPEAK, TEXT_SIZE
from lib.statistics.intervals import Estimate

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_LEGEND: Part = {**LEGEND, "yanchor": "top", "y": -0.26, "traceorder": "normal"}
_MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}


@dataclass(frozen=True)
class EffectLabels:
    """The words in the figure of effects, in the person's language."""

    dropout: str
    top_k: str
    interaction: str
    share: str  # the axis


def effects_figure(
    measures: Sequence[str],
    shares: Sequence[Sequence[float]],
    percentages: Sequence[Sequence[str]],
    labels: EffectLabels,
) -> Figure:
    """A bar for each measure: its variation over the table, split into that of rows, of columns, and their interaction.

    ``shares`` (measures, 3) as `lib.experiment.Decomposition.shares` gives them, and each in words.
    """
    bars: list[Part] = []
    parts = ((labels.dropout, LEARN, ""), (labels.top_k, SPEAK, "/"), (labels.interaction, FLOOR, "x"))
    for i, (name, colour, shape) in enumerate(parts):
        values = [each[i] for each in shares]
        pattern = {"shape": shape, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.35)", "size": 7}
        bars.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": values,
                "y": list(measures),
                "name": name,
                "marker": {"color": colour, "pattern": pattern},
                # White on these hues is readable at 15 px bold or more; a narrow part has no room for its number.
                "text": [
                    f"<b>{each[i]}</b>" if value >= 0.08 else ""
                    for value, each in zip(values, percentages, strict=True)
                ],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"color": "white", "size": TEXT_SIZE + 2},
                "hovertemplate": "%{y}: %{x}<extra>" + name + "</extra>",
            }
        )
    return figure(
        bars,
        {
            "barmode": "stack",
            "bargap": 0.28,
            "margin": _MARGIN,
            "height": 370,
            "legend": _LEGEND,
            "xaxis": {
                **AXIS,
                "title": title(labels.share),
                "tickformat": ".0%",
                "hoverformat": ".1%",
                "range": [0, 1.02],
                "dtick": 0.25,
            },
            "yaxis": {"autorange": "reversed", "tickfont": TEXT, "automargin": True},
        },
    )


@dataclass(frozen=True)
class Profile:
    """One line of the profile figure: a row of the table."""

    name: str
    values: Sequence[Estimate]
    grammar: bool = False


def profiles_figure(ks: Sequence[str], profiles: Sequence[Profile], axis: str, k_axis: str, *, percent: bool) -> Figure:
    """One measure over the columns, with a line and intervals for each row: parallel lines mean no interaction.

    An unknown value leaves a gap in its line.
    """
    lines: list[Part] = []
    for i, profile in enumerate(profiles):
        dash, symbol = _DASHES[i % len(_DASHES)], _SYMBOLS[i % len(_SYMBOLS)]
        if profile.grammar:
            dash, symbol = "longdashdot", "line-ew-open"
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": list(ks),
                "y": [number_or_gap(each.value) for each in profile.values],
                "error_y": {**_whiskers(profile.values), "thickness": 2, "width": 6},
                "name": profile.name,
                "line": {"color": FLOOR if profile.grammar else LEARN, "width": 3, "dash": dash},
                "marker": {"symbol": symbol, "size": 12},
            }
        )
    return _figure(
        lines,
        {"title": title(k_axis), "type": "category"},
        {"title": title(axis), "tickformat": ".0%" if percent else ".2f"},
    )


@dataclass(frozen=True)
class VarietyLabels:
    """The words in the figure of variety, in the person's language."""

    accepted: str
    different: str
    off: str
    on: str


def variety_figure(
    ks: Sequence[str],
    off: Sequence[tuple[Estimate, Estimate]],
    on: Sequence[tuple[Estimate, Estimate]],
    labels: VarietyLabels,
) -> Figure:
    """Variety against acceptance, with a point for each k: once with dropout off, once with dropout left on.

    ``off`` and ``on`` hold (accepted, different) for each of ``ks``. Further right there are more possible sentences,
    further up more different ones.
    """
    beside = ["top center" if different.value > 0.9 else "middle right" for _, different in off]
    looks = (
        (labels.off, off, SPEAK, "circle", "solid", beside),
        (labels.on, on, HURT, "x", "dot", "bottom center"),
    )
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers+text",
            "x": [accepted.value for accepted, _ in points],
            "y": [different.value for _, different in points],
            "error_x": {**_whiskers([accepted for accepted, _ in points]), "thickness": 1.5, "width": 4},
            "text": list(ks),
            "textposition": places,
            "name": name,
            "line": {"color": colour, "width": 2.5, "dash": dash},
            "marker": {"size": 12, "symbol": symbol},
        }
        for name, points, colour, symbol, dash, places in looks
    ]
    lowest = min((accepted.low for accepted, _ in (*off, *on)), default=0.0)
    return _figure(
        lines,
        {"title": title(labels.accepted), "tickformat": ".0%", "range": [max(0.0, lowest - 0.06), 1.03]},
        {"title": title(labels.different), "tickformat": ".0%", "range": [-0.08, 1.12]},
    )


def _whiskers(estimates: Sequence[Estimate]) -> Part:
    """How far each interval reaches above and below its value, where that is known."""
    return {
        "array": [number_or_gap(each.high - each.value) for each in estimates],
        "arrayminus": [number_or_gap(each.value - each.low) for each in estimates],
    }


def _figure(traces: list[Part], xaxis: Part, yaxis: Part) -> Figure:
    axes = {"xaxis": {**AXIS, **xaxis}, "yaxis": {**AXIS, **yaxis}}
    return figure(traces, {"margin": _MARGIN, "height": 400, "legend": _LEGEND, **axes})
