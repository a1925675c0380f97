"""The chi-square test against published tables, the closed form of its p-value, sums by hand, and simulation."""

import math

import numpy as np
import pytest

from lib.sampling import draw, softmax
from lib.settings import InvalidSetting
from lib.statistics.chi_square import chi_square_test


def p_value(statistic: float, dof: int) -> float:
    """The closed form for whole degrees of freedom: Abramowitz and Stegun (1964), 26.4.4 and 26.4.5."""
    half = statistic / 2
    if dof % 2 == 0:
        return math.exp(-half) * math.fsum(half**i / math.factorial(i) for i in range(dof // 2))
    terms = (half ** (i - 0.5) / math.gamma(i + 0.5) for i in range(1, (dof + 1) // 2))
    return math.erfc(math.sqrt(half)) + math.exp(-half) * math.fsum(terms)


@pytest.mark.parametrize(
    ("dof", "critical", "p"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.4
    [
        (1, 3.841, 0.05),
        (2, 5.991, 0.05),
        (5, 15.086, 0.01),
        (10, 18.307, 0.05),
        (30, 59.703, 0.001),
        (99, 123.225, 0.05),
    ],
)
def test_the_p_value_is_that_of_the_published_table(dof, critical, p):
    # Of dof + 1 equal cells, two are off by the same amount: the statistic is 2 x off^2 / expected.
    expected = 1000.0
    off = math.sqrt(critical * expected / 2)
    counts = np.full(dof + 1, expected)
    counts[:2] += off, -off
    found = chi_square_test(counts, np.ones(dof + 1))
    assert (found.dof, found.statistic) == (dof, pytest.approx(critical))
    assert found.p_value == pytest.approx(p, rel=2e-3)  # the table has three decimals
    assert found.p_value == pytest.approx(p_value(critical, dof), rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_the_statistic_is_the_sum_by_hand(seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(12, 5.0))
    counts = rng.multinomial(5_000, probabilities)
    found = chi_square_test(counts, probabilities)
    due = 5_000 * probabilities
    by_hand = sum((seen - expected) ** 2 / expected for seen, expected in zip(counts, due, strict=True))
    assert (found.dof, found.statistic) == (11, pytest.approx(by_hand))
    assert found.p_value == pytest.approx(p_value(by_hand, 11), rel=1e-9)
    assert chi_square_test(counts, 7 * probabilities) == pytest.approx(found)  # weights need not sum to 1


def test_small_cells_are_pooled():
    probabilities = np.array([0.5, 0.3, 0.1, 0.04, 0.03, 0.02, 0.01, 0.0])
    counts = np.array([48, 31, 11, 5, 3, 1, 1, 0])
    # 0.04 + 0.03 + 0.02 + 0.01 expect 4, 3, 2 and 1, together 10, and 10 came.
    by_hand = 2**2 / 50 + 1**2 / 30 + 1**2 / 10
    assert chi_square_test(counts, probabilities) == (pytest.approx(by_hand), 3, pytest.approx(p_value(by_hand, 3)))
    # The pool of [1, 2] expects 3: too little still, so the next larger cell joins it.
    assert chi_square_test([60, 37, 2, 1], [0.6, 0.37, 0.02, 0.01]) == (pytest.approx(0), 1, pytest.approx(1))
    assert chi_square_test([70, 20, 6, 4], [0.7, 0.24, 0.03, 0.03]) == (
        pytest.approx(4**2 / 24 + 4**2 / 6),  # 3 and 3 are 6
        2,
        pytest.approx(math.exp(-(4**2 / 24 + 4**2 / 6) / 2)),
    )


def test_verdicts_that_need_no_arithmetic():
    assert chi_square_test([1, 0], [0.5, 0.5]) == (0.0, 0, 1.0)  # one draw says nothing
    assert chi_square_test([0, 0], [0.5, 0.5]) == (0.0, 0, 1.0)
    assert chi_square_test([3, 3], [0.5, 0.5]) == (0.0, 0, 1.0)  # two cells of 3 are one of 6
    assert chi_square_test([100, 0], [1.0, 0.0]) == (0.0, 0, 1.0)
    assert chi_square_test([99, 1], [1.0, 0.0]).p_value == 0.0


def test_what_is_no_count_or_no_distribution_is_refused():
    for counts in ([1, 2, 3], [[1, 2]], [-1, 2], [math.nan, 1]):
        with pytest.raises(InvalidSetting, match="counts"):
            chi_square_test(counts, [0.5, 0.5])
    for probabilities in ([0.0, 0.0], [-0.5, 1.5], [math.nan, 1.0]):
        with pytest.raises(InvalidSetting, match="probabilities"):
            chi_square_test([1, 2], probabilities)


def test_it_rejects_as_often_as_it_says():
    # 400 verdicts at the 5% level: between 8 and 34 rejections with probability 0.999 (binomial). The seed is fixed.
    probabilities = softmax(np.random.default_rng(0).normal(0, 2, 300))
    rng = np.random.default_rng(1)

    def verdict(drawn_from: np.ndarray) -> float:
        counts = np.bincount(draw(drawn_from, 10_000, rng), minlength=300)
        return chi_square_test(counts, probabilities).p_value

    assert 8 <= sum(verdict(probabilities) < 0.05 for _ in range(400)) <= 34
    assert verdict(np.roll(probabilities, 1)) < 1e-9
