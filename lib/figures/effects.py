"""What moves with which die: shares of movement, profiles over k, and variety against acceptance."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from lib.figures.palette import FLOOR, GRID, HURT, LEARN, SPEAK, TEXT_SIZE
from lib.intervals import Estimate

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


@dataclass(frozen=True)
class EffectLabels:
    """The words in the figure of effects, in the person's language."""

    dropout: str
    top_k: str
    interaction: str
    share: str  # the axis


def effects_figure(measures: Sequence[str], shares: Sequence[Sequence[float]], labels: EffectLabels) -> go.Figure:
    """A bar for each measure, as long as all that moves, cut into what goes with rows, with columns, and with both.

    ``shares`` (measures, 3) as `lib.experiment.Decomposition.shares` gives them.
    """
    figure = go.Figure()
    parts = ((labels.dropout, LEARN, ""), (labels.top_k, SPEAK, "/"), (labels.interaction, FLOOR, "x"))
    for i, (name, colour, pattern) in enumerate(parts):
        values = [each[i] for each in shares]
        figure.add_bar(
            y=list(measures),
            x=values,
            orientation="h",
            name=name,
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.35)", "size": 7},
            },
            # White on these hues is readable from 15 px bold on; a slim part has no room for its number.
            text=[f"<b>{value:.0%}</b>" if value >= 0.08 else "" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "white", "size": TEXT_SIZE + 2},
            hovertemplate="%{y}: %{x:.1%}<extra>" + name + "</extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.28,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        height=370,
        font={"size": TEXT_SIZE},
        legend=_legend(),
        xaxis={
            "title": {"text": labels.share, "font": {"size": TEXT_SIZE}},
            "tickformat": ".0%",
            "range": [0, 1.02],
            "dtick": 0.25,
            "gridcolor": GRID,
            "tickfont": {"size": TEXT_SIZE},
        },
        yaxis={"autorange": "reversed", "tickfont": {"size": TEXT_SIZE}, "automargin": True},
    )
    return figure


@dataclass(frozen=True)
class Profile:
    """One line of a profile picture: a row of the table."""

    name: str
    values: Sequence[Estimate]
    grammar: bool = False


def profiles_figure(
    ks: Sequence[str], profiles: Sequence[Profile], axis: str, k_axis: str, *, percent: bool
) -> go.Figure:
    """One measure over the columns, a line for each row with its intervals: parallel lines are no interaction."""
    figure = go.Figure()
    for i, profile in enumerate(profiles):
        values = [each.value for each in profile.values]
        figure.add_scatter(
            x=list(ks),
            y=values,
            error_y={
                "array": [each.high - each.value for each in profile.values],
                "arrayminus": [each.value - each.low for each in profile.values],
                "thickness": 2,
                "width": 6,
            },
            mode="lines+markers",
            name=profile.name,
            line={
                "color": FLOOR if profile.grammar else LEARN,
                "width": 3,
                "dash": "longdashdot" if profile.grammar else _DASHES[i % len(_DASHES)],
            },
            marker={"symbol": "line-ew-open" if profile.grammar else _SYMBOLS[i % len(_SYMBOLS)], "size": 12},
        )
    return _laid_out(
        figure,
        {"title": {"text": k_axis}, "type": "category"},
        {"title": {"text": axis}, "tickformat": ".0%" if percent else ".2f"},
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
) -> go.Figure:
    """Variety against acceptance, a point for each k: once with dropout off, once with dropout left on.

    ``off`` and ``on`` hold (accepted, different) for each of ``ks``. Further right is more possible sentences, further
    up more different ones.
    """
    figure = go.Figure()
    for name, points, colour, symbol, dash, places in (
        (
            labels.off,
            off,
            SPEAK,
            "circle",
            "solid",
            ["top center" if d.value > 0.9 else "middle right" for _, d in off],
        ),
        (labels.on, on, HURT, "x", "dot", "bottom center"),
    ):
        figure.add_scatter(
            x=[accepted.value for accepted, _ in points],
            y=[different.value for _, different in points],
            error_x={
                "array": [accepted.high - accepted.value for accepted, _ in points],
                "arrayminus": [accepted.value - accepted.low for accepted, _ in points],
                "thickness": 1.5,
                "width": 4,
            },
            mode="lines+markers+text",
            text=list(ks),
            textposition=places,
            name=name,
            line={"color": colour, "width": 2.5, "dash": dash},
            marker={"size": 12, "symbol": symbol},
        )
    lowest = min((accepted.low for accepted, _ in (*off, *on)), default=0.0)
    return _laid_out(
        figure,
        {"title": {"text": labels.accepted}, "tickformat": ".0%", "range": [max(0.0, lowest - 0.06), 1.03]},
        {"title": {"text": labels.different}, "tickformat": ".0%", "range": [-0.08, 1.12]},
    )


def _legend() -> dict[str, object]:
    return {
        "orientation": "h",
        "yanchor": "top",
        "y": -0.26,
        "x": 0,
        "font": {"size": TEXT_SIZE},
        "traceorder": "normal",
    }


def _laid_out(figure: go.Figure, xaxis: dict[str, object], yaxis: dict[str, object]) -> go.Figure:
    quiet = {"gridcolor": GRID, "zeroline": False, "tickfont": {"size": TEXT_SIZE}, "title_font": {"size": TEXT_SIZE}}
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        height=400,
        font={"size": TEXT_SIZE},
        legend=_legend(),
        xaxis={**quiet, **xaxis},
        yaxis={**quiet, **yaxis},
    )
    return figure
