"""Dropout: the die a network rolls while it learns.

At every forward pass each unit is switched off ("dropped") with probability p, on its own, and is back at the next one.
Here, as in PyTorch, **p is the probability to drop**. In the paper that made dropout known (Srivastava, Hinton,
Krizhevsky, Sutskever and Salakhutdinov 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
JMLR 15:1929-1958) the letter p is the probability to *keep* a unit.

A unit that is there only with probability 1 - p contributes only 1 - p of its activation on average. There are two
places to make up for that, and this module knows both (`Scaling`):

- "inverted": divide the kept activations by 1 - p while training, do nothing afterwards. Libraries do this today.
- "at_test": leave the kept activations alone while training, multiply all activations by 1 - p afterwards. This is the
  paper's way (section 4; it multiplies the outgoing weights, which is the same product).
"""

from collections.abc import Sequence
from math import prod
from typing import Literal

import torch
from torch import BoolTensor, Generator, Tensor

Scaling = Literal["inverted", "at_test"]

# A mask is made from 32 random bits per unit: one comparison each, and the rate is p to within 1 / 2**33.
_STEPS = 2**32


class DropoutRateError(ValueError):
    """A dropout rate that is no probability; `rate` holds it, `accepted` the interval that would do."""

    def __init__(self, rate: float, accepted: str = "0 <= p <= 1") -> None:
        super().__init__(f"p is {rate}; a dropout rate is the probability to drop a unit, {accepted}")
        self.rate = rate
        self.accepted = accepted


def check_rate(p: float) -> None:
    """Raise `DropoutRateError` unless 0 <= p <= 1. NaN is no probability either.

    >>> check_rate(1.5)
    Traceback (most recent call last):
    lib.dropout.DropoutRateError: p is 1.5; a dropout rate is the probability to drop a unit, 0 <= p <= 1
    """
    if not 0 <= p <= 1:
        raise DropoutRateError(p)


