"""Entropy against values known in closed form and the rule by which it adds up."""

import math

import numpy as np
import pytest

from lib.statistics.entropy import effective_choices, entropy


def test_equal_words_have_the_entropy_of_their_number():
    for n in (1, 2, 7, 1000):
        p = [1 / n] * n + [0.0] * 3
        assert entropy(p) == pytest.approx(math.log(n), abs=1e-12)
        assert effective_choices(p) == pytest.approx(n)
    assert str(entropy([1.0, 0.0])) == "0.0"  # not -0.0


def test_halves_and_quarters_are_counted_in_bits():
    assert entropy([0.5, 0.25, 0.125, 0.125]) == pytest.approx(1.75 * math.log(2))


def test_a_choice_made_in_two_steps_adds_up():
    """Shannon (1948), section 6, the third property: a choice broken into two, the second weighted."""
    rng = np.random.default_rng(0)
    first, second = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(50), size=3)
    whole = (first[:, None] * second).ravel()
    assert entropy(whole) == pytest.approx(entropy(first) + first @ entropy(second))
    assert entropy(second).shape == (3,)
