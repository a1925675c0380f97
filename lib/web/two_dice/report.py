"""Under the table: all numbers, what moves with which die, and what a forgotten eval() does."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from lib.experiment import (
    KS,
    MEASURES,
    Cell,
    CellResult,
    ExperimentConfig,
    decompose,
    interaction_by_chance,
    to_csv,
)
from lib.figures.two_dice import (
    EffectLabels,
    Profile,
    VarietyLabels,
    effects_figure,
    profiles_figure,
    variety_figure,
)
from lib.statistics.intervals import Estimate, combined
from lib.story import load_story
from lib.web.elements.chart import chart
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import html_table, markdown_table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_parts, listed, percent, prose, signed, strong
from lib.web.two_dice.runs import MeasuringJob
from lib.web.two_dice.settings import Settings
from lib.web.two_dice.table import cut, interval_text, learned, measure_name, speaks, value_text

Results = Mapping[Cell, CellResult]


def report(job: MeasuringJob, config: ExperimentConfig, settings: Settings) -> None:
    """What a finished table says, to read, to take away as a file, and to share."""
    numbers(job, config, load_story(config.language).entropy_per_word)
    st.subheader(_("Does each die do its own job?"), anchor=False)
    effects(job, config, settings.measure)
    differences(job, config, settings.p, settings.k)
    lesson.link_here()


def numbers(job: MeasuringJob, config: ExperimentConfig, floor: float) -> None:
    """Every measure of every cell with its interval, and the baselines in words."""
    all_numbers, baseline = job.derived(_numbers, config, floor)
    label = _("All four measures of all cells, with 95% intervals")
    expander = st.expander(label, icon=":material/table:", on_change="rerun", key="all_numbers")
    if expander.open:
        expander.markdown(all_numbers)
        expander.caption(prose("two_dice", "intervals", n=decimal(config.n, 0)))
        expander.download_button(
            _("The table as CSV"),
            partial(to_csv, job.results),
            "two-dice.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
    st.markdown(baseline)


def _numbers(results: Results, config: ExperimentConfig, floor: float) -> tuple[str, str]:
    rows = []
    for measure in MEASURES:
        for p in (*config.rates, None):
            cells = [results[Cell(p, k)].measure(measure) for k in config.ks]
            name = f"**{measure_name(measure)}** · {learned(p)}"
            rows.append([name, *(f"{value_text(measure, e.value)} {interval_text(measure, e)}" for e in cells)])
    fresh = results[Cell(None, None)]
    baseline = prose(
        "two_dice",
        "baseline",
        copied=percent(fresh.copied.value),
        interval=interval_text("copied", fresh.copied),
        log_probability=value_text("log_probability", fresh.log_probability.value),
        floor=decimal(floor),
    )
    return markdown_table(["", *(speaks(k) for k in config.ks)], rows, "l" + "r" * len(config.ks)), baseline


def effects(job: MeasuringJob, config: ExperimentConfig, measure: str) -> None:
    """How much of all movement goes with dropout, with top-k, and with both: for all measures, then for one."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(strong(_("Which die moves what?")))
        drawn, alt, interaction = job.derived(_effects, config, measure)
        chart(drawn_once(effects_figure, *drawn), key="effects", alt=alt)
        if interaction:
            st.markdown(interaction)
    with right:
        name = measure_name(measure)
        st.markdown(strong(_("{measure}, row by row", measure=name[:1].upper() + name[1:])))
        lines, alt = job.derived(_profiles, config, measure)
        figure = drawn_once(profiles_figure, *lines, percent=measure != "log_probability")
        chart(figure, key="profiles", alt=alt)
        st.caption(prose("two_dice", "profiles"))


def _effects(results: Results, config: ExperimentConfig, measure: str) -> tuple[tuple[Any, ...], str, str]:
    """What the picture of all measures is drawn from, what it shows, and what is left to both dice of one of them."""
    tables = {name: [[results[Cell(p, k)].measure(name) for k in config.ks] for p in config.rates] for name in MEASURES}
    # A cell without a single possible sentence has no mean log-probability.
    decomposed = {
        name: decompose([[e.value for e in row] for row in table])
        for name, table in tables.items()
        if not any(math.isnan(e.value) for row in table for e in row)
    }
    descriptions = [
        _(
            "{measure}: dropout {dropout}, top-k {top_k}, interaction {interaction}",
            measure=measure_name(name),
            **dict(zip(("dropout", "top_k", "interaction"), map(percent, each.shares), strict=True)),
        )
        for name, each in decomposed.items()
    ]
    labels = EffectLabels(
        dropout=_("dropout, while learning"),
        top_k=_("top-k, while speaking"),
        interaction=_("interaction: the two together"),
        share=_("share of all movement between the cells"),
    )
    shares = [each.shares for each in decomposed.values()]
    percentages = [[percent(share, 0) for share in each] for each in shares]
    drawn = [measure_name(name) for name in decomposed], shares, percentages, labels
    chosen = decomposed.get(measure)
    interaction = chosen and prose(
        "two_dice",
        "interaction",
        measure=measure_name(measure),
        share=percent(chosen.shares[2]),
        chance=percent(interaction_by_chance(tables[measure], chosen)),
    )
    return drawn, in_parts(descriptions), interaction or ""


