"""The exact interval of a Poisson mean against its definition, summed term by term, and against published limits."""

import math

import pytest

from lib.statistics.intervals import _poisson_interval


def at_most(count: int, mean: float) -> float:
    """The probability to count so many or fewer."""
    return math.fsum(math.exp(-mean) * mean**i / math.factorial(i) for i in range(count + 1))


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood (1936), "Fiducial limits for the Poisson distribution", with the third decimal of later tables
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (2, 0.242, 7.225), (5, 1.623, 11.668), (10, 4.795, 18.390)],
)
def test_a_poisson_interval_is_the_published_one_and_cuts_off_a_fortieth_at_each_end(count, low, high):
    found_low, found_high = _poisson_interval(count)
    assert (found_low, found_high) == pytest.approx((low, high), abs=5.1e-4)
    assert at_most(count, found_high) == pytest.approx(0.025, rel=1e-9)
    if count:
        assert 1 - at_most(count - 1, found_low) == pytest.approx(0.025, rel=1e-9)
