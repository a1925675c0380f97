"""LoRA: fine-tune a large model by training two small matrices beside each of its large ones, which stay as they are.

Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", arXiv 2106.09685, section 4.1. A layer that
computes W x learns a correction of rank r:

    W x  +  alpha / r * B (A drop(x))          A is (r, inputs), B is (outputs, r)

B begins with zeros, so at first the layer computes what it did before. The dropout of fine-tuning (``lora_dropout``)
is rolled for the input of A alone: W still sees every unit. After training, `LoraLinear.merged` is an ordinary matrix,
W + alpha / r * B A, and the layer costs nothing more than it did.
"""

import math
from collections.abc import Collection
from typing import cast

import torch
from torch import Generator, Tensor, nn

from lib.dropout import apply_dropout
from lib.settings import real_number, whole_number


class LoraLinear(nn.Module):
    """A linear layer that stays as it is, and a small correction beside it that learns.

    Args:
        base: the layer; its weight (outputs, inputs) is frozen.
        rank: r, the rank of the correction, 1 or more.
        alpha: the correction is multiplied by alpha / r.
        p: the probability of **dropping** a unit of the correction's input in training, 0 <= p < 1.
        generator: draws the first A, and rolls the die of the dropout.

    Raises:
        InvalidSetting: (a ValueError) naming the setting and what is accepted.

    >>> generator = torch.Generator().manual_seed(0)
    >>> layer = LoraLinear(nn.Linear(6, 4), rank=2, alpha=4, p=0.1, generator=generator)
    >>> [name for name, parameter in layer.named_parameters() if parameter.requires_grad]
    ['A', 'B']
    >>> x = torch.ones(3, 6)
    >>> bool((layer(x) == layer.base(x)).all())  # B is zero: nothing is learned yet
    True
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float, p: float, generator: Generator) -> None:
        super().__init__()
        whole_number("rank", rank, 1, min(base.weight.shape))
        self.base = base.requires_grad_(False)
        self.scale = alpha / rank
        self.p = real_number("p", p, 0, 1)
        self._generator = generator
        outputs, inputs = base.weight.shape
        # As `nn.Linear` draws its weights. A learns in single precision, whatever the precision of W.
        self.A = nn.Parameter((2 * torch.rand((rank, inputs), generator=generator) - 1) / math.sqrt(inputs))
        self.B = nn.Parameter(torch.zeros((outputs, rank)))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (..., inputs) to (..., outputs), in the precision of x; dropout is rolled in training mode only."""
        seen = apply_dropout(x, self.p, self._generator, self.training) if self.p else x
        low = seen @ self.A.to(x.dtype).T  # (..., r)
        correction = self.scale * (low @ self.B.to(x.dtype).T)  # (..., outputs)
        return cast(Tensor, self.base(x)) + correction

    def merged(self) -> Tensor:
        """W with the correction added, (outputs, inputs) in single precision: one layer that does the same."""
        return self.base.weight.float() + self.scale * (self.B @ self.A)


def add_lora(
    model: nn.Module, names: Collection[str], *, rank: int, alpha: float, p: float, generator: Generator
) -> list[nn.Parameter]:
    """Freeze a model and put a `LoraLinear` around each of its linear layers whose attribute is in ``names``.

    Returns what is left to train: A and B of each layer, in the order of the layers.

    Raises:
        ValueError: no layer has such a name.

    >>> model = nn.ModuleDict({"first": nn.Linear(6, 4), "second": nn.Linear(4, 2)})
    >>> trained = add_lora(model, ["first"], rank=2, alpha=4, p=0.0, generator=torch.Generator().manual_seed(0))
    >>> [tuple(each.shape) for each in trained]
    [(2, 6), (4, 2)]
    """
    model.requires_grad_(False)
    places = [
        (parent, name)
        for parent in model.modules()
        for name, child in parent.named_children()
        if name in names and isinstance(child, nn.Linear)
    ]
    if not places:
        raise ValueError(f"names must be those of linear layers, but none is called {', '.join(sorted(names))}")
    trained = []
    for parent, name in places:
        layer = LoraLinear(cast(nn.Linear, getattr(parent, name)), rank, alpha, p, generator)
        setattr(parent, name, layer)
        trained += [layer.A, layer.B]
    return trained
