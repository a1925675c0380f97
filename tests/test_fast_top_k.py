"""The fast forms against the plain ones of `lib.sampling`, on odd and on random logits of every size."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.fast_top_k import BLOCK, filter_logits, kept_words, sample, shape_fast
from lib.sampling import draw, shape_with
from lib.sampling_settings import SamplingSettings
from lib.settings import InvalidSetting
from tests.support.logits import INF, odd_logits


def check_against_the_plain_form(logits: np.ndarray, chosen: SamplingSettings) -> None:
    plain = shape_with(logits, chosen)
    fast = shape_fast(logits, chosen)
    np.testing.assert_array_equal(fast.kept, plain.kept)
    np.testing.assert_array_equal(fast.scaled, plain.scaled)
    np.testing.assert_allclose(fast.probabilities, plain.probabilities, rtol=1e-12, atol=0)  # sums in another order

    filtered = filter_logits(logits, chosen)
    assert filtered.dtype == logits.dtype
    np.testing.assert_array_equal(filtered, np.where(plain.kept, plain.scaled, -INF))

    words = kept_words(logits, chosen)
    back = np.zeros_like(plain.probabilities)
    rows, columns = np.nonzero(words.kept)
    np.add.at(back, (rows, words.ids[rows, columns]), words.probabilities[rows, columns])
    np.testing.assert_array_equal(back, fast.probabilities)
    assert (words.probabilities[~words.kept] == 0).all()

    drawn = sample(logits, np.random.default_rng(0), chosen)
    assert drawn.tolist() == draw(plain.probabilities, None, np.random.default_rng(0)).tolist()


# Words of one block, of several, with and without a rest, and far more than any k.
@pytest.mark.parametrize("V", [1, 2, 51, 300, 64 * BLOCK, 3201, 3231, 20_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_chain_of_cuts_is_that_of_the_plain_form(V, dtype):
    logits = odd_logits(V, np.random.default_rng(V)).astype(dtype)
    for k, temperature, (top_p, min_p) in itertools.product(
        (None, 1, 2, 49, 50), (1.0, 0.7), ((None, None), (0.9, None), (None, 0.05), (0.5, 0.2))
    ):
        check_against_the_plain_form(logits, SamplingSettings(temperature, k, top_p, min_p))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    R=st.integers(1, 4),
    V=st.integers(1, 4000),
    levels=st.none() | st.integers(1, 1000),
    k=st.none() | st.integers(1, 20),
    temperature=st.just(1.0) | st.floats(0.05, 20),
    top_p=st.none() | st.floats(0.001, 1),
    min_p=st.none() | st.floats(0, 1),
)
def test_blocks_ties_and_settings_of_any_size(seed, R, V, levels, k, temperature, top_p, min_p):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (R, V)) if levels is None else rng.integers(0, levels, (R, V))
    check_against_the_plain_form(logits.astype(np.float32), SamplingSettings(temperature, k, top_p, min_p))


def test_the_search_in_blocks_finds_a_word_anywhere():
    V = 64 * BLOCK + 5
    for place in range(V):
        logits = np.zeros(V)
        logits[place] = 1.0
        words = kept_words(logits, SamplingSettings(top_k=1))
        assert words.ids[words.kept].tolist() == [place]


def test_a_list_of_kept_words_is_short():
    logits = np.random.default_rng(0).normal(size=(64, 20_000))
    assert kept_words(logits, SamplingSettings(top_k=50)).ids.shape[1] < 100


@pytest.mark.parametrize("order", ["C", "F", "every second"])
def test_the_layout_in_memory_does_not_matter(order):
    logits = np.random.default_rng(0).normal(size=(3, 6400))
    view = np.repeat(logits, 2, axis=1)[:, ::2] if order == "every second" else np.array(logits, order=order)
    check_against_the_plain_form(view, SamplingSettings(top_k=50))


def test_any_leading_shape():
    logits, chosen = np.random.default_rng(0).normal(size=(2, 3, 4, 5000)), SamplingSettings(top_k=4)
    np.testing.assert_array_equal(shape_fast(logits, chosen).kept, shape_with(logits, chosen).kept)
    assert kept_words(logits, chosen).ids.shape[:-1] == (2, 3, 4)
    greedy = SamplingSettings(top_k=1)
    assert sample(logits, np.random.default_rng(0), greedy).tolist() == logits.argmax(-1).tolist()
    for V in (5, 5000):
        empty = np.zeros((0, V))
        assert shape_fast(empty, chosen).probabilities.shape == filter_logits(empty, chosen).shape == (0, V)
        assert sample(empty, np.random.default_rng(0), chosen).shape == (0,)


@pytest.mark.parametrize("top_k", [None, 3, 60])
def test_rows_that_are_named_several_times_are_drawn_from_as_often(top_k):
    logits, rows = odd_logits(200, np.random.default_rng(4)), np.array([2, 0, 0, 1, 2, 2])
    chosen = SamplingSettings(top_k=top_k)
    drawn = sample(logits, np.random.default_rng(9), chosen, rows=rows)
    assert drawn.tolist() == sample(logits[rows], np.random.default_rng(9), chosen).tolist()


@pytest.mark.parametrize("V", [4, 5000, 64 * BLOCK + 5])
@pytest.mark.parametrize("temperature", [1.0, 0.5])
@pytest.mark.parametrize("poison", ["nan", "inf", "all -inf"])
@pytest.mark.parametrize("place", [0, -1])
def test_bad_logits_are_refused(V, temperature, poison, place):
    logits = np.zeros((2, V))
    if poison == "all -inf":
        logits[1] = -INF
    else:
        logits[1, place] = float(poison)
    chosen = SamplingSettings(temperature, top_k=2)
    for function in (shape_fast, kept_words, filter_logits):
        with pytest.raises(InvalidSetting, match="logits"):
            function(logits, chosen)
    with pytest.raises(InvalidSetting, match="logits"):
        sample(logits, np.random.default_rng(0), chosen)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_temperatures(dtype):
    logits = np.full((1, 5000), -INF, dtype=dtype)
    logits[0, :3] = [1.0, 0.5, -INF]
    for temperature in (1e308, 1e-30):
        check_against_the_plain_form(logits, SamplingSettings(temperature, top_k=2))
    with pytest.raises(InvalidSetting, match=r"temperature must be .*, but is 5e-324"):
        shape_fast(logits, SamplingSettings(5e-324, top_k=2))


def test_a_temperature_that_rounds_two_logits_to_one_keeps_both():
    low = np.float32(1.6)
    while low / np.float32(3) != np.nextafter(low, np.float32(2)) / np.float32(3):
        low = np.nextafter(low, np.float32(2))
    logits = np.zeros((1, 64 * BLOCK), dtype=np.float32)
    logits[0, :2] = low, np.nextafter(low, np.float32(2))
    assert shape_fast(logits, SamplingSettings(3.0, top_k=1)).kept.sum() == 2
