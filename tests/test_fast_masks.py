"""The fast forms of the die against the plain one: the same masks from the same random bits, and the same chances.

How often `fast_masks.dropout_mask` drops, and how independently, is tested beside the plain die in test_dropout.py.
"""

import copy
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lib import dropout, fast_masks
from lib.fast_masks import MaskRoller

rates = st.floats(0, 1)


def plain_mask(uniform: Tensor, p: float) -> Tensor:
    """What `lib.dropout.dropout_mask` rolls if these are its random numbers."""
    with mock.patch.object(torch, "rand", return_value=uniform):
        return dropout.dropout_mask(uniform.shape, p, torch.Generator())


# ---------------------------------------------------------------- one mask


@given(p=rates, units=st.integers(1, 200), seed=st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_from_the_same_32_bits_both_dice_roll_the_same_mask(p: float, units: int, seed: int) -> None:
    pairs = torch.empty((units + 1) // 2, dtype=torch.int64)
    pairs.random_(-(2**63), None, generator=torch.Generator().manual_seed(seed))
    uniform = (pairs.view(torch.int32)[:units].double() + 2**31) / 2**32  # in [0, 1), exact in 53 bits
    p = round(p * 2**32) / 2**32  # the rate that 32 bits can honour
    fast = fast_masks.dropout_mask(units, p, torch.Generator().manual_seed(seed))
    assert torch.equal(fast, plain_mask(uniform, p))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_where_nothing_is_left_to_chance_no_random_number_is_used_up(p: float) -> None:
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    fast_masks.dropout_mask((4, 5), p, generator)
    assert torch.equal(generator.get_state(), before)


# ---------------------------------------------------------------- the masks of an ensemble


def rngs(members: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, member]) for member in range(members)]


def all_masks(roller: MaskRoller, passes: int) -> dict[tuple[int, int], Tensor]:
    """(layer, arm) -> (passes, E, B, H)."""
    rolled: dict[tuple[int, int], list[Tensor]] = {}
    for _ in range(passes):
        for layer, arms in enumerate(roller.roll()):
            for arm, mask in arms.items():
                rolled.setdefault((layer, arm), []).append(mask.clone())
    return {key: torch.stack(masks) for key, masks in rolled.items()}


@given(
    layers=st.lists(st.tuples(st.integers(1, 9), st.lists(rates, min_size=3, max_size=3)), min_size=1, max_size=3),
    batch_size=st.integers(1, 5),
    members=st.integers(1, 3),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=100, deadline=None)
def test_from_the_same_16_bits_the_roller_makes_the_plain_die_s_masks(
    layers: list[tuple[int, list[float]]], batch_size: int, members: int, seed: int
) -> None:
    sizes, rates_of_layers = zip(*layers, strict=True)
    generators = rngs(members, seed)
    twins = copy.deepcopy(generators)
    roller = MaskRoller(sizes, rates_of_layers, batch_size=batch_size, generators=generators)
    passes = 16  # a block, for networks as small as these
    masks = all_masks(roller, passes)

    # A member's numbers lie pass by pass, in each pass layer by layer, without the layers where nothing drops.
    units = [batch_size * size if any(of_arms) else 0 for size, of_arms in layers]
    for member, twin in enumerate(twins):
        words = twin.bit_generator.random_raw(-(-passes * sum(units) // 4))
        bits = torch.from_numpy(words.view(np.int16).astype(float))[: passes * sum(units)]
        uniform = ((bits + 2**15) / 2**16).view(passes, -1).split(units, dim=1)  # in [0, 1)
        for layer, (size, of_arms) in enumerate(layers):
            for arm, rate in enumerate(of_arms):
                p = MaskRoller.true_rate(rate)
                assert ((layer, arm) in masks) == (rate > 0)
                if rate > 0:
                    mask = plain_mask(uniform[layer].view(passes, batch_size, size), p)
                    expected = dropout.apply_mask(torch.ones(mask.shape), mask, p)
                    assert torch.equal(masks[layer, arm][:, member], expected)


def test_masks_keep_as_often_as_they_should_and_scale_by_what_they_keep() -> None:
    rates = [[0.0, 0.1, 0.1], [0.0, 0.5, 0.9]]
    masks = all_masks(MaskRoller((20, 30), rates, batch_size=10, generators=rngs(4)), 100)
    assert set(masks) == {(0, 1), (0, 2), (1, 1), (1, 2)}
    for (layer, arm), mask in masks.items():
        true = MaskRoller.true_rate(rates[layer][arm])
        assert abs(true - rates[layer][arm]) <= 2**-17
        scale = 1 / (1 - true)
        kept = mask > 0
        assert torch.equal(mask, kept * scale)
        # Five standard errors of a binomial share, in four independent checks: fails by chance once in 400,000 seeds.
        n = mask.numel()
        assert abs(kept.double().mean().item() - (1 - true)) < 5 * (true * (1 - true) / n) ** 0.5


def test_units_points_members_and_passes_are_rolled_independently() -> None:
    kept = (all_masks(MaskRoller((16,), [[0.5]], batch_size=8, generators=rngs(4)), 200)[0, 0] > 0).double() - 0.5
    # (passes, E, B, H); the product of neighbours along any axis has mean 0 and standard deviation 1/4. Five standard
    # errors in 4 checks: fails by chance once in 400,000 seeds.
    for axis in range(4):
        n = kept.shape[axis]
        products = kept.narrow(axis, 0, n - 1) * kept.narrow(axis, 1, n - 1)
        assert abs(products.mean().item()) < 5 * 0.25 / products.numel() ** 0.5


def test_a_unit_dropped_at_a_low_rate_is_dropped_at_a_higher_one() -> None:
    masks = all_masks(MaskRoller((64,), [[0.2, 0.5]], batch_size=8, generators=rngs(2)), 20)
    assert not ((masks[0, 0] == 0) & (masks[0, 1] > 0)).any()


@pytest.mark.parametrize("hidden", [8, 63, 512])  # many, an odd number, and one pass to a block
def test_masks_of_a_member_depend_neither_on_other_arms_nor_on_other_members(hidden: int) -> None:
    def masks(rates: list[float], members: int) -> Tensor:
        arms = [[0.0] * len(rates), rates]
        rolled = all_masks(MaskRoller((2, hidden), arms, batch_size=64, generators=rngs(members)), 40)
        return rolled[1, rates.index(0.5)]

    assert torch.equal(masks([0.5], 2), masks([0.0, 0.2, 0.5], 5)[:, :2])


def test_rates_of_nearly_nothing_and_of_everything() -> None:
    masks = all_masks(MaskRoller((100,), [[1e-9, 1.0, 1 - 1e-9]], batch_size=10, generators=rngs(1)), 50)
    assert torch.equal(masks[0, 0], torch.ones(50, 1, 10, 100))  # rounds to 0
    assert not masks[0, 1].any()
    assert not masks[0, 2].any()  # rounds to 1, and is no infinite number