def _profiles(results: Results, config: ExperimentConfig, measure: str) -> tuple[tuple[Any, ...], str]:
    """What the picture of one measure is drawn from, and what it shows."""
    profiles = [
        Profile(learned(p), [results[Cell(p, k)].measure(measure) for k in config.ks], grammar=p is None)
        for p in (*config.rates, None)
    ]
    lines = [
        _("{name}: {values}", name=profile.name, values=listed(value_text(measure, e.value) for e in profile.values))
        for profile in profiles
    ]
    ks = [cut(k) for k in config.ks]
    alt = _("{measure} for k = {ks}. {lines}", measure=measure_name(measure), ks=listed(ks), lines=in_parts(lines))
    return (ks, profiles, measure_name(measure), _("k: how many words stay in")), alt


def differences(job: MeasuringJob, config: ExperimentConfig, p: float, k: int) -> None:
    """The 2 x 2 as differences: what dropout does, what top-k does, and what one changes about the other.

    In a larger table these are its first row and that of p, where there is one.
    """
    p = p if p in config.rates else config.rates[-1]
    effects_table, in_words = job.derived(_differences, p, k)
    st.html(effects_table)
    st.caption(prose("two_dice", "differences", p=decimal(p, 1), k=k))
    st.markdown(in_words)


def _differences(results: Results, p: float, k: int) -> tuple[str, str]:
    corner = [results[Cell(row, column)] for row in (0.0, p) for column in (None, k)]
    rows: list[list[str]] = []
    plain: list[str] = []
    for measure in MEASURES:
        cells = [result.measure(measure) for result in corner]
        if any(math.isnan(e.value) for e in cells):  # no possible sentence in one of them, so no mean of theirs
            continue
        along = [combined(cells, w) for w in ((-0.5, -0.5, 0.5, 0.5), (-0.5, 0.5, -0.5, 0.5), (1, -1, -1, 1))]
        rows.append([measure_name(measure), *(_difference(measure, each) for each in along)])
        if along[2].low > 0 or along[2].high < 0:
            plain.append(_in_words(measure, p, k, cells, along[2]))
    text = prose("two_dice", "no-interaction")
    if plain:
        text = prose("two_dice", "not-perfect") + "\n" + "\n".join(f"- {line}" for line in plain)
    return html_table(["", _("dropout"), _("top-k"), _("interaction")], rows, "lrrr"), text


def _in_words(measure: str, p: float, k: int, cells: list[Estimate], interaction: Estimate) -> str:
    """One sentence on one interaction."""
    without, with_dropout = combined(cells[:2], (-1, 1)), combined(cells[2:], (-1, 1))
    return _(
        "**{measure}**: the cut at k = {k} changes it by {without} at p = 0, and by {with_dropout} at p = {p}. "
        "The difference between the two is the interaction, {interaction}.",
        measure=measure_name(measure),
        k=k,
        p=decimal(p, 1),
        without=_with_unit(measure, without.value),
        with_dropout=_with_unit(measure, with_dropout.value),
        interaction=_difference(measure, interaction),
    )


def _difference(measure: str, estimate: Estimate) -> str:
    ends = f"({_bare(measure, estimate.low)}\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}{_bare(measure, estimate.high)})"
    return f"{_with_unit(measure, estimate.value)} {ends}"


def _with_unit(measure: str, value: float) -> str:
    """A difference with its unit: percentage points, or nats."""
    bare = _bare(measure, value)
    return _("{value} nats", value=bare) if measure == "log_probability" else _("{value} points", value=bare)


def _bare(measure: str, value: float) -> str:
    """The same without the unit."""
    return signed(value, 2) if measure == "log_probability" else signed(100 * value, 1)


def forgotten_eval(p: float, results: Results) -> None:
    """The same model speaking with dropout left on, beside what top-k does to it."""

    def points(dropout_on: bool) -> list[tuple[Estimate, Estimate]]:
        cells = [results[Cell(p, k, dropout_on)] for k in KS]
        return [(cell.accepted, cell.different) for cell in cells]

    off, on = points(False), points(True)
    (good, varied), (bad, varied_on) = off[0], on[0]
    change, more = combined([bad, good], (1, -1)), combined([varied_on, varied], (1, -1))
    values: dict[str, Any] = {
        "p": decimal(p, 1),
        "off": percent(good.value),
        "on": percent(bad.value),
        "change": _difference("accepted", change),
        "varied": percent(varied.value),
        "varied_on": percent(varied_on.value),
        "more": _difference("different", more),
    }
    # Beaten: with dropout off some k has more possible sentences, and no fewer different ones as far as one can tell.
    beaten = sum(any(a.low > bad.high and d.high >= varied_on.low for a, d in off) for bad, varied_on in on)
    picture, words = st.columns([0.58, 0.42], gap="large", vertical_alignment="center")
    labels = VarietyLabels(
        accepted=_("possible sentences"),
        different=_("different sentences"),
        off=_("dropout off, as it should be (numbers: k)"),
        on=_("dropout left on"),
    )
    alt = _(
        "Different sentences against possible ones for k = all, 50, 10, 3, 1. Without a cut: {off} possible and "
        "{varied} different with dropout off; {on} and {varied_on} with dropout left on.",
        **values,
    )
    with picture:
        chart(drawn_once(variety_figure, [cut(k) for k in KS], off, on, labels), key="variety", alt=alt)
    verdict = prose("two_dice", "forgotten-beaten", beaten=beaten, points=len(on))
    words.markdown(f"{prose('two_dice', 'forgotten', **values)}\n\n{verdict}")
