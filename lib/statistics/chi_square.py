"""Could these counts come from these probabilities? Pearson's chi-square test (1900)."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lib.sampling_input import as_weights
from lib.settings import InvalidSetting

SMALLEST_CELL = 5.0
"""How often a word must be expected to get a cell of its own; with smaller cells the test is poor (Cochran 1954)."""


class ChiSquare(NamedTuple):
    """The statistic, its degrees of freedom, and the p-value: how often chance alone makes it at least as large."""

    statistic: float
    dof: int
    p_value: float


def chi_square_test(counts: ArrayLike, probabilities: ArrayLike) -> ChiSquare:
    """Test counts (V,) against probabilities (V,), which need not sum to 1.

    Words that are expected fewer than `SMALLEST_CELL` times share one cell, together with the next larger ones if that
    is still too small. With fewer than two cells there is nothing to test: 0 degrees of freedom and a p-value of 1. A
    count where the probability is 0 is impossible: the p-value is 0.

    Raises `InvalidSetting` for counts that are not numbers >= 0 in the shape of the probabilities, and for what is not
    a distribution.

    >>> statistic, dof, p_value = chi_square_test([60, 40], [0.5, 0.5])
    >>> round(statistic, 3), dof, round(p_value, 4)
    (4.0, 1, 0.0455)
    """
    observed, weights = np.asarray(counts, dtype=np.float64), as_weights(probabilities)
    if observed.shape != weights.shape or observed.ndim != 1:
        raise InvalidSetting("counts", observed.shape, f"of the shape of probabilities, {weights.shape}")
    if not (np.isfinite(observed).all() and (observed >= 0).all()):
        raise InvalidSetting("counts", counts, "numbers >= 0")
    possible = np.flatnonzero(weights)
    if observed.sum() > observed[possible].sum():
        return ChiSquare(math.inf, len(possible) - 1, 0.0)
    ascending = possible[np.argsort(weights[possible], kind="stable")]
    observed = observed[ascending]
    expected = weights[ascending] / weights.sum() * observed.sum()
    small = int((expected < SMALLEST_CELL).sum())  # they come first
    if small:
        share_a_cell = max(small, int(np.searchsorted(np.cumsum(expected), SMALLEST_CELL)) + 1)
        starts = [0, *range(share_a_cell, len(expected))]
        observed, expected = np.add.reduceat(observed, starts), np.add.reduceat(expected, starts)
    dof = len(expected) - 1
    if dof < 1:
        return ChiSquare(0.0, 0, 1.0)
    from scipy.special import chdtrc  # imported late: it takes 0.2 s and 16 MB, and few pages need it

    statistic = float(((observed - expected) ** 2 / expected).sum())
    return ChiSquare(statistic, dof, float(chdtrc(dof, statistic)))