def fill_dropout_mask(out: Tensor, p: float, generator: Generator) -> None:
    """Roll the die for every element of `out`, a bool tensor on the generator's device: True (kept) or False (dropped).

    `Tensor.bernoulli_` would do, at five times the cost: it works out a floating-point number for every element. Here
    random 64-bit integers are read as pairs of 32-bit ones and compared with a threshold: a share p of them is below.
    """
    check_rate(p)
    dropped_steps = round(p * _STEPS)
    if dropped_steps in (0, _STEPS):  # nothing to roll, and the threshold for p = 1 would not fit in 32 bits
        out.fill_(dropped_steps == 0)
        return
    random = torch.empty((out.numel() + 1) // 2, dtype=torch.int64, device=out.device)
    random.random_(
        -(2**63), None, generator=generator
    )  # from the lowest integer on: plain random_() knows no negative ones
    torch.ge(random.view(torch.int32)[: out.numel()].view(out.shape), dropped_steps - _STEPS // 2, out=out)


def dropout_mask(shape: int | Sequence[int], p: float, generator: Generator) -> BoolTensor:
    """Return which units stay in one forward pass: True = kept, with probability 1 - p, each independently.

    The mask lies on the generator's device. p = 0 keeps all units and p = 1 drops all, without rolling; in between the
    rate is honoured to within 1 / 2**33. Srivastava et al. (2014), section 4.

    Raises:
        DropoutRateError: p is not in [0, 1], or is NaN (a ValueError).

    >>> dropout_mask((2, 6), 0.5, torch.Generator().manual_seed(5)).int()
    tensor([[1, 1, 0, 0, 1, 1],
            [0, 0, 1, 1, 1, 0]], dtype=torch.int32)
    """
    mask = torch.empty(shape, dtype=torch.bool, device=generator.device)
    fill_dropout_mask(mask, p, generator)
    return mask  # type: ignore[return-value]  # a Tensor of bools is what torch calls a BoolTensor


def training_scale(p: float, scaling: Scaling = "inverted") -> float:
    """What a kept activation is multiplied by while training. With p = 1 nothing is kept, so the factor is 0, not 1/0.

    >>> training_scale(0.75), training_scale(0.75, "at_test")
    (4.0, 1.0)
    """
    check_rate(p)
    if scaling == "at_test":
        return 1.0
    return 1 / (1 - p) if p < 1 else 0.0


def inference_scale(p: float, scaling: Scaling = "inverted") -> float:
    """What every activation is multiplied by once training is over.

    >>> inference_scale(0.75), inference_scale(0.75, "at_test")
    (1.0, 0.25)
    """
    check_rate(p)
    return 1 - p if scaling == "at_test" else 1.0


def apply_mask(x: Tensor, mask: Tensor, p: float, scaling: Scaling = "inverted") -> Tensor:
    """Drop what the mask drops and scale what it keeps: one training pass, with the die already rolled.

    x is any floating-point tensor, mask a bool tensor that broadcasts against it. A dropped unit gives 0 and gets
    gradient 0.

    >>> apply_mask(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([True, False, True]), p=0.5)
    tensor([2., 0., 6.])
    """
    if not x.is_floating_point():
        raise ValueError(f"x has dtype {x.dtype}; dropout scales activations, so it takes floating-point tensors only")
    if p == 1:
        return x.masked_fill(~mask, 0) * training_scale(p, scaling)  # zeros even if x has blown up: infinity * 0 is NaN
    return x * mask * training_scale(p, scaling)  # a product takes less than half the time of masked_fill


def apply_dropout(
    x: Tensor, p: float, generator: Generator, training: bool = True, *, scaling: Scaling = "inverted"
) -> Tensor:
    """Apply dropout to activations x, each element a unit, and return a tensor of the same shape, dtype and device.

    With the default scaling a kept activation becomes x / (1 - p) while training, so that its expected value stays x,
    and `training=False` returns x itself. p = 1 gives zeros, never NaN. It is `torch.nn.functional.dropout` with a
    generator of your own. Srivastava et al. (2014), section 4; `scaling="at_test"` is the way written there.

    Raises:
        DropoutRateError: p is not in [0, 1], or is NaN (a ValueError).
        ValueError: x holds integers, or lies on another device than the generator.

    >>> generator = torch.Generator().manual_seed(2)
    >>> apply_dropout(torch.tensor([1.0, 2.0, 3.0, 4.0]), 0.5, generator)
    tensor([2., 4., 0., 8.])
    >>> apply_dropout(torch.tensor([1.0, 2.0, 3.0, 4.0]), 0.5, generator, training=False)
    tensor([1., 2., 3., 4.])
    """
    check_rate(p)
    if not training:
        return x if scaling == "inverted" else x * inference_scale(p, scaling)
    if x.device != generator.device:
        raise ValueError(f"generator rolls on {generator.device} and x lies on {x.device}; both must be on one device")
    return apply_mask(x, dropout_mask(x.shape, p, generator), p, scaling)


def apply_dropconnect(weight: Tensor, p: float, generator: Generator, training: bool = True) -> Tensor:
    """Drop connections instead of units: each weight goes with probability p, the kept ones grow by 1 / (1 - p).

    Wan, Zeiler, Zhang, LeCun and Fergus (2013), "Regularization of Neural Networks using DropConnect", ICML, section 3.
    Two simplifications: one mask serves the whole batch, where the paper draws one for each example (give a weight of
    shape (batch, out, in) for that); and afterwards the plain weights are used, where the paper draws each unit's input
    from a normal distribution with the mean and variance that the masks give it (section 3.2).

    >>> apply_dropconnect(torch.ones(2, 3), 0.5, torch.Generator().manual_seed(2))
    tensor([[2., 2., 0.],
            [2., 0., 0.]])
    """
    return apply_dropout(weight, p, generator, training)


def apply_gaussian_dropout(x: Tensor, p: float, generator: Generator, training: bool = True) -> Tensor:
    """Multiply activations by normal noise of mean 1 and variance p / (1 - p), the same two as inverted dropout's.

    Nothing is ever quite dropped, nothing needs scaling. Srivastava et al. (2014), section 10 (there the variance is
    written (1 - p) / p: their p keeps). p = 1 would need an infinite variance, so this one takes 0 <= p < 1.

    Raises:
        DropoutRateError: p is not in [0, 1), or is NaN (a ValueError).

    >>> apply_gaussian_dropout(torch.ones(3), 0.2, torch.Generator().manual_seed(0))
    tensor([ 1.7705,  0.8533, -0.0894])
    """
    if not 0 <= p < 1:
        raise DropoutRateError(p, "0 <= p < 1 for Gaussian dropout")
    if not training:
        return x
    noise = torch.empty_like(x).normal_(1.0, (p / (1 - p)) ** 0.5, generator=generator)
    return x * noise


def number_of_thinned_networks(units: Sequence[int], rates: Sequence[float]) -> int:
    """How many different networks the die can leave: 2**n for the n units whose fate is open, those with 0 < p < 1.

    `units` and `rates` have one entry for each layer that dropout can act on. Srivastava et al. (2014), section 1.

    >>> number_of_thinned_networks(units=[64, 16, 16], rates=[0.0, 0.5, 0.5])
    4294967296
    """
    for p in rates:
        check_rate(p)
    return prod(2**n for n, p in zip(units, rates, strict=True) if 0 < p < 1)
