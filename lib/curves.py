"""What the training page shows of a recording: means and bands over the ensemble's members, and how a run ended.

>>> import numpy as np
>>> across(np.array([[[1.0, 2.0, 3.0, 4.0, 5.0]]]))["mean"]  # one point, one arm, five members
array([[3.]])
"""

import csv
import io
import threading
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Literal

import numpy as np
import numpy.typing as npt

from lib.statistics.comparison import ArmSummary, Comparison, compare, summarise
from lib.training import History

Metric = Literal["loss", "accuracy"]
Floats = npt.NDArray[np.floating]


def across(values: Floats) -> dict[str, Floats]:
    """Mean and middle half over the members: (T, A, E) -> three arrays (T, A), named mean, low and high.

    The band holds the middle half of the members (25th to 75th percentile), so that one unlucky seed does not
    stretch it. Where any member's value is NaN, so are all three. Percentiles are interpolated linearly between members
    as in `np.quantile`, which takes five times as long.
    """
    ordered: Floats = np.sort(values, axis=2)  # (T, A, E), NaN last
    ordered[np.isnan(ordered[:, :, -1])] = np.nan

    def quantile(share: float) -> Floats:
        place = share * (ordered.shape[2] - 1)
        below, above = int(place), ceil(place)
        if below == above:
            return ordered[:, :, below]
        mixed: Floats = (above - place) * ordered[:, :, below] + (place - below) * ordered[:, :, above]
        return mixed

    return {"mean": values.mean(axis=2), "low": quantile(0.25), "high": quantile(0.75)}  # each (T, A)


def series(history: History, start: int = 0, stop: int | None = None) -> dict[str, Floats]:
    """Every curve of the recording between two recorded points, by name: ``val_loss.1.mean`` is arm 1's.

    Names are ``{curve}_{metric}.{arm}.{mean|low|high}``; curves are train and val for both metrics, and
    ``train_loss_dropout`` (the loss as the optimiser sees it, dropout on), which exists for the loss only.
    """
    window = slice(start, stop)
    curves = {
        "train_loss": history.train_loss,
        "val_loss": history.val_loss,
        "train_accuracy": history.train_accuracy,
        "val_accuracy": history.val_accuracy,
        "train_loss_dropout": history.train_loss_dropout,
    }
    named: dict[str, Floats] = {}
    for curve, values in curves.items():
        for statistic, table in across(values[window]).items():
            for arm in range(table.shape[1]):
                named[f"{curve}.{arm}.{statistic}"] = table[:, arm]
    return named


class GrowingSeries:
    """The `series` of a run that is still growing, as lists for the screen: computed once for everyone who watches.

    >>> from lib.training import TrainingConfig, train
    >>> history = train(TrainingConfig(hidden=(8,), members=2, steps=20, recordings=4))
    >>> curves = GrowingSeries()
    >>> [len(values) for name, values in curves.between(history, 1, 3).items() if name == "val_loss.1.mean"]
    [2]
    """

    def __init__(self) -> None:
        self._lists: dict[str, list[float | None]] = {}
        self._count = 0  # points in the lists
        self._lock = threading.Lock()

    def between(self, history: History, start: int, stop: int) -> dict[str, list[float | None]]:
        """Every curve from point ``start`` up to but not including ``stop``; ``history`` may grow between calls."""
        with self._lock:
            if self._count < len(history.step):
                for name, values in series(history, self._count).items():
                    self._lists.setdefault(name, []).extend(map(_short, values.tolist()))
                self._count = len(history.step)
        return {name: values[start:stop] for name, values in self._lists.items()}


def _short(value: float) -> float | None:
    """Four digits are more than a screen shows, and a third of the bytes; JSON has no NaN and no infinity."""
    return float(f"{value:.4g}") if isfinite(value) else None


@dataclass(frozen=True)
class Ending:
    """How a finished run ended.

    `loss` and `accuracy` compare the second arm with the first. `arms` sums up each arm by itself, and `train_accuracy`
    and `val_accuracy` are each arm's final accuracy, averaged over its members. `looked_at`, `loss_floor` and
    `accuracy_ceiling` are those of the `History`.
    """

    loss: Comparison
    accuracy: Comparison
    arms: tuple[ArmSummary, ...]
    train_accuracy: tuple[float, ...]
    val_accuracy: tuple[float, ...]
    looked_at: tuple[int, int]
    loss_floor: float | None
    accuracy_ceiling: float | None


def ending(history: History) -> Ending:
    """Sum up a finished run of two arms or more.

    >>> from lib.training import TrainingConfig, train
    >>> end = ending(train(TrainingConfig(members=4, steps=1000, recordings=4)))
    >>> end.loss.outcome, len(end.arms), end.train_accuracy[0] > end.val_accuracy[0]
    ('helped', 2, True)
    """
    arms = range(len(history.config.rates))
    return Ending(
        loss=compare(history),
        accuracy=compare(history, metric="val_accuracy"),
        arms=tuple(summarise(history, arm) for arm in arms),
        train_accuracy=tuple(float(history.train_accuracy[-1, arm].mean()) for arm in arms),
        val_accuracy=tuple(float(history.val_accuracy[-1, arm].mean()) for arm in arms),
        looked_at=history.looked_at,
        loss_floor=history.loss_floor,
        accuracy_ceiling=history.accuracy_ceiling,
    )


def to_csv(history: History, rates: tuple[float, ...]) -> str:
    """Every number of the recording as CSV: one line for each recorded step, arm and member.

    ``rates`` names the arms. ``member`` counts from 0. Members with the same number started from the same weights in
    every arm.
    """
    curves = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "train_loss_dropout")
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["step", "dropout", "member", *curves])
    tables = [getattr(history, curve) for curve in curves]  # each (T, A, E)
    for t, step in enumerate(history.step.tolist()):
        for arm, rate in enumerate(rates):
            for member in range(history.val_loss.shape[2]):
                lines.writerow([step, rate, member, *(f"{table[t, arm, member]:.6g}" for table in tables)])
    return text.getvalue()
