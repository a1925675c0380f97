"""One run for the paper's figures on small digits: train networks, and measure on them what the figures show.

`lib.studies.digits_figures` says what the figures are and reads the results of all runs. The script that made them uses
`figure_trials` and `measured`; on the page, a student can run one more as a `DigitsRun`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lib.studies.digits_figures import (
    BIN_WIDTH,
    BINS,
    FIGURE_9_RATES,
    FIGURE_9_SIZE,
    FIGURE_10_RATES,
    FIGURE_10_SIZES,
    LABEL_NOISE,
    SEEDS,
    Value,
)
from lib.training import Trainer, TrainingConfig


@dataclass(frozen=True)
class DigitsTrial:
    """One run of a figure: several rates side by side on the same n digits."""

    figure: int
    n: int
    label_noise: float
    rates: tuple[float, ...]
    seed: int

    def config(self) -> TrainingConfig:
        """The training run: 4 networks of 64-256-256-10 for each rate, 1,000 steps of 64 digits.

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
    """All runs that the three figures need; Figure 8 uses the networks of Figure 9.

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
    """Measure finished networks, with dropout off, on all training digits and on all digits they have not seen."""
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
    """A run in progress, like a `lib.training.Trainer`. At its end it measures its networks and discards them.

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
        """How many steps are taken."""
        return self._trainer.step

    @property
    def done(self) -> bool:
        """Whether all steps are taken and the networks are measured."""
        return bool(self.values)

    def advance(self, steps: int) -> None:
        """Take the next `steps` steps, or as many as are left."""
        self._trainer.advance(steps)
        if self._trainer.done and not self.values:
            self.values = measured(self.trial, self._trainer)
            self._trainer.forget_networks()


def first_layer(trainer: Trainer, arm: int, member: int, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Activations (N, H) of one network's first hidden layer for the digits x (N, D), with dropout off."""
    weight, bias = trainer.layers(arm, member)[0]
    h: NDArray[np.float32] = torch.relu(torch.from_numpy(x) @ weight + bias).numpy()
    return h


def histogram(activations: NDArray[np.floating]) -> list[float]:
    """The share of the activations in each bin; the last bin also counts everything above it.

    >>> histogram(np.array([0.0, 0.05, 0.15, 99.0]))[:3], histogram(np.array([99.0]))[-1]
    ([0.5, 0.25, 0.0], 1.0)
    """
    which = np.minimum((activations / BIN_WIDTH).astype(int), BINS - 1)
    shares: list[float] = (np.bincount(which.ravel(), minlength=BINS) / activations.size).tolist()
    return shares
