"""Five figures of the dropout paper on its own data, MNIST: shipped from a script, beside the paper's own values."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from lib.figures.activations import activations_figure
from lib.figures.lines import Line, Spot, lines_figure
from lib.studies.digits_figures import BIN_WIDTH, BINS
from lib.studies.paper_mnist import (
    ALL,
    BATCH,
    DROPOUT,
    DROPOUT_MAX_NORM,
    EPOCHS,
    FIGURE_4_NETWORKS,
    FIGURE_9_DIGITS,
    FIGURE_9_UNITS,
    KEPT_UNITS,
    RATES,
    SIZES,
    STANDARD,
    TABLE_2,
    TRIALS,
    Value,
    ahead_from,
    curve,
    enough_passes,
    final_errors,
    gains,
    has_order_of_table_2,
    is_finished,
    is_flat,
    layers_of,
    load_values,
    rises_then_declines,
)
from lib.web.elements.chart import chart
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import table
from lib.web.frame.language import _, decimal, in_parts, listed, percent, prose, signed

Rows = Sequence[tuple[float, float, float, float]]

_EPOCH = ALL // BATCH  # steps
_FIRST = layers_of(FIGURE_4_NETWORKS[0])  # the network of Figure 4 that is drawn, and of Figures 8, 10 and 11
_SHOWN = (0.009, 0.03)  # of the errors while networks train, as in the paper's figure
_RATES_SHOWN = (0.0, 0.2)  # of the errors over p: at p = 0.9 a network hardly learns, which the text says


@functools.cache  # one list, 0.3 MB
def measured() -> list[Value]:
    """What ships with the program."""
    return load_values()


def mnist_chart(figure: int) -> None:
    """Draw a figure from what is measured, or say that nothing is yet."""
    if not _is_there(figure):
        st.info(prose("today", "mnist-missing"))
        return
    {4: _training, 8: _activations, 9: _rates, 10: _sizes, 11: _averages}[figure]()


def mnist_findings(figure: int) -> str:
    """What the shipped runs say, in numbers read from the data, and whether it is what the paper says."""
    found: dict[int, Callable[[], str]] = {
        4: _table_2, 8: _sparser, 9: _best_rate, 10: _most_gain, 11: _as_good_as,
    }  # fmt: skip
    return found[figure]() if _is_there(figure) else ""


def _is_there(figure: int) -> bool:
    """Whether a figure is measured; of Figures 9 and 10, every point of at least one seed."""
    if figure == 9:
        return bool(_half("9a"))
    if figure == 10:
        return len(curve(measured(), "10", over="n")) == len(SIZES) and bool(_networks())
    return any(each.figure == str(figure) for each in measured())


def _half(half: str) -> Rows:
    """One half of Figure 9, once all of its rates are measured."""
    rows = curve(measured(), half, over="p")
    return rows if len(rows) == len(RATES) else []


def mnist_differs(figure: int) -> str:
    """Why the values differ from the paper's, and what they cost."""
    done = [trial for trial in TRIALS if is_finished(trial, measured())]
    return prose(
        "today",
        "mnist-differs",
        units=decimal(FIGURE_4_NETWORKS[0][0], 0),
        epochs=EPOCHS,
        digits=decimal(FIGURE_9_DIGITS, 0),
        seeds=len({each.seed for each in measured() if each.figure.rstrip("ab") == str(figure)}),
        minutes=decimal(cost(measured()) / 60, 0),
        done=len(done),
        all=len(TRIALS),
    )


def cost(values: Sequence[Value]) -> float:
    """Seconds on one core: of each network its training, which its last value has, and of each measuring, once."""
    last: dict[tuple[object, ...], float] = {}
    for each in values:
        network = (each.figure, each.layers, each.n, each.p, each.max_norm, each.seed)
        last[network] = max(last.get(network, 0.0), each.seconds)
    return sum(last.values())


def _arm_names() -> dict[tuple[float, float], str]:
    return {
        STANDARD: _("without dropout"),
        DROPOUT: _("with dropout"),
        DROPOUT_MAX_NORM: _("with dropout and max-norm"),
    }


