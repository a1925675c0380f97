"""What an experiment found: a few measured numbers, and the one difference that decides the question.

Every experiment of this folder is a function of a seed that takes less than a second and gives a `Result`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from lib.statistics.comparison import paired_interval
from lib.statistics.intervals import Estimate, combined

Unit = Literal["share", "loss", "number"]
Verdict = Literal["yes", "no", "unclear"]


@dataclass(frozen=True)
class Result:
    """The numbers of one experiment.

    Attributes:
        rows: what was measured, by name, in the order to show it; each with its 95% interval.
        effect: the difference that decides; above zero, it speaks for the answer.
        unit: what the rows are: shares from 0 to 1, losses in nats, or plain numbers.
        setup: what was set, by name: how many passes, which p.
    """

    rows: Mapping[str, Estimate]
    effect: Estimate
    unit: Unit = "share"
    setup: Mapping[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Whether the experiment bears the answer out: only if all of the effect's interval lies above zero.

        >>> [Result({}, Estimate(0, low, high)).verdict for low, high in ((1, 2), (-2, -1), (-1, 2), (0, 1))]
        ['yes', 'no', 'unclear', 'unclear']
        """
        if self.effect.low > 0:
            return "yes"
        return "no" if self.effect.high < 0 else "unclear"


def mean_of(values: ArrayLike) -> Estimate:
    """The mean of independent values (N,) with its 95% interval, by Student's t distribution.

    >>> e = mean_of([1.0, 2.0, 3.0])
    >>> e.value, round(e.low, 3), round(e.high, 3)
    (2.0, -0.484, 4.484)
    """
    drawn = np.asarray(values, dtype=np.float64)
    return Estimate(float(drawn.mean()), *paired_interval(drawn.tolist()))


def difference(more: Estimate, less: Estimate) -> Estimate:
    """By how much the first of two independent estimates is larger."""
    return combined([more, less], [1, -1])


def least(effects: Sequence[Estimate]) -> Estimate:
    """The effect of which we are least sure: where an answer says several things, it decides.

    >>> least([Estimate(5, 4, 6), Estimate(9, 1, 17)])
    Estimate(value=9, low=1, high=17)
    """
    return min(effects, key=lambda effect: effect.low)
