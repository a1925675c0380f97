"""An ensemble of small networks, trained side by side as one.

To see what dropout does, one network is not enough: another random start might give another result. So we train A
"arms", one for each dropout rate, with E "members" each: A x E networks of the same shape. The usual way is to train
them one after another, and for networks this small nearly all of the time would go into function calls, not arithmetic.
Here one call multiplies a batch of matrices, one for each network, so that all networks take a step together.
`lib.training` takes the steps.

All of learning is spelled out, without automatic differentiation. For one network, with x the inputs of a batch:

    h_0 = m_0 x                                                  m_l: mask of layer l, 1 / (1 - p) where kept, else 0
    z_l = h_(l-1) W_l + b_l,   h_l = m_l relu(z_l)               l = 1 .. L-1
    logits = z_L = h_(L-1) W_L + b_L

    d_L = (probabilities - targets) / B                          d_l: derivative of the mean loss with respect to z_l
    dLoss/dW_l = h_(l-1)^T d_l,    dLoss/db_l = sum of d_l over the batch
    d_(l-1) = m_(l-1) relu'(z_(l-1)) (d_l W_l^T)

(backpropagation: Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors"; dropout:
Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15:1929-1958, section
4, with the scaling moved to training time as all libraries do today). `lib.fast_masks.MaskRoller` draws the masks, and
`lib.adamw.AdamW` is the optimiser.

Shapes in the comments: A arms, E members, N = A * E networks, B points of a batch, D inputs, H units of a layer, C
outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from lib.fast_masks import Masks


def probabilities(logits: Tensor) -> Tensor:
    """Turn logits into probabilities: a sigmoid if there is one output (for class 1), else a softmax over the classes.

    >>> probabilities(torch.tensor([[0.0]]))
    tensor([[0.5000]])
    >>> probabilities(torch.tensor([[0.0, 0.0]]))
    tensor([[0.5000, 0.5000]])
    """
    if logits.shape[-1] == 1:
        return torch.sigmoid(logits)
    # A softmax over a few classes is nine times faster if the points, not the classes, are contiguous in memory.
    return torch.softmax(logits.mT.contiguous(), dim=-2).mT


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of every point in nats: minus the logarithm of the probability given to its class.

    Args:
        logits: (..., C), or (..., 1) for two classes.
        targets: (..., C), 1 for the class and 0 elsewhere; or (..., 1), the class 0 or 1.

    >>> cross_entropy(torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [1.0]]))
    tensor([0.6931, 0.1269])
    """
    if logits.shape[-1] == 1:
        return (torch.nn.functional.softplus(logits) - logits * targets).squeeze(-1)
    shifted = logits - logits.amax(-1, keepdim=True)  # gives the same probabilities, and no exponential overflows
    return shifted.exp().sum(-1).log() - (shifted * targets).sum(-1)


def encode_targets(classes: Tensor, outputs: int) -> Tensor:
    """Turn class numbers (N,) into what `cross_entropy` compares with: (N, 1) for one output, else one-hot (N, C).

    >>> encode_targets(torch.tensor([1, 0]), 2)
    tensor([[0., 1.],
            [1., 0.]])
    """
    if outputs == 1:
        return classes.float().unsqueeze(-1)
    return torch.nn.functional.one_hot(classes, outputs).float()


