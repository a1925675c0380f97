"""The figures of the dropout paper: on MNIST as in the paper, and three of them on small digits, with a point live."""

import functools
from collections.abc import Callable
from functools import partial

import streamlit as st

from lib.figures.activations import activations_figure
from lib.figures.lines import Line, Spot, lines_figure
from lib.listings.today import paper_listing
from lib.listings.training import training_listing
from lib.studies.digits_figures import (
    BIN_WIDTH,
    BINS,
    FIGURE_9_SIZE,
    FIGURE_10_RATES,
    FIGURE_10_SIZES,
    LABEL_NOISE,
    Value,
    curve,
    load_values,
)
from lib.studies.digits_trial import DigitsRun, DigitsTrial
from lib.studies.facts import load_facts
from lib.studies.paper_mnist import DROPOUT_MAX_NORM, FIGURE_4_NETWORKS
from lib.web.elements.chart import chart
from lib.web.elements.citation import citation
from lib.web.elements.controls import Controls
from lib.web.elements.drawn_once import drawn_once
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_parts, listed, percent, prose, signed, strong
from lib.web.today.paper_mnist import in_words_of_figure_8, mnist_chart, mnist_differs, mnist_findings
from lib.web.today.runs import computed, train_button
from lib.web.today.settings import Settings

FIGURES_ON_DIGITS = (9, 10, 8)


def paper_part() -> Callable[[], str]:
    """The chosen figure, the paper's own beside it in words, and one point run again."""
    with lesson.picture(Settings) as (controls, stage):
        _choose(controls)
        settings, started = controls.settings(), controls.run()
        figure, noise = settings.fig, settings.flips
        on_digits = is_on_digits(settings)
        own = _own_values(trial_of(started) if started and on_digits else None)
    with stage:
        if not on_digits:
            mnist_chart(figure)
        elif figure == 8:
            _activations(own, noise)
        else:
            _errors(own, figure, noise)
    claim = load_facts().claim(f"figure-{figure}")
    findings = _findings(figure, noise) if on_digits else mnist_findings(figure)
    paper, here = strong(_("The paper")), strong(_("Here"))
    st.markdown(f"{paper} · {_(claim.text)} {citation(claim)}")
    if findings:
        st.markdown(f"{here} · {findings}")
    st.caption(prose("today", "paper-differs", seeds=_seeds()) if on_digits else mnist_differs(figure))
    if on_digits:
        return lambda: training_listing(trial_of(settings).config())
    return lambda: paper_listing(FIGURE_4_NETWORKS[0], DROPOUT_MAX_NORM)


def is_on_digits(settings: Settings) -> bool:
    """Whether the small digits are shown; Figures 4 and 11 are there on MNIST alone."""
    return settings.images == "digits" and settings.fig in FIGURES_ON_DIGITS


def _choose(controls: Controls[Settings]) -> None:
    """The controls, and the button that trains the point that they describe."""
    figure = controls.segmented("fig", _("Figure of the paper"))
    shows = {
        4: _("Error while a network trains"),
        9: _("Error against the dropout rate"),
        10: _("Error against the size of the data set"),
        11: _("Averages of masked passes"),
        8: _("Activations of a hidden layer"),
    }
    st.caption(shows[figure])
    if figure not in FIGURES_ON_DIGITS:
        return
    data = {"mnist": "MNIST", "digits": _("8 × 8, live")}
    if controls.segmented("images", _("Data"), data) == "mnist":
        return
    controls.segmented("flips", _("Wrong labels"), {share: percent(share, 0) for share in LABEL_NOISE})
    st.markdown(strong(_("Train one point yourself")))
    if figure == 10:
        controls.steps("digits", _("Training digits"))
    controls.slider("drop", _("p, the dropout rate"))
    train_button(controls)


def trial_of(settings: Settings) -> DigitsTrial:
    """The one point that these settings ask for."""
    size = settings.digits if settings.fig == 10 else FIGURE_9_SIZE
    return DigitsTrial(10 if settings.fig == 10 else 9, size, settings.flips, (settings.drop,), settings.seed)


def _own_values(asked: DigitsTrial | None) -> list[Value]:
    """What a point comes to that somebody has asked for, in words too; nothing before it is trained."""
    run = computed(asked, partial(DigitsRun, asked)) if asked else None
    if not asked or not run:
        return []
    own: list[Value] = run.values
    st.success(
        _(
            "Your run, with {n} digits and p = {p}: {train} training error, {val} validation error.",
            n=decimal(asked.n, 0),
            p=decimal(asked.rates[0]),
            train=percent(_of(own, "train_error")),
            val=percent(_of(own, "val_error")),
        )
    )
    return own