def _line(name: str, rows: Rows, style: int, *, markers: bool = True) -> Line:
    x, mean, low, high = (list(column) for column in zip(*rows, strict=True))
    return Line(name, x, mean, low, high, style, markers)


def _training() -> None:
    """Figure 4, and Table 2 below it."""
    names, layers = _arm_names(), _FIRST
    lines = []
    for (p, c), style in zip(names, (0, 1, 2), strict=True):
        rows = curve(measured(), "4", over="step", layers=layers, p=p, max_norm=c)
        epochs = [(step / _EPOCH, *rest) for step, *rest in rows]
        lines.append(_line(names[p, c], epochs, style, markers=False))  # type: ignore[arg-type]
    spots = [Spot(_("the paper, in Table 2"), EPOCHS, error) for error in TABLE_2.values()]
    ends = final_errors(measured(), layers)
    chart(
        drawn_once(
            lines_figure,
            lines,
            x_label=_("epochs, each of them all 60,000 digits"),
            y_label=_("test error"),
            spots=spots,
            percent=True,
            y_range=_SHOWN,
        ),
        key="mnist_4",
        alt=in_parts(f"{names[arm]}: {percent(mean, 2)}" for arm, (mean, *_r) in ends.items()),
    )
    head = [_("test error"), _("the paper"), *(_("here, {layers}", layers=each) for each in _networks())]
    rows_of = [
        [
            names[arm],
            percent(TABLE_2[arm], 2),
            *(_mean_and_range(*final_errors(measured(), layers)[arm]) for layers in _networks()),
        ]
        for arm in TABLE_2
    ]
    table(head, rows_of, "l" + "r" * (len(head) - 1))


def _networks() -> list[str]:
    """The networks of Figure 4 that are measured."""
    return [layers for layers in map(layers_of, FIGURE_4_NETWORKS) if final_errors(measured(), layers)]


def _mean_and_range(mean: float, low: float, high: float) -> str:
    return _("{mean} ({low} to {high})", mean=percent(mean, 2), low=percent(low, 2), high=percent(high, 2))


def _rates() -> None:
    """Figure 9, both halves."""
    names = {
        "9a": _("{n} units in each layer", n=FIGURE_9_UNITS),
        "9b": _("as many units as keep {n} of them", n=KEPT_UNITS),
    }
    lines = [_line(names[half], rows, style) for half, style in (("9a", 2), ("9b", 1)) if (rows := _half(half))]
    _errors_chart(9, lines, x_label=_("p, the dropout rate"), digits=1, y_range=_RATES_SHOWN)


def _sizes() -> None:
    """Figure 10; all digits are Figure 4's."""
    lines = []
    for arm, style in ((STANDARD, 0), (DROPOUT, 2)):
        rows = curve(measured(), "10", over="n", p=arm[0])
        if arm in (ends := final_errors(measured(), _FIRST)):
            rows.append((ALL, *ends[arm]))
        lines.append(_line(_arm_names()[arm], rows, style))
    _errors_chart(10, lines, x_label=_("training digits"), digits=0, logarithmic_x=True, x_ticks=(*SIZES, ALL))


def _averages() -> None:
    """Figure 11: one line for the averages, and a dashed one for the network with dropout off."""
    rows = curve(measured(), "11", over="passes")
    line = _line(_("the mean of so many masked passes"), rows[1:], 2)
    _errors_chart(
        11,
        [line],
        x_label=_("masked passes"),
        digits=0,
        logarithmic_x=True,
        x_ticks=[passes for passes, *_r in rows[1:]],
        floor=(_("one pass with dropout off"), rows[0][1]),
    )


def _errors_chart(figure: int, lines: list[Line], *, x_label: str, digits: int, **how: Any) -> None:
    chart(
        drawn_once(lines_figure, lines, x_label=x_label, y_label=_("test error"), percent=True, **how),
        key=f"mnist_{figure}",
        alt=in_parts(
            _(
                "{name}: {values}",
                name=line.name,
                values=listed(f"{decimal(x, digits)} {percent(y, 2)}" for x, y in zip(line.x, line.y, strict=True)),
            )
            for line in lines
        ),
    )


