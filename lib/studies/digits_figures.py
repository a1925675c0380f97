"""Three figures of the dropout paper, measured again on small digits; the paper used MNIST.

Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15:1929-1958:

- **Figure 9**: the error against the dropout rate (section 7.3).
- **Figure 10**: the error against the size of the data set, with and without dropout (section 7.4).
- **Figure 8**: the activations of a hidden layer, with and without dropout (section 7.2).

The data are the 1,797 digits of 8 x 8 pixels from `lib.datasets`, not MNIST's 70,000 of 28 x 28. The networks have two
layers of 256 units, and Figure 8 shows a classifier where the paper shows an autoencoder. So the shapes of the curves
can be compared, but not the values. **The paper's p is the probability of keeping a unit; ours is the probability of
dropping it.**

`scripts/measure_digits_figures.py` makes the runs, each a `DigitsTrial` of `lib.studies.digits_trial`, and
data/digits_figures.csv holds the results. This module reads and averages them, without PyTorch.

>>> values = load_values()
>>> sorted({value.figure for value in values})
[8, 9, 10]
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lib.studies.over_seeds import over_seeds

PATH = Path(__file__).resolve().parents[2] / "data" / "digits_figures.csv"
SEEDS = (0, 1, 2)
LABEL_NOISE = (0.0, 0.2)
FIGURE_9_RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FIGURE_9_SIZE = 1_000
FIGURE_10_SIZES = (20, 50, 100, 200, 500, 1_000, 1_400)
FIGURE_10_RATES = (0.0, 0.5)
BINS: Final = 30
BIN_WIDTH: Final = 0.1  # of Figure 8's histogram; the last bin holds everything above


@dataclass(frozen=True)
class Value:
    """One measured number: the mean over the networks of one arm of one run.

    `quantity` is "train_error" or "val_error" (fractions, dropout off), or, for Figure 8, "silent" (share of the
    activations of the first hidden layer that are zero), "mean" (their mean), or "bin0" ... "bin29" (share of the
    activations in each tenth from 0; zeros are in "bin0").
    """

    figure: int
    n: int
    label_noise: float
    p: float
    seed: int
    quantity: str
    value: float


_COLUMNS = ("figure", "n", "label_noise", "p", "seed", "quantity", "value")


def load_values(path: Path = PATH) -> list[Value]:
    """Read what `append_values` wrote; an empty list if there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Value(int(figure), int(n), float(noise), float(p), int(seed), quantity, float(value))
            for figure, n, noise, p, seed, quantity, value in list(csv.reader(file))[1:]
        ]


def append_values(values: Iterable[Value], path: Path = PATH) -> None:
    """Append values; the first ones are preceded by the names of the columns."""
    is_first = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_first:
            writer.writerow(_COLUMNS)
        writer.writerows([*list(vars(value).values())[:-1], f"{value.value:.5g}"] for value in values)


def curve(
    values: Sequence[Value], figure: int, quantity: str, noise: float, *, over: str, **where: float
) -> list[tuple[float, float, float, float]]:
    """Rows of x, mean, lowest and highest over the seeds, sorted by x: `over` is "p" or "n", `where` filters by others.

    >>> values = [Value(9, 1000, 0.0, 0.5, seed, "val_error", error) for seed, error in ((0, 0.1), (1, 0.2))]
    >>> [[round(number, 2) for number in row] for row in curve(values, 9, "val_error", 0.0, over="p")]
    [[0.5, 0.15, 0.1, 0.2]]
    """
    return over_seeds(values, over=over, figure=figure, quantity=quantity, label_noise=noise, **where)
