"""The same in a real language model: what dropout changed in its fine-tuning, and what a cut did; from a script."""

import functools
from collections.abc import Sequence

import streamlit as st

from lib.figures.lines import Line, lines_figure
from lib.statistics.intervals import Estimate
from lib.story import load_story
from lib.studies.fine_tuning import (
    ARMS,
    GRAMMAR,
    KS,
    MODEL,
    PROMPT_WORDS,
    PROMPTS,
    WITHOUT,
    Arm,
    Copying,
    FineTuningConfig,
    Loss,
    change,
    curve,
    ends_lower,
    hours,
    load_copying,
    load_losses,
    share_of,
    told_apart,
)
from lib.web.elements.chart import chart
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import markdown_table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_sentences, listed, percent, prose, signed, strong
from lib.web.frame.navigation import link_to
from lib.web.two_dice.table import cut, interval_text, learned, measure_name, p_text, value_text

_IN_WORDS: tuple[Arm, ...] = (("lora", 0.3), ("residual", 0.1), ("residual", 0.3))  # whose effect is put into words
_HEIGHT = 330  # px of a chart: the page still prints on two sheets
_STYLES = (0, 1, 2, 4, 5)  # of the curves: each place has its own hues


@functools.cache
def _shipped() -> tuple[list[Loss], list[Copying]]:
    """What ships with the program; nobody may change it."""
    return load_losses(), load_copying()


def real_llm() -> None:
    """The table, what it says in words, and, once somebody opens them, the curves and how it was measured."""
    losses, copying = _shipped()
    config = FineTuningConfig()
    what = prose("two_dice", "real-llm", n=config.sentences, words=PROMPT_WORDS)
    said = "\n".join(f"- {each}" for each in findings(losses, copying))
    # One element: each costs a hundred bytes of every rerun.
    parts = what, _recorded(losses, copying), _table(copying, "copied"), said
    lesson.section(_("The same in a real LLM"), "\n\n".join(parts))
    label = _("The curves, how much is possible, and how all of this was measured")
    expander = st.expander(label, icon=":material/table:", on_change="rerun", key="real_llm_numbers")
    if expander.open:
        with expander:
            for column, quantity in zip(st.columns(2, gap="large"), ("train_loss", "val_loss"), strict=True):
                with column:
                    _losses_chart(losses, quantity)
            st.markdown(_table(copying, "possible"))
            st.caption(prose("two_dice", "real-llm-how", rank=config.rank, blocks=config.blocks))
            link_to("today", _("Which dropout others fine-tune with"), {"part": "models", "die": "tune"})


def _losses_chart(losses: Sequence[Loss], quantity: str) -> None:
    """One loss over the epochs, a line for each dropout rate, beside the floor."""
    name = {"train_loss": _("training loss"), "val_loss": _("validation loss")}[quantity]
    floor = load_story("en").entropy_per_word
    lines, ends = [], []
    for arm, style in zip(ARMS, _STYLES, strict=True):
        epochs, mean, low, high = (list(each) for each in zip(*curve(losses, arm, quantity), strict=True))
        lines.append(Line(_short_name(arm), epochs, mean, low, high, style))
        ends.append(_("{arm}: {loss}", arm=_name(arm), loss=decimal(mean[-1])))
    figure = drawn_once(
        lines_figure,
        lines,
        x_label=_("epochs; 0 is before the fine-tuning"),
        y_label=_("loss (nats per word)"),
        floor=(_("floor"), floor),
        # From the first epoch on, the same in both pictures: before it the model knows nothing of the storybook.
        y_range=(0.0, 1.05 * max(each.value for each in losses if each.epoch > 0)),
    )
    st.markdown(strong(_capital(name)))
    alt = _("{name} at the end: {values}. The floor is {floor}.", name=name, values=listed(ends), floor=decimal(floor))
    chart(figure, key=f"real_llm_{quantity}", alt=alt, height=_HEIGHT)


def _short_name(arm: Arm) -> str:
    """What an arm is called in a legend."""
    place, p = arm
    return {
        "none": _("without dropout"),
        "lora": _("LoRA, p = {p}", p=p_text(p)),
        "residual": _("residual, p = {p}", p=p_text(p)),
    }[place]


def _name(arm: Arm) -> str:
    """What an arm is called in the table and in sentences."""
    place, p = arm
    return {
        "none": _("without dropout"),
        "lora": _("LoRA’s dropout, p = {p}", p=p_text(p)),
        "residual": _("residual dropout, p = {p}", p=p_text(p)),
        "grammar": learned(None),
    }[place]