@functools.cache  # one list, 0.3 MB: reading it takes 5 ms
def _shipped() -> list[Value]:
    return load_values()


@functools.cache  # what the controls can ask for: 145 curves of the shipped values, 0.1 MB
def _curve(
    figure: int, quantity: str, noise: float, *, over: str, p: float | None = None
) -> list[tuple[float, float, float, float]]:
    return curve(_shipped(), figure, quantity, noise, over=over, **({} if p is None else {"p": p}))


@functools.cache
def _seeds() -> int:
    return len({each.seed for each in _shipped()})


def _of(values: list[Value], quantity: str) -> float:
    return next(each.value for each in values if each.quantity == quantity and each.figure != 8)


def _errors(own: list[Value], figure: int, noise: float) -> None:
    lines, descriptions = [], []
    arms: list[tuple[str, str, float | None, int]]
    if figure == 9:
        arms = [(_("validation"), "val_error", None, 2), (_("training"), "train_error", None, 1)]
    else:
        names = {0.0: _("validation, without dropout"), 0.5: _("validation, p = 0.5")}
        arms = [(names[p], "val_error", p, 0 if p == 0 else 2) for p in FIGURE_10_RATES]
    over = "p" if figure == 9 else "n"
    for name, quantity, at_p, style in arms:
        rows = _curve(figure, quantity, noise, over=over, p=at_p)
        if not rows:
            continue
        x, mean, low, high = (list(column) for column in zip(*rows, strict=True))
        lines.append(Line(name, x, mean, low, high, style))
        descriptions.append(
            _(
                "{name}: {values}",
                name=name,
                values=listed(f"{decimal(at, 1 if figure == 9 else 0)} {percent(y)}" for at, y, *_r in rows),
            )
        )
    spots = [
        Spot(_("your run"), each.p if figure == 9 else each.n, each.value)
        for each in own
        if (each.figure, each.quantity, each.label_noise) == (figure, "val_error", noise)
    ]
    chart(
        drawn_once(
            lines_figure,
            lines,
            x_label=_("p, the dropout rate") if figure == 9 else _("training digits"),
            y_label=_("error"),
            logarithmic_x=figure == 10,
            x_ticks=FIGURE_10_SIZES if figure == 10 else None,
            spots=spots,
            percent=True,
        ),
        key=f"figure_{figure}",
        alt=in_parts(descriptions),
    )


def _activations(own: list[Value], noise: float) -> None:
    def shares(rate: float) -> list[float]:
        rows = [_curve(8, f"bin{i}", noise, over="p", p=rate) for i in range(BINS)]
        return [row[0][1] for row in rows if row]

    arms = [(_("without dropout"), shares(0.0), 0), ("p = 0.5", shares(0.5), 2)]
    mine = [each.value for each in own if each.figure == 8 and each.quantity.startswith("bin")]
    if mine:
        arms.append((_("your run"), mine, 4))
    chart(
        drawn_once(
            activations_figure,
            arms,
            BIN_WIDTH,
            x_label=_("activation of a unit for a digit"),
            y_label=_("share of the activations"),
        ),
        key="figure_8",
        alt=_findings(8, noise),
    )


def _findings(figure: int, noise: float) -> str:
    """What the shipped runs say, in numbers read from the data."""
    return {8: _figure_8, 9: _figure_9, 10: _figure_10}[figure](noise)


def _figure_8(noise: float) -> str:
    return in_words_of_figure_8(lambda quantity, p: _curve(8, quantity, noise, over="p", p=p)[0][1])


def _figure_9(noise: float) -> str:
    rows = _curve(9, "val_error", noise, over="p")
    best = min(rows, key=lambda row: row[1])
    return prose(
        "today",
        "figure-9",
        best=decimal(best[0], 1),
        error=percent(best[1]),
        none=percent(rows[0][1]),
        most=decimal(rows[-1][0], 1),
        last=percent(rows[-1][1]),
    )


def _figure_10(noise: float) -> str:
    without = _curve(10, "val_error", noise, over="n", p=0.0)
    with_dropout = {row[0]: row[1] for row in _curve(10, "val_error", noise, over="n", p=0.5)}
    gains = [(n, error - with_dropout[n]) for n, error, *_r in without if n in with_dropout]
    most = max(gains, key=lambda gain: gain[1])
    return prose(
        "today",
        "figure-10",
        few=decimal(gains[0][0], 0),
        first=signed(100 * gains[0][1], 1),
        at=decimal(most[0], 0),
        gain=signed(100 * most[1], 1),
        many=decimal(gains[-1][0], 0),
        last=signed(100 * gains[-1][1], 1),
    )
