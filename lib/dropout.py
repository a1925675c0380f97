"""Dropout: the die a network rolls while it learns.

In every forward pass each unit is switched off ("dropped") with probability p, independently of all others. In the next
pass the die is rolled again. There are three steps: draw a **mask**, compute the **scale**, **apply** both.

    mask = torch.rand(shape) >= p         # True = kept, with probability 1 - p
    result = x * mask / (1 - p)

Here, as in PyTorch, **p is the probability of dropping a unit**. In the paper that made dropout known (Srivastava,
Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, "Dropout: A Simple Way to Prevent Neural Networks from
Overfitting", JMLR 15:1929-1958) the letter p is the probability of *keeping* a unit.

Why scale? A unit that is kept with probability 1 - p contributes, on average, only 1 - p of its activation. There are
two ways to make up for that (`Scaling`):

- "inverted": divide the kept activations by 1 - p while training, and do nothing afterwards. Libraries do this today.
- "at_test": leave the kept activations alone while training, and multiply all activations by 1 - p afterwards. This is
  the paper's way (section 4; it multiplies the outgoing weights, which gives the same product).

`lib.fast_masks` rolls the same die where masks are needed by the million. DropConnect and Gaussian dropout are in
`lib.dropout_relatives`.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import BoolTensor, Generator, Tensor

from lib.settings import real_number

Scaling = Literal["inverted", "at_test"]


def dropout_mask(shape: int | Sequence[int], p: float, generator: Generator) -> BoolTensor:
    """Roll the die for every unit: True = kept, with probability 1 - p, each independently.

    The mask lies on the generator's device. `torch.rand` draws from [0, 1), so p = 0 keeps every unit and p = 1 drops
    every unit, without exception. Srivastava et al. (2014), section 4.

    Raises:
        InvalidSetting: p is not in [0, 1], or is NaN (a ValueError).

    >>> dropout_mask((2, 6), 0.5, torch.Generator().manual_seed(5)).int()
    tensor([[1, 0, 1, 1, 1, 0],
            [0, 1, 0, 1, 1, 1]], dtype=torch.int32)
    """
    p = real_number("p", p, 0, 1)
    return torch.rand(shape, generator=generator, device=generator.device) >= p  # type: ignore[return-value]


def training_scale(p: float, scaling: Scaling = "inverted") -> float:
    """The factor for a kept activation while training. With p = 1 nothing is kept, so the factor is 0, not 1/0.

    >>> training_scale(0.75), training_scale(0.75, "at_test")
    (4.0, 1.0)
    """
    p = real_number("p", p, 0, 1)
    if scaling == "at_test":
        return 1.0
    return 1 / (1 - p) if p < 1 else 0.0


def inference_scale(p: float, scaling: Scaling = "inverted") -> float:
    """The factor for every activation once training is over.

    >>> inference_scale(0.75), inference_scale(0.75, "at_test")
    (1.0, 0.25)
    """
    p = real_number("p", p, 0, 1)
    return 1 - p if scaling == "at_test" else 1.0


def apply_mask(x: Tensor, mask: Tensor, p: float, scaling: Scaling = "inverted") -> Tensor:
    """Drop what the mask drops and scale what it keeps: one training pass with a given mask.

    x is any floating-point tensor, mask a bool tensor that broadcasts against it. A dropped unit gives 0 and gets
    gradient 0.

    >>> apply_mask(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([True, False, True]), p=0.5)
    tensor([2., 0., 6.])
    """
    if not x.is_floating_point():
        raise ValueError(f"x has dtype {x.dtype}; dropout scales activations, so it takes floating-point tensors only")
    if p == 1:  # zeros even if x has grown to infinity: infinity * 0 would be NaN
        x = x.masked_fill(~mask, 0)
    return x * mask * training_scale(p, scaling)


def apply_dropout(
    x: Tensor, p: float, generator: Generator, training: bool = True, *, scaling: Scaling = "inverted"
) -> Tensor:
    """Apply dropout to activations x, each element a unit, and return a tensor of the same shape, dtype and device.

    With the default scaling a kept activation becomes x / (1 - p) while training, so its expected value stays x;
    `training=False` returns x itself. p = 1 gives zeros, never NaN. This is `torch.nn.functional.dropout` with a
    generator of your own. Srivastava et al. (2014), section 4; `scaling="at_test"` is the way described there.

    Raises:
        InvalidSetting: p is not in [0, 1], or is NaN (a ValueError).
        ValueError: x holds integers, or is on another device than the generator.

    >>> generator = torch.Generator().manual_seed(2)
    >>> apply_dropout(torch.tensor([1.0, 2.0, 3.0, 4.0]), 0.5, generator)
    tensor([2., 0., 6., 0.])
    >>> apply_dropout(torch.tensor([1.0, 2.0, 3.0, 4.0]), 0.5, generator, training=False)
    tensor([1., 2., 3., 4.])
    """
    p = real_number("p", p, 0, 1)
    if not training:
        return x if scaling == "inverted" else x * inference_scale(p, scaling)
    if x.device != generator.device:
        raise ValueError(f"generator rolls on {generator.device} and x lies on {x.device}; both must be on one device")
    return apply_mask(x, dropout_mask(x.shape, p, generator), p, scaling)
