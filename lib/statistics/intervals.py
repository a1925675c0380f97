"""Measured numbers with their 95% intervals, and intervals for differences of such numbers.

An `Estimate` is a value and the two ends of an interval that holds the true value 95 times in 100. How the ends are
found depends on what was counted:

- a **share** ("23 of 1,000 were copied"): Wilson (1927), "Probable inference, the law of succession, and statistical
  inference", whose interval stays within 0 and 1 and does not shrink to a point at 0 of 1,000;
- a **mean per word** over sentences of different lengths: a ratio of two sums, with the residuals' standard error
  (Cochran 1977, "Sampling Techniques", section 6.3);
- a **share of different ones** ("861 different sentences in 1,000"): the delete-one jackknife, which errs on the wide
  side (Efron and Stein 1981, "The jackknife estimate of variance");
- a **difference**, or any weighted sum, of independent estimates: from their intervals alone, by the method of variance
  estimates recovery (Newcombe 1998, method 10; Zou and Donner 2008).
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

Z = 1.959963984540054
"""95% of a normal distribution lies within this many standard deviations of its mean."""

_RARE = 10  # up to this many among n draws can be treated as Poisson


@dataclass(frozen=True)
class Estimate:
    """A measured ``value``; the true one is between ``low`` and ``high`` 95 times in 100. NaN: nothing was measured."""

    value: float
    low: float
    high: float

    @property
    def standard_error(self) -> float:
        """The standard error of a normal distribution whose 95% interval is as wide as this one."""
        return (self.high - self.low) / (2 * Z)


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


def share(count: int, n: int) -> Estimate:
    """The share ``count / n`` with Wilson's interval.

    Raises:
        ValueError: unless 0 <= count <= n and n >= 1.

    >>> e = share(81, 263)  # Newcombe (1998), table I
    >>> round(e.value, 4), round(e.low, 4), round(e.high, 4)
    (0.308, 0.2553, 0.3662)
    """
    if not (n >= 1 and 0 <= count <= n):
        raise ValueError(f"count / n must be a share of at least one, got {count} / {n}")
    p, z2 = count / n, Z * Z / n
    centre = (p + z2 / 2) / (1 + z2)
    half = Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n)) / (1 + z2)
    # If count is 0, centre - half is 0, and if it is n, centre + half is 1, but only up to rounding.
    return Estimate(p, 0.0 if count == 0 else centre - half, 1.0 if count == n else centre + half)


def mean_per_unit(totals: ArrayLike, units: ArrayLike) -> Estimate:
    """The sum of ``totals`` over the sum of ``units``, both (N,): for sentences, log-probability per word.

    Raises:
        ValueError: the two have different lengths, or a unit is not positive.

    >>> e = mean_per_unit([-4.0, -6.0, -5.0], [4, 4, 4])  # mean -1.25, standard error 0.25 / sqrt(3)
    >>> round(e.value, 4), round(e.low, 4), round(e.high, 4)
    (-1.25, -1.5329, -0.9671)
    """
    y, x = np.asarray(totals, dtype=np.float64), np.asarray(units, dtype=np.float64)
    if y.ndim != 1 or y.shape != x.shape or not (x > 0).all():
        raise ValueError(f"totals and units must be two rows of equal length, units > 0, got {y.shape} and {x.shape}")
    n = len(y)
    if n == 0:
        return UNKNOWN
    ratio = float(y.sum() / x.sum())
    if n == 1:
        return Estimate(ratio, -math.inf, math.inf)  # a single sentence says nothing about luck
    residuals = y - ratio * x
    error = math.sqrt(n / (n - 1) * float((residuals**2).sum())) / float(x.sum())
    return Estimate(ratio, ratio - Z * error, ratio + Z * error)


def different_share(counts: Collection[int]) -> Estimate:
    """How many of n draws are different, as a share of n; ``counts`` says how often each different one was drawn.

    Leaving one draw out changes the number of different ones only if that one was drawn once; with s such draws the
    jackknife's variance is s (1 - s / n). The interval is too wide rather than too narrow. If at most ten were drawn
    only once, or at most ten draws were repeats, that number is treated as Poisson, and the interval is widened to the
    exact one (Garwood 1936): 1,000 different ones in 1,000 do not prove that the next one is new, and 1,000 times the
    same does not prove that there is no other. The share falls as n grows, so compare it only at equal n.

    Raises:
        ValueError: there are no counts, or one is below 1.

    >>> e = different_share([1] * 600 + [2] * 200)  # 800 different ones in 1,000; s = 600, standard error sqrt(240)
    >>> round(e.value, 3), round(e.low, 3), round(e.high, 3)
    (0.8, 0.77, 0.83)
    >>> e = different_share([1000])  # always the same: there may be 3.7 others in 1,000
    >>> round(e.value, 4), round(e.low, 4), round(e.high, 4)
    (0.001, 0.001, 0.0047)
    """
    n, kinds = sum(counts), len(counts)
    if kinds == 0 or min(counts) < 1:
        raise ValueError("counts must be whole numbers >= 1, at least one of them")
    single, repeats = sum(1 for count in counts if count == 1), n - kinds
    half = Z * math.sqrt(single * (1 - single / n))
    if single <= _RARE:
        half = max(half, _poisson_interval(single)[1] - single)
    low, high = kinds - half, kinds + half
    if repeats <= _RARE < n:
        fewest, most = _poisson_interval(repeats)
        low, high = min(low, n - most), max(high, n - fewest)
    return Estimate(kinds / n, max(low, 1) / n, min(high, n) / n)


def _poisson_interval(count: int) -> tuple[float, float]:
    """The exact 95% interval of a Poisson mean, given the count (Garwood 1936).

    At its lower end this count or more would occur 2.5 times in 100; at its upper end, this count or fewer.

    >>> [round(end, 3) for end in _poisson_interval(0)], [round(end, 3) for end in _poisson_interval(5)]
    ([0.0, 3.689], [1.623, 11.668])
    """
    from scipy.special import gammainccinv, gammaincinv  # imported late: it takes 0.2 s and 16 MB, few pages need it

    low = gammaincinv(count, 0.025) if count else 0.0
    return float(low), float(gammainccinv(count + 1, 0.025))


def combined(estimates: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """The weighted sum of independent estimates: with weights 1 and -1, a difference.

    >>> e = combined([share(56, 70), share(48, 80)], [1, -1])  # Newcombe (1998), table II, example (a), method 10
    >>> round(e.value, 4), round(e.low, 4), round(e.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    value = sum(w * e.value for e, w in zip(estimates, weights, strict=True))
    down = up = 0.0
    for e, w in zip(estimates, weights, strict=True):
        ends = sorted((w * e.low, w * e.high))
        down += (w * e.value - ends[0]) ** 2
        up += (ends[1] - w * e.value) ** 2
    return Estimate(value, value - math.sqrt(down), value + math.sqrt(up))
