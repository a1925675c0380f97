"""Masks against exact probabilities, for the plain die and for its fast twin; scaling against PyTorch.

The statistical tests fix their seeds, so they pass or fail for good. Each was designed to fail with probability ALPHA
under a fresh seed if the code is right; with about 120 such checks, a wrong alarm after a change of seed has
probability below 2e-4.
"""

import math
from collections.abc import Callable
from statistics import NormalDist

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812 - the name everyone knows it by

from lib import fast_masks
from lib.dropout import apply_dropout, apply_mask, dropout_mask, inference_scale, training_scale
from lib.dropout_relatives import apply_dropconnect, apply_gaussian_dropout, number_of_thinned_networks
from lib.settings import InvalidSetting

ALPHA = 1e-6
Z = NormalDist().inv_cdf(1 - ALPHA / 2)  # two-sided: 4.89 standard deviations
rates = st.floats(0, 1)

Roll = Callable[..., torch.BoolTensor]
DICE = {"plain": dropout_mask, "fast": fast_masks.dropout_mask}
either_die = pytest.mark.parametrize("roll", DICE.values(), ids=DICE)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def assert_probability(hits: float, trials: int, p: float) -> None:
    """The normal approximation to the binomial, used where p * trials is in the thousands."""
    assert abs(hits - trials * p) <= Z * math.sqrt(trials * p * (1 - p)), f"{hits} of {trials}, expected {p:.6f}"


# ---------------------------------------------------------------- the mask


@either_die
@pytest.mark.parametrize("p", [0.001, 0.1, 0.25, 1 / 3, 0.5, 0.8, 0.999])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_unit_is_dropped_with_probability_p(roll: Roll, p: float, seed: int) -> None:
    n = 4_000_001  # odd: the fast die uses the last half of its last random word on its own
    assert_probability(int((~roll((n,), p, generator(seed))).sum()), n, p)


@either_die
def test_a_rate_far_finer_than_eight_bits_is_honoured(roll: Roll) -> None:
    p, n = 0.5 + 1 / 600, 16_000_000  # rounded to 8 bits it would be 0.5: 13 standard deviations away
    assert_probability(int((~roll(n, p, generator(3))).sum()), n, p)