def _capital(name: str) -> str:
    """As at the beginning of a sentence."""
    return name[:1].upper() + name[1:]


def _table(copying: Sequence[Copying], measure: str) -> str:
    """The share of "copied" or "possible" sentences of each arm, after beginnings of both kinds of sentences."""
    columns = [(prompts, k) for prompts in PROMPTS for k in KS]
    rows = []
    for arm in (*ARMS, GRAMMAR):
        shares = [share_of(copying, measure, arm, *column) for column in columns]
        rows.append(
            [_name(arm), *(f"{value_text(measure, each.value)} {interval_text(measure, each)}" for each in shares)]
        )
    name = measure_name({"copied": "copied", "possible": "accepted"}[measure])
    return markdown_table([name, *(_column(*each) for each in columns)], rows, "l" + "r" * len(columns))


def _column(prompts: str, k: int | None) -> str:
    """What a column is called: whose beginnings, and which cut."""
    return {
        "trained": _("training sentences, k = {k}", k=cut(k)),
        "fresh": _("fresh sentences, k = {k}", k=cut(k)),
    }[prompts]


def _recorded(losses: Sequence[Loss], copying: Sequence[Copying]) -> str:
    """That it is recorded, with which model, and what it cost."""
    runs = {(loss.place, loss.p, loss.seed) for loss in losses}
    return prose(
        "two_dice",
        "real-llm-recorded",
        model=MODEL,
        runs=len(runs),
        seeds=len({loss.seed for loss in losses}),
        epochs=FineTuningConfig().epochs,
        minutes=decimal(60 * hours(losses, copying), 0),
    )


def findings(losses: Sequence[Loss], copying: Sequence[Copying]) -> list[str]:
    """What came out, a few sentences each: memorising, dropout in both places, and the cut."""
    train, val = (curve(losses, WITHOUT, quantity) for quantity in ("train_loss", "val_loss"))
    best_epoch, best, *_range = min(val, key=lambda row: row[1])
    floor = load_story("en").entropy_per_word
    memorised = prose(
        "two_dice",
        "real-llm-memorised" if train[-1][1] < floor else "real-llm-not-memorised",
        train=decimal(train[-1][1]),
        floor=decimal(floor),
        best=decimal(best),
        epoch=decimal(best_epoch, 0),
        val=decimal(val[-1][1]),
    )
    return [memorised, *(_of_dropout(losses, copying, arm) for arm in _IN_WORDS), _of_the_cut(copying)]


def _of_dropout(losses: Sequence[Loss], copying: Sequence[Copying], arm: Arm) -> str:
    """Whether an arm copies less than no dropout, what else it cost, and whether it is better on fresh sentences."""
    copied = [share_of(copying, "copied", each, "trained", None) for each in (WITHOUT, arm)]
    before, after = (percent(share_of(copying, "possible", each, "fresh", None).value) for each in (WITHOUT, arm))
    outcome, points = _changed(*copied)
    return in_sentences(
        prose("two_dice", f"real-llm-dropout-{outcome}", name=_capital(_name(arm)), change=points),
        prose("two_dice", "real-llm-possible", before=before, after=after),
        _fresh(losses, arm),
    )


def _of_the_cut(copying: Sequence[Copying]) -> str:
    """Whether the cut changes how much the model without dropout copies."""
    outcome, points = _changed(*(share_of(copying, "copied", WITHOUT, "trained", k) for k in KS))
    return prose("two_dice", f"real-llm-cut-{outcome}", k=cut(KS[-1]), change=points)


def _changed(before: Estimate, after: Estimate) -> tuple[str, str]:
    """Whether a share fell or rose, as far as these numbers can tell, and by how much, with the interval."""
    difference = change(before, after)
    outcome = ("fewer" if difference.value < 0 else "more") if told_apart(difference) else "same"
    value, low, high = (signed(100 * each, 1) for each in (difference.value, difference.low, difference.high))
    points = _("{value} points", value=f"{value} ({low}\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}{high})")
    return outcome, points


def _fresh(losses: Sequence[Loss], arm: Arm) -> str:
    """Whether an arm ends lower than no dropout on fresh sentences: with every seed, with none, or with some."""
    lower, pairs = ends_lower(losses, arm)
    outcome = "lower" if lower == pairs else "mixed" if lower else "higher"
    without, val = (curve(losses, each, "val_loss")[-1][1] for each in (WITHOUT, arm))
    return prose("two_dice", f"real-llm-fresh-{outcome}", val=decimal(val), without=decimal(without))