class Ensemble:
    """A x E multilayer perceptrons of one shape, with all their weights in one flat vector.

    `parameters` and `gradients` are flat (P,) vectors; `weights[l]` (N, fan in, fan out) and `biases[l]` (N, 1, fan
    out) are views into `parameters`, so that an optimiser updates everything in one call. Network a * E + e is member e
    of arm a.

    A member starts with the same weights in every arm, drawn by its generator as in `torch.nn.Linear`: uniformly within
    1 / sqrt(fan in) of zero.

    >>> rngs = [np.random.default_rng(member) for member in range(3)]
    >>> ensemble = Ensemble((2, 8, 1), arms=2, batch_size=4, generators=rngs)
    >>> ensemble.logits(torch.zeros(5, 2)).shape  # 2 arms, 3 members, 5 points, 1 output
    torch.Size([2, 3, 5, 1])
    """

    def __init__(
        self, sizes: Sequence[int], *, arms: int, batch_size: int, generators: Sequence[np.random.Generator]
    ) -> None:
        self.sizes = tuple(sizes)
        self.arms, self.members, self.batch_size = arms, len(generators), batch_size
        networks = arms * self.members
        count = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
        self.parameters = torch.empty(networks * count)
        self.gradients = torch.zeros(networks * count)
        self.weights, self.biases = self._views(self.parameters)
        self._weight_gradients, self._bias_gradients = self._views(self.gradients)
        for member, generator in enumerate(generators):
            for weight, bias in zip(self.weights, self.biases, strict=True):
                bound = 1 / sqrt(weight.shape[1])
                for values in (weight, bias):
                    drawn = generator.uniform(-bound, bound, size=values.shape[1:])
                    values[member :: self.members] = torch.from_numpy(drawn)  # the same in all arms

        # Buffers for one training step, reused at every step: h_l and d_l, (N, B, H) each. The lists by arm are views
        # into them, (E, B, H) for each arm, so that an arm's mask can be applied in place.
        self._h = [torch.empty(networks, batch_size, size) for size in sizes]
        self._d = [torch.empty(networks, batch_size, size) for size in sizes]
        self._h_of_arm = [list(h.view(arms, self.members, batch_size, -1)) for h in self._h]
        self._d_of_arm = [list(d.view(arms, self.members, batch_size, -1)) for d in self._d]

    def _views(self, flat: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Cut a flat vector into the weights (N, fan in, fan out) and biases (N, 1, fan out) of each layer."""
        networks = self.arms * self.members
        weights, biases, start = [], [], 0
        for fan_in, fan_out in pairwise(self.sizes):
            middle = start + networks * fan_in * fan_out
            stop = middle + networks * fan_out
            weights.append(flat[start:middle].view(networks, fan_in, fan_out))
            biases.append(flat[middle:stop].view(networks, 1, fan_out))
            start = stop
        return weights, biases

    def forward(self, x: Tensor, masks: Masks) -> Tensor:
        """Run a training batch through all networks, with dropout: (E, B, D) -> logits (A, E, B, C).

        Every arm sees the same batch. The result is overwritten by the next call.
        """
        h = self._h
        h[0].view(self.arms, *x.shape).copy_(x)  # (E, B, D) -> (A, E, B, D)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            for arm, mask in masks[layer].items():
                self._h_of_arm[layer][arm].mul_(mask)  # (E, B, H)
            torch.baddbmm(bias, h[layer], weight, out=h[layer + 1])  # (N, B, H) @ (N, H, H') -> (N, B, H')
            if layer + 2 < len(h):
                h[layer + 1].relu_()
        return h[-1].view(self.arms, self.members, self.batch_size, -1)

    def backward(self, d_logits: Tensor, masks: Masks) -> None:
        """Fill `gradients`, given the derivative of the loss with respect to the last pass's logits (A, E, B, C)."""
        h, d = self._h, self._d
        d[-1].copy_(d_logits.view(d[-1].shape))
        for layer in reversed(range(len(self.weights))):
            torch.bmm(h[layer].mT, d[layer + 1], out=self._weight_gradients[layer])  # (N, H, B) @ (N, B, H')
            torch.sum(d[layer + 1], dim=1, keepdim=True, out=self._bias_gradients[layer])
            if layer > 0:
                torch.bmm(d[layer + 1], self.weights[layer].mT, out=d[layer])  # (N, B, H') @ (N, H', H)
                # h > 0 exactly where the unit was active and kept: one comparison is relu' and the mask's zeros ...
                torch.ops.aten.threshold_backward.grad_input(d[layer], h[layer], 0, grad_input=d[layer])
                for arm, mask in masks[layer].items():
                    self._d_of_arm[layer][arm].mul_(mask)  # ... and this is the mask's 1 / (1 - p)

    def forget_training(self) -> None:
        """Free what only training needs, three quarters of the memory. `forward` and `backward` no longer work."""
        del self.gradients, self._weight_gradients, self._bias_gradients
        del self._h, self._d, self._h_of_arm, self._d_of_arm

    def logits(self, points: Tensor, members: int | None = None) -> Tensor:
        """Run points through all networks, without dropout: (M, D) -> (A, E, M, C).

        `members` limits it to the first few members of each arm.
        """
        first = members or self.members
        rows = []
        for arm in range(self.arms):
            for network in range(arm * self.members, arm * self.members + first):
                h = points
                for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
                    h = torch.addmm(bias[network], h, weight[network])  # (M, H) @ (H, H') -> (M, H')
                    if layer + 1 < len(self.weights):
                        h.relu_()
                rows.append(h)
        return torch.stack(rows).view(self.arms, first, len(points), -1)
