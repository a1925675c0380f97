"""Five figures of the dropout paper, measured again on the paper's own data: MNIST.

Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15:1929-1958:

- **Figure 4**: the test error while a network trains, without dropout, with it, and with max-norm as well; Table 2 has
  the errors at the end.
- **Figure 8**: the activations of a hidden layer, without and with dropout.
- **Figure 9**: the test error against the dropout rate, with the number of units fixed (9a), and with the number of
  units that are kept fixed (9b): the higher the rate, the wider the network.
- **Figure 10**: the test error against the size of the data set, without and with dropout.
- **Figure 11**: the test error of the mean of several masked passes, against that of one pass with dropout off.

`scripts/measure_paper.py` makes the runs, each a `Trial`, with `lib.studies.paper_trial`; data/paper_mnist.csv holds
their results. This module lists the trials and reads the results, without PyTorch. **The paper's p is the probability
of keeping a unit; ours is the probability of dropping it.**

>>> [trial.figure for trial in TRIALS[:3]]
['4', '4', '10']
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

from lib.studies.over_seeds import over_seeds

PATH: Final = Path(__file__).resolve().parents[2] / "data" / "paper_mnist.csv"
FIGURES: Final = (4, 9, 10, 11, 8)
SEEDS: Final = (0, 1)
ALL: Final = 60_000
MAX_NORM: Final = 2.5  # the best of 2, 2.5 and 3 on 10,000 training digits held out, after 12 epochs
INPUT_RATE: Final = 0.2  # of the networks with dropout in Figures 4 and 10; Figure 9 varies the hidden layers alone

# Figure 4: the networks, side by side on the same batches: (p, max-norm), where 0 means without.
STANDARD, DROPOUT, DROPOUT_MAX_NORM = (0.0, 0.0), (0.5, 0.0), (0.5, MAX_NORM)
TABLE_2: Final = {STANDARD: 0.0160, DROPOUT: 0.0125, DROPOUT_MAX_NORM: 0.0106}  # the paper's errors, see facts.toml
FIGURE_4_NETWORKS: Final = ((800, 800), (1_024, 1_024, 1_024))
RATES: Final = (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9)
FIGURE_9_UNITS: Final = 512
KEPT_UNITS: Final = 128  # in each hidden layer of 9b, on average
SIZES: Final = (100, 500, 1_000, 5_000, 10_000)  # and ALL, from Figure 4
BATCH: Final = 100
EPOCHS: Final = 60
FEWEST_STEPS: Final = 3_000  # of Figure 10: on few digits, more epochs
FIGURE_9_DIGITS: Final = 10_000  # fourteen rates on all digits would take as long as all the rest


@dataclass(frozen=True)
class Trial:
    """One run: networks of one shape, each with its own (p, max-norm), trained side by side on the same n digits."""

    figure: str
    hidden: tuple[int, ...]
    n: int
    arms: tuple[tuple[float, float], ...]
    steps: int
    seed: int

    @property
    def layers(self) -> str:
        """The units of the hidden layers, such as "800-800"."""
        return layers_of(self.hidden)

    @property
    def input_rate(self) -> float:
        """The dropout rate of the pixels, in the networks that have dropout."""
        return 0.0 if self.figure.startswith("9") else INPUT_RATE


@dataclass(frozen=True)
class Value:
    """One measured number.

    `layers` are the units of the hidden layers, such as "800-800"; `n` the training digits; `p` the rate of dropping a
    hidden unit; `max_norm` the largest length of the weights into a unit, 0 for no limit; `step` the steps trained;
    `passes` how many masked passes were averaged, 0 for one pass with dropout off. `quantity` is "test_error" or
    "train_error" (fractions), or, for Figure 8, "silent", "mean" or "bin0" ... "bin29", as in
    `lib.studies.digits_figures.Value`. `seconds` is what it cost on one core: the training of this network up to this
    step, or, in Figures 8 and 11, the measuring.
    """

    figure: str
    layers: str
    n: int
    p: float
    max_norm: float
    seed: int
    step: int
    passes: int
    quantity: str
    value: float
    seconds: float


def layers_of(hidden: Sequence[int]) -> str:
    """Units of hidden layers in one word.

    >>> layers_of((800, 800))
    '800-800'
    """
    return "-".join(map(str, hidden))


def _trials() -> list[Trial]:
    """All runs, the most important first; Figures 8 and 11 use the first networks of Figure 4."""
    arms = (STANDARD, DROPOUT, DROPOUT_MAX_NORM)
    first, second = (
        [Trial("4", hidden, ALL, arms, _steps(ALL), seed) for seed in SEEDS] for hidden in FIGURE_4_NETWORKS
    )
    shorter, n_9 = list[Trial](), FIGURE_9_DIGITS
    for seed in SEEDS:
        for n in SIZES:
            shorter.append(Trial("10", FIGURE_4_NETWORKS[0], n, arms[:2], max(FEWEST_STEPS, _steps(n)), seed))
        shorter.append(Trial("9a", (FIGURE_9_UNITS,) * 2, n_9, tuple((p, 0.0) for p in RATES), _steps(n_9), seed))
        for p in RATES:
            wide = round(KEPT_UNITS / (1 - p))
            shorter.append(Trial("9b", (wide, wide), n_9, ((p, 0.0),), _steps(n_9), seed))
    return first + shorter + second


def _steps(n: int) -> int:
    return EPOCHS * n // BATCH


TRIALS: Final = tuple(_trials())


def load_values(path: Path = PATH) -> list[Value]:
    """Read what `append_values` wrote; an empty list if there is no file."""
    if not path.exists():
        return []
    kinds = str, str, int, float, float, int, int, int, str, float, float
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [Value(*(kind(cell) for kind, cell in zip(kinds, row, strict=True))) for row in rows]


def append_values(values: Iterable[Value], path: Path = PATH) -> None:
    """Append values; the first ones are preceded by the names of the columns."""
    is_first = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_first:
            writer.writerow(column.name for column in fields(Value))
        writer.writerows([*astuple(each)[:-2], f"{each.value:.5g}", f"{each.seconds:.1f}"] for each in values)


def is_finished(trial: Trial, values: Sequence[Value]) -> bool:
    """Whether the last value of each network of a trial is there."""
    there = {
        (each.p, each.max_norm)
        for each in values
        if (each.figure, each.layers, each.n, each.seed, each.step, each.quantity)
        == (trial.figure, trial.layers, trial.n, trial.seed, trial.steps, "train_error")
    }
    return there >= set(trial.arms)


def curve(
    values: Sequence[Value], figure: str, quantity: str = "test_error", *, over: str, **where: float | str
) -> list[tuple[float, float, float, float]]:
    """Rows of x, mean, lowest and highest over the seeds, sorted by x, the field `over`; `where` filters by others.

    >>> values = [Value("10", "8", 100, 0.5, 0, seed, 60, 0, "test_error", seed + 1, 0) for seed in (0, 1)]
    >>> curve(values, "10", over="n", p=0.5), curve(values, "10", over="n", p=0.0)
    ([(100, 1.5, 1, 2)], [])
    """
    return over_seeds(values, over=over, figure=figure, quantity=quantity, **where)


def final_errors(values: Sequence[Value], layers: str) -> dict[tuple[float, float], tuple[float, float, float]]:
    """Table 2 as measured here: mean, lowest and highest test error after the last step, for each (p, max-norm)."""
    errors = {}
    for p, c in TABLE_2:
        rows = curve(values, "4", over="step", layers=layers, p=p, max_norm=c)
        if rows:
            errors[p, c] = rows[-1][1:]
    return errors


def has_order_of_table_2(errors: dict[tuple[float, float], tuple[float, float, float]]) -> bool:
    """Whether the mean errors stand in the order of Table 2: without dropout, with it, with max-norm as well.

    >>> has_order_of_table_2({STANDARD: (0.016,) * 3, DROPOUT: (0.013,) * 3, DROPOUT_MAX_NORM: (0.012,) * 3})
    True
    """
    return errors[STANDARD][0] > errors[DROPOUT][0] > errors[DROPOUT_MAX_NORM][0]


def ahead_from(values: Sequence[Value], layers: str) -> int | None:
    """From which step on the mean test error of Figure 4 stays lower with dropout than without; None if it ends higher.

    >>> def at(p, step, error):
    ...     return Value("4", "8", 60_000, p, 0.0, 0, step, 0, "test_error", error, 1.0)
    >>> ahead_from([at(0.0, 600, 0.02), at(0.5, 600, 0.03), at(0.0, 1200, 0.02), at(0.5, 1200, 0.01)], "8")
    1200
    """
    without, with_dropout = (
        {step: error for step, error, *_r in curve(values, "4", over="step", layers=layers, p=p, max_norm=c)}
        for p, c in (STANDARD, DROPOUT)
    )
    behind = [step for step, error in without.items() if with_dropout[step] >= error]
    ahead = [step for step in without if step > max(behind, default=0)]
    return int(ahead[0]) if ahead else None


def gains(values: Sequence[Value]) -> list[tuple[int, float]]:
    """Figure 10: for each number of digits, how much lower the mean test error is with dropout than without.

    All digits are those of Figure 4's first network, which is the same.
    """
    final = final_errors(values, layers_of(FIGURE_4_NETWORKS[0]))
    without, with_dropout = (
        {int(n): error for n, error, *_r in curve(values, "10", over="n", p=p)} for p in (0.0, 0.5)
    )
    if {STANDARD, DROPOUT} <= set(final):
        without[ALL], with_dropout[ALL] = final[STANDARD][0], final[DROPOUT][0]
    return [(n, without[n] - with_dropout[n]) for n in sorted(without) if n in with_dropout]


def rises_then_declines(changes: Sequence[tuple[int, float]]) -> bool:
    """Figure 10's shape: the largest gain is neither at the fewest digits nor at the most.

    >>> rises_then_declines([(100, 0.0), (500, 0.02), (60_000, 0.01)]), rises_then_declines([(100, 0.1), (500, 0.02)])
    (True, False)
    """
    at = max(range(len(changes)), key=lambda i: changes[i][1])
    return 0 < at < len(changes) - 1


def enough_passes(values: Sequence[Value]) -> int | None:
    """Figure 11: from how many averaged passes on the mean error is no higher than with dropout off; None if never."""
    rows = curve(values, "11", over="passes")
    off = next(error for passes, error, *_r in rows if passes == 0)
    above = [passes for passes, error, *_r in rows if passes > 0 and error > off]
    after = [passes for passes, *_r in rows if passes > max(above, default=0)]
    return int(after[0]) if after else None


def is_flat(rows: Sequence[tuple[float, float, float, float]], low: float = 0.2, high: float = 0.6) -> bool:
    """Figure 9a's shape: from p = 0.2 to 0.6 the mean error changes less than a quarter of what it rises at the next p.

    Only the next one counts: with a p close to 1 a network may learn nothing at all, and beside that all is flat.

    >>> is_flat([(p, e, e, e) for p, e in ((0.0, 0.03), (0.2, 0.02), (0.6, 0.021), (0.8, 0.05), (0.9, 0.9))])
    True
    >>> is_flat([(p, e, e, e) for p, e in ((0.0, 0.03), (0.2, 0.02), (0.6, 0.04), (0.8, 0.05), (0.9, 0.9))])
    False
    """
    within = [error for p, error, *_r in rows if low <= p <= high]
    beyond = next(error for p, error, *_r in rows if p > high)
    return max(within) - min(within) < (beyond - min(within)) / 4