def _activations() -> None:
    """Figure 8, of the networks of Figure 4."""
    shares = {
        p: [row[0][1] for i in range(BINS) if (row := curve(measured(), "8", f"bin{i}", over="p", p=p))]
        for p in (0.0, 0.5)
    }
    chart(
        drawn_once(
            activations_figure,
            [(_("without dropout"), shares[0.0], 0), ("p = 0.5", shares[0.5], 2)],
            BIN_WIDTH,
            x_label=_("activation of a unit for a digit"),
            y_label=_("share of the activations"),
        ),
        key="mnist_8",
        alt=_sparser(),
    )


def _table_2() -> str:
    errors = final_errors(measured(), _FIRST)
    return prose(
        "today",
        "mnist-4" if has_order_of_table_2(errors) else "mnist-4-not",
        standard=percent(errors[STANDARD][0], 2),
        dropout=percent(errors[DROPOUT][0], 2),
        max_norm=percent(errors[DROPOUT_MAX_NORM][0], 2),
        first=decimal((ahead_from(measured(), _FIRST) or 0) / _EPOCH, 0),
        gain=decimal(100 * (errors[STANDARD][0] - errors[DROPOUT][0])),
        paper_gain=decimal(100 * (TABLE_2[STANDARD] - TABLE_2[DROPOUT])),
        gain_c=decimal(100 * (errors[STANDARD][0] - errors[DROPOUT_MAX_NORM][0])),
        paper_gain_c=decimal(100 * (TABLE_2[STANDARD] - TABLE_2[DROPOUT_MAX_NORM])),
    )


def _sparser() -> str:
    return in_words_of_figure_8(lambda quantity, p: curve(measured(), "8", quantity, over="p", p=p)[0][1])


def in_words_of_figure_8(found_at: Callable[[str, float], float]) -> str:
    """What Figure 8 shows, on any digits: ``found_at("silent", p)`` is a share, ``found_at("mean", p)`` a mean."""
    found = {(quantity, p): found_at(quantity, p) for quantity in ("silent", "mean") for p in (0.0, 0.5)}
    more_silent = found["silent", 0.5] > found["silent", 0.0]
    return prose(
        "today",
        "figure-8" if more_silent else "figure-8-not",
        silent=percent(found["silent", 0.0]),
        silent_p=percent(found["silent", 0.5]),
        mean=decimal(found["mean", 0.0]),
        mean_p=decimal(found["mean", 0.5]),
    )


def _best_rate() -> str:
    parts = []
    for half in ("9a", "9b"):
        rows = _half(half)
        if not rows:
            continue
        best = min(rows, key=lambda row: row[1])
        verdict = {"9a": is_flat(rows), "9b": 0.0 < best[0] < 0.9}[half]
        within = [error for p, error, *_r in rows if 0.2 <= p <= 0.6]
        parts.append(
            prose(
                "today",
                f"mnist-{half}" if verdict else f"mnist-{half}-not",
                n=FIGURE_9_UNITS if half == "9a" else KEPT_UNITS,
                best=decimal(best[0], 1),
                error=percent(best[1], 2),
                none=percent(rows[0][1], 2),
                low=percent(min(within), 2),
                high=percent(max(within), 2),
                last=percent(rows[-1][1], 2),
                most=decimal(rows[-1][0], 1),
            )
        )
    return " ".join(parts)


def _most_gain() -> str:
    changes = gains(measured())
    most = max(changes, key=lambda change: change[1])
    return prose(
        "today",
        "mnist-10" if rises_then_declines(changes) else "mnist-10-not",
        few=decimal(changes[0][0], 0),
        first=signed(100 * changes[0][1]),
        at=decimal(most[0], 0),
        gain=signed(100 * most[1]),
        many=decimal(changes[-1][0], 0),
        last=signed(100 * changes[-1][1]),
    )


def _as_good_as() -> str:
    rows, enough = curve(measured(), "11", over="passes"), enough_passes(measured())
    return prose(
        "today",
        "mnist-11" if enough else "mnist-11-not",
        off=percent(rows[0][1], 2),
        one=percent(rows[1][1], 2),
        passes=enough or 0,
        most=decimal(rows[-1][0], 0),
        last=percent(rows[-1][1], 2),
    )
