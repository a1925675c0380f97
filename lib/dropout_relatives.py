"""Relatives of dropout: DropConnect, Gaussian dropout, and the number of thinned networks that dropout can give.

Dropout itself is in `lib.dropout`; "the 2014 paper" is the one cited there.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import Generator, Tensor

from lib.dropout import apply_dropout
from lib.settings import InvalidSetting, is_real, real_number


def apply_dropconnect(weight: Tensor, p: float, generator: Generator, training: bool = True) -> Tensor:
    """Drop connections instead of units: each weight is dropped with probability p, kept ones are divided by 1 - p.

    Wan, Zeiler, Zhang, LeCun and Fergus (2013), "Regularization of Neural Networks using DropConnect", ICML, section 3.
    There are two simplifications. One mask serves the whole batch; the paper draws one for each example (pass a weight
    of shape (batch, out, in) for that). And after training we use the plain weights; the paper draws each unit's input
    from a normal distribution with the mean and variance that the masks give it (section 3.2).

    Raises:
        InvalidSetting: p is not in [0, 1], or is NaN (a ValueError).

    >>> apply_dropconnect(torch.ones(2, 3), 0.5, torch.Generator().manual_seed(2))
    tensor([[2., 0., 2.],
            [0., 2., 2.]])
    """
    return apply_dropout(weight, p, generator, training)


def apply_gaussian_dropout(x: Tensor, p: float, generator: Generator, training: bool = True) -> Tensor:
    """Multiply activations by normal noise of mean 1 and variance p / (1 - p), as inverted dropout has.

    No unit is ever dropped entirely, and nothing needs scaling. The 2014 paper, section 10 (there the variance is
    written (1 - p) / p, because its p is the probability of keeping). p = 1 would need an infinite variance, so here
    0 <= p < 1.

    Raises:
        InvalidSetting: p is not in [0, 1), or is NaN (a ValueError).

    >>> apply_gaussian_dropout(torch.ones(3), 0.2, torch.Generator().manual_seed(0))
    tensor([ 1.7705,  0.8533, -0.0894])
    """
    if not (is_real(p) and 0 <= p < 1):
        raise InvalidSetting("p", p, "a number from 0 to below 1 for Gaussian dropout")
    if not training:
        return x
    noise = torch.empty_like(x).normal_(1.0, (p / (1 - p)) ** 0.5, generator=generator)
    return x * noise


def number_of_thinned_networks(units: Sequence[int], rates: Sequence[float]) -> int:
    """How many different thinned networks dropout can give: 2**n for the n units that have 0 < p < 1.

    `units` and `rates` have one entry for each layer that dropout can act on. The 2014 paper, section 1.

    Raises:
        InvalidSetting: a rate is not in [0, 1], or is NaN (a ValueError).

    >>> number_of_thinned_networks(units=[64, 16, 16], rates=[0.0, 0.5, 0.5])
    4294967296
    """
    for p in rates:
        real_number("p", p, 0, 1)
    return prod(2**n for n, p in zip(units, rates, strict=True) if 0 < p < 1)
