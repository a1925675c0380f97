"""The masks of `lib.dropout`, drawn faster, for runs that need them by the million.

There are two fast forms. Given the same random bits, each makes the same masks as the plain form
(tests/test_fast_masks.py).

- `dropout_mask` and `apply_dropout` replace the plain functions one for one.
- `MaskRoller` draws the masks of an ensemble (`lib.network`), several forward passes in one go. With the plain form,
  training an ensemble takes 1.4 to 1.5 times as long.

Each form reads its generator in its own way, so the same seed gives other masks here than in `lib.dropout`. The
networks and recordings in `data/` were made with the masks of this module, and are reproduced with them.
"""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from torch import BoolTensor, Generator, Tensor

from lib.dropout import apply_mask, training_scale
from lib.settings import real_number

# ---------------------------------------------------------------------------------------- one mask, 32 bits a unit


def dropout_mask(shape: int | Sequence[int], p: float, generator: Generator) -> BoolTensor:
    """As `lib.dropout.dropout_mask`: True = kept, with probability 1 - p, each unit independently.

    The plain form makes a floating-point number of 24 random bits for every unit. This one reads random 64-bit integers
    as pairs of 32-bit ones and compares those with a threshold: a fraction p of them lies below it. The rate is p to
    within 1 / 2**33; p = 0 and p = 1 draw nothing.

    Raises:
        InvalidSetting: p is not in [0, 1], or is NaN (a ValueError).

    >>> dropout_mask((2, 6), 0.5, torch.Generator().manual_seed(5)).int()
    tensor([[1, 1, 0, 0, 1, 1],
            [0, 0, 1, 1, 1, 0]], dtype=torch.int32)
    """
    below = round(real_number("p", p, 0, 1) * 2**32)  # how many of the 2**32 integers drop their unit
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if below in (0, 2**32):  # the threshold for p = 1 would not fit in 32 bits
        return torch.full(shape, below == 0, device=generator.device)  # type: ignore[return-value]
    units = prod(shape)
    pairs = torch.empty((units + 1) // 2, dtype=torch.int64, device=generator.device)
    pairs.random_(-(2**63), None, generator=generator)  # all 2**64 integers; random_() alone gives no negative ones
    kept = pairs.view(torch.int32)[:units] >= below - 2**31  # 32-bit integers begin at -2**31
    return kept.view(shape)  # type: ignore[return-value]


def apply_dropout(x: Tensor, p: float, generator: Generator) -> Tensor:
    """As `lib.dropout.apply_dropout` while training, with inverted scaling.

    Raises:
        InvalidSetting: p is not in [0, 1], or is NaN (a ValueError).

    >>> apply_dropout(torch.tensor([1.0, 2.0, 3.0, 4.0]), 0.5, torch.Generator().manual_seed(2))
    tensor([2., 4., 0., 8.])
    """
    return apply_mask(x, dropout_mask(x.shape, p, generator), p)


# --------------------------------------------------------------------------------- masks of an ensemble, 16 bits a unit

Masks = list[dict[int, Tensor]]
"""The masks of one forward pass of an ensemble, layer by layer from the input: ``masks[layer][arm]`` is (E, B, H), 0
for a dropped unit and 1 / (1 - p) for a kept one. An arm that drops nothing there has no entry."""

_STEPS = 2**16
_BLOCK = 2**14  # units of one member per block: enough to be fast, few enough to stay in the processor's cache


class _Rule(NamedTuple):
    """How the random numbers become the masks of one layer in one arm, for a block of passes."""

    numbers: Tensor  # (passes, B * H) random numbers of one member, -32768 .. 32767; the same in all arms
    kept_from: float  # a unit with this number or a larger one is kept
    scale: Tensor  # (passes, B * H) the factor for a kept unit
    masks: Tensor  # (passes, E, B * H) the result


class MaskRoller:
    """Draws the dropout masks of an ensemble, forward pass by forward pass.

    16 random bits decide the fate of a unit, so the true rate is p rounded to the nearest 1/65536 (`true_rate`), and a
    kept unit is multiplied by 1 / (1 - true rate). At p = 1 the mask is all zeros.

    Each member has its own generator. All arms use the same random numbers and differ only in the threshold: a unit
    that is dropped at p = 0.2 is dropped at p = 0.5 as well. So the arms differ by their rates and not by luck, and the
    masks of one arm do not depend on which other arms there are.

    Args:
        sizes: units of the input and of the hidden layers.
        rates: for each of these layers, the dropout rate of every arm.
        batch_size: B, the number of points; each point has its own mask.
        generators: one for each member.

    >>> roller = MaskRoller([2, 4], [[0, 0], [0, 0.5]], batch_size=1, generators=[np.random.default_rng(1)])
    >>> roller.roll()  # nothing on the input; on the hidden layer, only arm 1 drops
    [{}, {1: tensor([[[0., 2., 0., 0.]]])}]
    """

    def __init__(
        self,
        sizes: Sequence[int],
        rates: Sequence[Sequence[float]],
        *,
        batch_size: int,
        generators: Sequence[np.random.Generator],
    ) -> None:
        self._generators = generators
        units = [batch_size * size if any(arm_rates) else 0 for size, arm_rates in zip(sizes, rates, strict=True)]
        # A block of several passes is drawn at once, member by member, so that it stays in the processor's cache.
        passes = min(16, max(1, _BLOCK // max(sum(units), 1)))
        self._numbers = torch.empty(passes, sum(units))
        self._block: list[Masks] = [[{} for _ in sizes] for _ in range(passes)]
        self._used = passes  # passes of the block that are used up: nothing is drawn yet
        self._rules: list[_Rule] = []
        by_layer = self._numbers.split_with_sizes(units, dim=1)  # (passes, B * H) each
        for layer, (size, arm_rates, numbers) in enumerate(zip(sizes, rates, by_layer, strict=True)):
            for arm, rate in enumerate(arm_rates):
                if rate > 0:
                    p = self.true_rate(rate)
                    masks = torch.empty(passes, len(generators), batch_size, size)
                    scale = torch.full(numbers.shape, training_scale(p))
                    self._rules.append(_Rule(numbers, _STEPS * (p - 0.5), scale, masks.flatten(2)))
                    for one_pass, mask in zip(self._block, masks, strict=True):
                        one_pass[layer][arm] = mask  # (E, B, H)

    @staticmethod
    def true_rate(rate: float) -> float:
        """Return the rate that is used: `rate` rounded to the nearest 1/65536.

        >>> MaskRoller.true_rate(0.5), MaskRoller.true_rate(0.2)
        (0.5, 0.1999969482421875)
        """
        return round(rate * _STEPS) / _STEPS

    def roll(self) -> Masks:
        """Return the masks of the next forward pass. They are overwritten by later calls."""
        if self._used == len(self._block):
            self._roll_block()
            self._used = 0
        self._used += 1
        return self._block[self._used - 1]

    def _roll_block(self) -> None:
        if not self._rules:
            return
        flat = self._numbers.view(-1)
        for member, generator in enumerate(self._generators):
            # The generator's own 64-bit integers, for four units each, take half the time of `Tensor.random_`.
            # Comparing is faster in float32 than in int16, and float32 holds 16 bits exactly.
            words = generator.bit_generator.random_raw(-(-len(flat) // 4))
            flat.copy_(torch.from_numpy(words.view(np.int16))[: len(flat)])
            for numbers, kept_from, scale, masks in self._rules:
                # The scale where number > kept_from - 1, else 0: a third of the time of a comparison and a product.
                mask = masks[:, member]  # (passes, B * H)
                torch.ops.aten.threshold_backward.grad_input(scale, numbers, kept_from - 1, grad_input=mask)