@either_die
@pytest.mark.parametrize("lag", [1, 2, 3, 4, 16, 64])
@pytest.mark.parametrize("p", [0.2, 0.5])
def test_neighbours_are_dropped_independently(roll: Roll, p: float, lag: int) -> None:
    """Pairs at the distances at which words, vector lanes and rows would show."""
    kept = roll((1_000_000 // lag, 2 * lag), p, generator(lag))
    first, second = kept[:, :lag].flatten(), kept[:, lag:].flatten()  # disjoint pairs: independent trials
    for a in (False, True):
        for b in (False, True):
            expected = ((1 - p) if a else p) * ((1 - p) if b else p)
            assert_probability(int(((first == a) & (second == b)).sum()), first.numel(), expected)


@either_die
def test_all_masks_of_eight_units_come_equally_often_at_one_half(roll: Roll) -> None:
    """Chi-square goodness of fit over the 2**8 thinned networks."""
    n = 1_000_000
    kept = roll((n, 8), 0.5, generator(7))
    counts = torch.bincount((kept.int() * 2 ** torch.arange(8)).sum(1), minlength=256).double()
    chi_square = float(((counts - n / 256) ** 2 / (n / 256)).sum())
    # Wilson and Hilferty: the cube root of chi-square / df is close to normal.
    df = 255
    z = ((chi_square / df) ** (1 / 3) - (1 - 2 / (9 * df))) / math.sqrt(2 / (9 * df))
    assert abs(z) < Z


@either_die
def test_passes_follow_each_other_in_one_generator_and_differ(roll: Roll) -> None:
    stream = generator()
    first, second = (roll((1000,), 0.5, stream) for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(first, roll((1000,), 0.5, generator()))


def test_the_mask_is_the_line_that_the_pages_teach() -> None:
    assert torch.equal(dropout_mask((3, 50), 0.3, generator(4)), torch.rand(3, 50, generator=generator(4)) >= 0.3)


@either_die
@given(low=rates, high=rates, seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_with_the_same_random_numbers_a_unit_dropped_at_a_low_rate_is_dropped_at_a_higher_one(
    roll: Roll, low: float, high: float, seed: int
) -> None:
    low, high = sorted((low, high))
    kept_at_low, kept_at_high = (roll((64,), p, generator(seed)) for p in (low, high))
    assert not (kept_at_high & ~kept_at_low).any()


def test_the_global_random_state_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    apply_dropout(torch.ones(100), 0.5, generator())
    fast_masks.apply_dropout(torch.ones(100), 0.5, generator())
    apply_gaussian_dropout(torch.ones(100), 0.5, generator())
    assert torch.equal(before, torch.random.get_rng_state())


@either_die
@given(p=rates, shape=st.lists(st.integers(0, 5), max_size=4), seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_mask_has_the_shape_and_type_asked_for(roll: Roll, p: float, shape: list[int], seed: int) -> None:
    mask = roll(tuple(shape), p, generator(seed))
    assert mask.shape == torch.Size(shape)
    assert mask.dtype == torch.bool
    assert p > 0 or bool(mask.all())
    assert p < 1 or not bool(mask.any())


@either_die
def test_p_zero_keeps_and_p_one_drops_each_of_many_units(roll: Roll) -> None:
    assert roll(20_000_000, 0.0, generator()).all()  # a float of 24 bits is 0 once in 17 million
    assert not roll(20_000_000, 1.0, generator()).any()


@either_die
def test_an_integer_is_a_shape(roll: Roll) -> None:
    assert roll(5, 0.5, generator()).shape == (5,)


@pytest.mark.parametrize("p", [-0.1, -1e-300, 1 + 1e-15, 2, math.nan, math.inf, -math.inf, "0.5", None, True])
def test_a_rate_that_is_no_probability_is_refused(p: float) -> None:
    x = torch.ones(3)
    for call in (
        lambda: dropout_mask((3,), p, generator()),
        lambda: fast_masks.dropout_mask((3,), p, generator()),
        lambda: fast_masks.apply_dropout(x, p, generator()),
        lambda: apply_dropout(x, p, generator()),
        lambda: apply_dropout(x, p, generator(), training=False),
        lambda: apply_dropconnect(x, p, generator()),
        lambda: apply_gaussian_dropout(x, p, generator()),
        lambda: number_of_thinned_networks([3], [p]),
        lambda: training_scale(p),
        lambda: inference_scale(p),
    ):
        with pytest.raises(InvalidSetting, match=r"^p must be a number from 0 to") as caught:
            call()
        assert isinstance(caught.value, ValueError)
        assert (caught.value.name, caught.value.value) == ("p", p) or math.isnan(p)


# ---------------------------------------------------------------- the scaling


@pytest.mark.parametrize("die", [(apply_dropout, dropout_mask), (fast_masks.apply_dropout, fast_masks.dropout_mask)])
@given(p=rates, seed=st.integers(0, 2**32), dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16]))
@settings(max_examples=150, deadline=None)
def test_kept_units_are_divided_by_one_minus_p_and_dropped_ones_are_zero(
    die: tuple[Callable[..., torch.Tensor], Roll], p: float, seed: int, dtype: torch.dtype
) -> None:
    apply, roll = die
    x = torch.randn(3, 7, generator=generator(seed)).to(dtype)
    result = apply(x, p, generator(seed))
    mask = roll(x.shape, p, generator(seed))
    assert result.dtype == dtype
    assert result.shape == x.shape
    assert bool((result[~mask] == 0).all())
    if p < 1:
        torch.testing.assert_close(result[mask], x[mask] / (1 - p))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_expected_value_of_a_unit_is_its_activation(p: float) -> None:
    n = 1_000_000
    mean = float(apply_dropout(torch.full((n,), 3.0, dtype=torch.float64), p, generator(5)).mean())
    assert abs(mean - 3) <= Z * 3 * math.sqrt(p / (1 - p) / n)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
def test_values_and_gradients_are_those_of_pytorch_under_the_same_mask(p: float) -> None:
    x = torch.randn(50, 40, generator=generator(1))
    torch_x, own_x = x.clone().requires_grad_(), x.clone().requires_grad_()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = F.dropout(torch_x, p)
    result = apply_mask(own_x, expected != 0, p)  # randn gives no zeros: the zeros are the dropped ones
    torch.testing.assert_close(result, expected)
    upstream = torch.randn(50, 40, generator=generator(2))
    expected.backward(upstream)
    result.backward(upstream)
    torch.testing.assert_close(own_x.grad, torch_x.grad)


def test_p_one_gives_zeros_and_zero_gradients_even_from_infinities() -> None:
    x = torch.tensor([1.0, math.inf, math.nan], requires_grad=True)
    result = apply_dropout(x, 1.0, generator())
    result.sum().backward()
    assert result.tolist() == [0, 0, 0]
    assert x.grad is not None
    assert x.grad.tolist() == [0, 0, 0]


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
def test_in_eval_mode_the_input_comes_back_as_it_is(p: float) -> None:
    x = torch.randn(4, generator=generator())
    assert apply_dropout(x, p, generator(), training=False) is x
    assert apply_gaussian_dropout(x, min(p, 0.9), generator(), training=False) is x


@pytest.mark.parametrize("p", [0.0, 0.25, 1.0])
def test_the_2014_way_scales_at_test_and_differs_by_the_one_factor(p: float) -> None:
    x = torch.randn(1000, generator=generator())
    inverted = apply_dropout(x, p, generator(9))
    at_test = apply_dropout(x, p, generator(9), scaling="at_test")
    torch.testing.assert_close(inverted * (1 - p), at_test)
    torch.testing.assert_close(apply_dropout(x, p, generator(), training=False, scaling="at_test"), x * (1 - p))


def test_what_cannot_be_scaled_is_refused() -> None:
    with pytest.raises(ValueError, match=r"torch\.int64.*floating-point"):
        apply_dropout(torch.arange(3), 0.5, generator())
    with pytest.raises(ValueError, match="generator rolls on cpu and x lies on meta"):
        apply_dropout(torch.ones(3, device="meta"), 0.5, generator())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@either_die
def test_mask_and_result_stay_on_the_accelerator(roll: Roll) -> None:
    n = 4_000_000
    on_device = torch.Generator("cuda").manual_seed(0)
    mask = roll((n,), 0.3, on_device)
    assert mask.device.type == "cuda"
    assert_probability(int((~mask).sum()), n, 0.3)
    assert apply_dropout(torch.ones(8, device="cuda"), 0.5, on_device).device.type == "cuda"
    with pytest.raises(ValueError, match="one device"):
        apply_dropout(torch.ones(8), 0.5, on_device)


# ---------------------------------------------------------------- the relatives


def test_dropconnect_drops_single_weights_not_rows_or_columns() -> None:
    p, n = 0.5, 1000
    weight = apply_dropconnect(torch.ones(n, n), p, generator(11))
    assert sorted(weight.unique().tolist()) == [0, 2]
    # Were whole rows or columns dropped together, their sums would spread far wider than a binomial's.
    for dim in (0, 1):
        kept = (weight != 0).sum(dim).double()
        variance = float(kept.var())
        expected = n * p * (1 - p)
        assert abs(variance - expected) <= Z * expected * math.sqrt(2 / (n - 1))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_gaussian_dropout_has_the_mean_and_variance_of_inverted_dropout(p: float) -> None:
    n = 1_000_000
    factors = apply_gaussian_dropout(torch.ones(n, dtype=torch.float64), p, generator(13))
    variance = p / (1 - p)
    assert abs(float(factors.mean()) - 1) <= Z * math.sqrt(variance / n)
    assert abs(float(factors.var()) - variance) <= Z * variance * math.sqrt(2 / (n - 1))
    assert bool((factors != 0).all())


def test_gaussian_dropout_has_no_rate_one() -> None:
    with pytest.raises(InvalidSetting, match="from 0 to below 1 for Gaussian dropout"):
        apply_gaussian_dropout(torch.ones(2), 1.0, generator())
    assert torch.equal(apply_gaussian_dropout(torch.ones(2), 0.0, generator()), torch.ones(2))


def test_thinned_networks_count_only_units_whose_fate_is_open() -> None:
    assert number_of_thinned_networks([64, 16, 16], [0.2, 0.5, 0.5]) == 2**96
    assert number_of_thinned_networks([64, 16, 16], [0, 0.5, 1]) == 2**16
    assert number_of_thinned_networks([64, 16], [0, 1]) == 1
    # Small enough to count: every one of the 2**3 does turn up.
    masks = dropout_mask((1000, 3), 0.5, generator())
    assert len(masks.unique(dim=0)) == number_of_thinned_networks([3], [0.5])
