"""Three figures of the dropout paper, on small digits: what the paper measured on MNIST, measured again here.

Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15:1929-1958:

- **Figure 9**: the error against the dropout rate (section 7.3).
- **Figure 10**: the error against the size of the data set, with and without dropout (section 7.4).
- **Figure 8**: the activations of a hidden layer, with and without dropout (section 7.2).

The data are the 1,797 digits of 8 x 8 pixels of `lib.datasets` and not MNIST's 70,000 of 28 x 28, the networks have two
layers of 256 units, and Figure 8 looks at a classifier where the paper looked at an autoencoder. So shapes can be
compared and values cannot. **The paper's p is the probability to keep a unit; ours is the probability to drop it.**

>>> values = load_values()
>>> sorted({value.figure for value in values})
[8, 9, 10]
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from lib.training import Trainer, TrainingConfig

PATH = Path(__file__).resolve().parent.parent / "data" / "digits_figures.csv"
SEEDS = (0, 1, 2)
LABEL_NOISE = (0.0, 0.2)
FIGURE_9_RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FIGURE_9_SIZE = 1_000
FIGURE_10_SIZES = (20, 50, 100, 200, 500, 1_000, 1_400)
FIGURE_10_RATES = (0.0, 0.5)
BINS: Final = 30
BIN_WIDTH: Final = 0.1  # of Figure 8's histogram; the last bin holds everything beyond


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


@dataclass(frozen=True)
class DigitsTrial:
    """One run of a figure: some rates side by side on the same n digits."""

    figure: int
    n: int
    label_noise: float
    rates: tuple[float, ...]
    seed: int

    def config(self) -> TrainingConfig:
        """Everything about the training: 4 networks of 64-256-256-10 for each rate, 1,000 steps of 64 digits.

        >>> DigitsTrial(9, 1000, 0.0, (0.5,), 0).config().hidden
        (256, 256)
        """
        return TrainingConfig(
            dataset="digits",
            n_train=self.n,
            label_noise=self.label_noise,
            hidden=(256, 256),
            rates=self.rates,
            members=4,
            batch_size=64,
            learning_rate=0.001,
            steps=1_000,
            seed=self.seed,
            recordings=1,
        )


def figure_trials() -> list[DigitsTrial]:
    """All runs that the three figures need; Figure 8 looks into the networks of Figure 9.

    >>> len(figure_trials())
    54
    """
    halves = FIGURE_9_RATES[:5], FIGURE_9_RATES[5:]
    return [
        trial
        for seed in SEEDS
        for noise in LABEL_NOISE
        for trial in (
            *(DigitsTrial(9, FIGURE_9_SIZE, noise, half, seed) for half in halves),
            *(DigitsTrial(10, n, noise, FIGURE_10_RATES, seed) for n in FIGURE_10_SIZES),
        )
    ]


def measured(trial: DigitsTrial, trainer: Trainer) -> list[Value]:
    """Measure finished networks on all training digits and on all digits that they have not seen, dropout off."""
    data = trainer.history.dataset
    values = []
    for quantity, x, y in (("train_error", data.train_x, data.train_y), ("val_error", data.val_x, data.val_y)):
        wrong = trainer.probabilities(x).argmax(-1) != y  # (A, E, N)
        for rate, error in zip(trial.rates, wrong.mean(axis=(1, 2)), strict=True):
            values.append((trial.figure, rate, quantity, float(error)))
    if trial.figure == 9:
        for arm, rate in enumerate(trial.rates):
            h = np.stack([first_layer(trainer, arm, e, data.val_x) for e in range(trainer.config.members)])
            values.append((8, rate, "silent", float((h == 0).mean())))
            values.append((8, rate, "mean", float(h.mean())))
            values += [(8, rate, f"bin{i}", share) for i, share in enumerate(histogram(h))]
    return [
        Value(figure, trial.n, trial.label_noise, rate, trial.seed, quantity, value)
        for figure, rate, quantity, value in values
    ]


class DigitsRun:
    """One run in progress, as `lib.training.Trainer` is one, that measures its networks at its end and forgets them.

    >>> run = DigitsRun(DigitsTrial(9, 20, 0.0, (0.5,), 0))
    >>> run.advance(3)
    >>> run.step, run.done, run.values
    (3, False, [])
    """

    def __init__(self, trial: DigitsTrial) -> None:
        self.trial, self.values = trial, list[Value]()
        self._trainer = Trainer(trial.config())
        self.steps = self._trainer.steps

    @property
    def step(self) -> int:
        """Steps taken."""
        return self._trainer.step

    @property
    def done(self) -> bool:
        """All steps are taken, and the networks are measured."""
        return bool(self.values)

    def advance(self, steps: int) -> None:
        """Take the next `steps` steps, or as many as are left."""
        self._trainer.advance(steps)
        if self._trainer.done and not self.values:
            self.values = measured(self.trial, self._trainer)
            self._trainer.forget_networks()


def first_layer(trainer: Trainer, arm: int, member: int, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Activations (N, H) of one network's first hidden layer for the digits x (N, D), dropout off."""
    weight, bias = trainer.layers(arm, member)[0]
    h: NDArray[np.float32] = torch.relu(torch.from_numpy(x) @ weight + bias).numpy()
    return h


def histogram(activations: NDArray[np.floating]) -> list[float]:
    """Share of the activations in each bin; what is beyond the last bin is counted in it.

    >>> histogram(np.array([0.0, 0.05, 0.15, 99.0]))[:3], histogram(np.array([99.0]))[-1]
    ([0.5, 0.25, 0.0], 1.0)
    """
    which = np.minimum((activations / BIN_WIDTH).astype(int), BINS - 1)
    shares: list[float] = (np.bincount(which.ravel(), minlength=BINS) / activations.size).tolist()
    return shares


# ------------------------------------------------------------------------------------------------------- what came out

_COLUMNS = ("figure", "n", "label_noise", "p", "seed", "quantity", "value")


def load_values(path: Path = PATH) -> list[Value]:
    """Read what `append_values` wrote; nothing where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Value(int(figure), int(n), float(noise), float(p), int(seed), quantity, float(value))
            for figure, n, noise, p, seed, quantity, value in list(csv.reader(file))[1:]
        ]


def append_values(values: Iterable[Value], path: Path = PATH) -> None:
    """Write more values, after the names of the columns if they are the first."""
    is_first = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_first:
            writer.writerow(_COLUMNS)
        writer.writerows([*list(vars(value).values())[:-1], f"{value.value:.5g}"] for value in values)


def curve(
    values: Sequence[Value], figure: int, quantity: str, noise: float, *, over: str, **where: float
) -> list[tuple[float, float, float, float]]:
    """x, mean, lowest and highest over the seeds, by x: `over` is "p" or "n", `where` picks other columns.

    >>> values = [Value(9, 1000, 0.0, 0.5, seed, "val_error", error) for seed, error in ((0, 0.1), (1, 0.2))]
    >>> [[round(number, 2) for number in row] for row in curve(values, 9, "val_error", 0.0, over="p")]
    [[0.5, 0.15, 0.1, 0.2]]
    """
    found: dict[float, list[float]] = {}
    for each in values:
        if (each.figure, each.quantity, each.label_noise) == (figure, quantity, noise) and all(
            getattr(each, name) == wanted for name, wanted in where.items()
        ):
            found.setdefault(getattr(each, over), []).append(each.value)
    return [(x, sum(all_) / len(all_), min(all_), max(all_)) for x, all_ in sorted(found.items())]
