"""The verdict on a run: did dropout help, hurt, or make no difference here, and how sure can we be?

Two arms of a run are compared member by member: member e started from the same weights in both arms and saw the same
batches, so dropout makes the difference between the two, and the luck of the start cancels out. The mean of these
paired differences comes with a 95% interval from Student's t distribution ("Student" 1908, "The probable error of a
mean"). The interval covers other members, that is other first weights and other batches on the same data set; another
data set may give another answer (change the seed and see).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:  # an interval alone does not need PyTorch
    from lib.training import History

Metric = Literal["val_loss", "val_accuracy", "train_loss", "train_accuracy"]
Outcome = Literal["helped", "no_difference", "hurt", "unknown"]

# A smaller difference does not matter, however sure we are of it: a hundredth of a nat, or half a percentage point.
NEGLIGIBLE_LOSS: Final = 0.01
NEGLIGIBLE_ACCURACY: Final = 0.005


@dataclass(frozen=True)
class Comparison:
    """One arm against another at one recorded point; `difference` is arm minus baseline, the mean over the members.

    `low` and `high` are the ends of the 95% interval of the difference, or -inf and inf if there is only one member.
    `outcome` is "helped" or "hurt" if the whole interval is on one side of zero and the difference is not negligible,
    "no_difference" otherwise, and "unknown" with one member or if losses are not finite.
    """

    metric: Metric
    arm_value: float
    baseline_value: float
    difference: float
    low: float
    high: float
    outcome: Outcome


@dataclass(frozen=True)
class ArmSummary:
    """How one arm ended, in means over its members.

    `best_step` is where the validation loss was lowest, and `best_val_loss` is that loss. `train_loss` and `val_loss`
    are those at the last recorded point, and `gap` is validation minus training loss there. `memorised` says whether
    the training loss ended below the floor, which no honest model of the data can reach on new points; None where
    nobody knows the floor.
    """

    best_step: int
    best_val_loss: float
    train_loss: float
    val_loss: float
    gap: float
    memorised: bool | None


def compare(history: History, arm: int = 1, baseline: int = 0, metric: Metric = "val_loss") -> Comparison:
    """Compare two arms at the last recorded point, paired by member.

    >>> from lib.training import TrainingConfig, train
    >>> history = train(TrainingConfig(members=4, steps=1000, recordings=4))
    >>> compare(history).outcome, compare(history, arm=0).outcome
    ('helped', 'no_difference')
    """
    values = getattr(history, metric)[-1]  # (A, E)
    with np.errstate(invalid="ignore"):  # if the learning rate is too high, losses may be infinite
        differences = values[arm] - values[baseline]  # (E,)
        difference = float(differences.mean())
        low, high = paired_interval(differences.tolist())
    lower_is_better = metric.endswith("loss")
    negligible = NEGLIGIBLE_LOSS if lower_is_better else NEGLIGIBLE_ACCURACY
    outcome: Outcome
    if not (isfinite(low) and isfinite(high)):
        outcome = "unknown"
    elif low <= 0 <= high or abs(difference) < negligible:
        outcome = "no_difference"
    else:
        outcome = "helped" if (difference < 0) == lower_is_better else "hurt"
    return Comparison(metric, float(values[arm].mean()), float(values[baseline].mean()), difference, low, high, outcome)


def summarise(history: History, arm: int) -> ArmSummary:
    """Sum up one arm of what has been recorded so far.

    >>> from lib.training import TrainingConfig, train
    >>> summary = summarise(train(TrainingConfig(members=2, steps=1000, recordings=10)), arm=0)
    >>> summary.memorised, summary.best_step < 1000, summary.gap > 0.5
    (True, True, True)
    """
    val = history.val_loss[:, arm].mean(axis=-1)  # (T,)
    train = history.train_loss[:, arm].mean(axis=-1)
    best = int(np.nanargmin(val)) if np.isfinite(val).any() else 0
    floor = history.loss_floor
    return ArmSummary(
        best_step=int(history.step[best]),
        best_val_loss=float(val[best]),
        train_loss=float(train[-1]),
        val_loss=float(val[-1]),
        gap=float(val[-1] - train[-1]),
        memorised=None if floor is None else bool(train[-1] < floor),
    )


def paired_interval(differences: list[float]) -> tuple[float, float]:
    """Return the 95% interval of the mean of some differences; a single one says nothing about luck: (-inf, inf).

    >>> low, high = paired_interval([1.0, 2.0, 3.0])  # 2 -+ 4.303 / sqrt(3)
    >>> round(low, 3), round(high, 3)
    (-0.484, 4.484)
    """
    n = len(differences)
    if n < 2:
        return -inf, inf
    mean = float(np.mean(differences))
    half = t_quantile(n - 1) * float(np.std(differences, ddof=1)) / sqrt(n)
    return mean - half, mean + half


def t_quantile(degrees: int, confidence: float = 0.95) -> float:
    """Return how many standard errors the interval reaches to each side, by Student's t distribution.

    >>> round(t_quantile(7), 3), round(t_quantile(1), 2)
    (2.365, 12.71)
    """
    if degrees < 1:
        raise ValueError(f"degrees must be 1 or more, got {degrees}")
    from scipy.special import stdtrit  # imported late: it takes 0.2 s and 16 MB, and few pages need it

    return float(stdtrit(degrees, (1 + confidence) / 2))
