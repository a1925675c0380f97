"""An ensemble of small networks, trained side by side as one.

To see what dropout does, one network is not enough: the next random start might tell another story. So we train A
"arms", one for each dropout rate, with E "members" each: A x E networks of the same shape. A library would train them
one after another, and for networks this small nearly all of its time would go into calling functions, not into
arithmetic. Here one call multiplies a batch of matrices, one matrix for each network, so all networks take a step
together.

The whole of learning is spelled out, without automatic differentiation. For one network, with x the inputs of a batch:

    h_0 = m_0 x                                                  m_l: dropout mask of layer l, 1/keep where kept, else 0
    h_l = m_l relu(z_l),   z_l = h_(l-1) W_l + b_l               l = 1 .. L-1
    logits = z_L = h_(L-1) W_L + b_L

    d_L = (probabilities - targets) / B                          d_l: derivative of the mean loss by z_l
    dLoss/dW_l = h_(l-1)^T d_l,    dLoss/db_l = sum of d_l over the batch
    d_(l-1) = m_(l-1) relu'(z_(l-1)) (d_l W_l^T)

(backpropagation: Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors"; dropout:
Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15:1929-1958, section
4, with the scaling moved to training time as all libraries do today). The optimiser is `Adam`.

Shapes in the comments: A arms, E members, N = A * E networks, B points of a batch, D inputs, H units of a layer, C
outputs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import sqrt

import numpy as np
import torch
from torch import Tensor

# The masks of one forward pass. masks[layer] lists (arm, mask) for the arms
# that drop units there; a mask is (E, B, H). Layer 0 is the input.
Masks = Sequence[Sequence[tuple[int, Tensor]]]

_MASK_STEPS = 2**16  # a unit's fate is decided by 16 random bits
_MASK_BLOCK = 2**14  # units of one member that are rolled for in one go: enough to be fast, few enough for the cache


@contextmanager
def one_fast_thread() -> Iterator[None]:
    """Make torch calculate on this thread alone and take denormal numbers for zero, while the block runs.

    Both settings belong to the calling thread, and both are put back, so that two runs in two threads of one process,
    and whatever else the process does, cannot disturb each other.

    - **One thread**: a product of small matrices takes microseconds, and handing half of it to a second core often
      takes longer than that. Who wants to use more cores trains different configs at the same time.
    - **Denormals**: numbers below 1e-38 have fewer digits and are up to 100 times slower on common processors. Adam's
      moments shrink towards zero for units that never fire, and end up there.
    """
    threads = torch.get_num_threads()
    # There is no getter; but half of the smallest normal number is zero if and only if denormals are taken for zero.
    flushed = sys.float_info.min / 2 == 0.0
    if threads != 1:
        torch.set_num_threads(1)
    if not flushed:
        torch.set_flush_denormal(True)
    try:
        yield
    finally:
        if not flushed:
            torch.set_flush_denormal(False)
        if threads != 1:
            torch.set_num_threads(threads)


def probabilities(logits: Tensor) -> Tensor:
    """Turn logits into probabilities: a sigmoid if there is one output (of class 1), else a softmax over the classes.

    >>> probabilities(torch.tensor([[0.0]]))
    tensor([[0.5000]])
    >>> probabilities(torch.tensor([[0.0, 0.0]]))
    tensor([[0.5000, 0.5000]])
    """
    if logits.shape[-1] == 1:
        return torch.sigmoid(logits)
    # A softmax over the few classes of each point is nine times faster if the points lie side by side in memory.
    return torch.softmax(logits.mT.contiguous(), dim=-2).mT


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of every point in nats: minus the logarithm of the probability that its class was given.

    Args:
        logits: (..., C), or (..., 1) for two classes.
        targets: (..., C), 1 for the class and 0 elsewhere; or (..., 1), the class 0 or 1.

    >>> cross_entropy(torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [1.0]]))
    tensor([0.6931, 0.1269])
    """
    if logits.shape[-1] == 1:
        return (torch.nn.functional.softplus(logits) - logits * targets).squeeze(-1)
    shifted = logits - logits.amax(-1, keepdim=True)  # the same probabilities, and no exponential overflows
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
    """A x E multilayer perceptrons of one shape, the weights of all of them in one flat vector.

    `parameters` and `gradients` are flat (P,) vectors; `weights[l]` (N, fan in, fan out) and `biases[l]` (N, 1, fan
    out) are views into the first, so that an optimiser updates everything in one call. Network a * E + e is member e of
    arm a.

    A member starts with the same weights in every arm, drawn by its generator as `torch.nn.Linear` does: uniformly
    within 1 / sqrt(fan in) of zero.

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

        # Room for one training step, used again at every step. h_l and d_l as (N, B, H), and by arm as (A, E, B, H).
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
            for arm, mask in masks[layer]:
                self._h_of_arm[layer][arm].mul_(mask)  # (E, B, H)
            torch.baddbmm(bias, h[layer], weight, out=h[layer + 1])  # (N, B, H) @ (N, H, H') -> (N, B, H')
            if layer + 2 < len(h):
                h[layer + 1].relu_()
        return h[-1].view(self.arms, self.members, self.batch_size, -1)

    def backward(self, d_logits: Tensor, masks: Masks) -> None:
        """Fill `gradients` from the derivative of the loss by the logits (A, E, B, C) of the last forward pass."""
        h, d = self._h, self._d
        d[-1].copy_(d_logits.view(d[-1].shape))
        for layer in reversed(range(len(self.weights))):
            torch.bmm(h[layer].mT, d[layer + 1], out=self._weight_gradients[layer])  # (N, H, B) @ (N, B, H')
            torch.sum(d[layer + 1], dim=1, keepdim=True, out=self._bias_gradients[layer])
            if layer > 0:
                torch.bmm(d[layer + 1], self.weights[layer].mT, out=d[layer])  # (N, B, H') @ (N, H', H)
                # h > 0 exactly where the unit was active and kept: one comparison is relu' and the mask's zeros ...
                torch.ops.aten.threshold_backward.grad_input(d[layer], h[layer], 0, grad_input=d[layer])
                for arm, mask in masks[layer]:
                    self._d_of_arm[layer][arm].mul_(mask)  # ... and this is the mask's 1/keep

    def forget_training(self) -> None:
        """Let go of what only training needs, three quarters of the memory: no more `forward` and `backward`."""
        del self.gradients, self._weight_gradients, self._bias_gradients
        del self._h, self._d, self._h_of_arm, self._d_of_arm

    def logits(self, points: Tensor, members: int | None = None) -> Tensor:
        """Run points through all networks, without dropout: (M, D) -> (A, E, M, C).

        `members` asks for the first few members of each arm only.
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


class Adam:
    """Adam (Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1) on a flat vector of
    parameters.

    At step t, with gradient g, for every parameter on its own:

        m <- 0.9 m + 0.1 g                       a running mean of the gradient
        v <- 0.999 v + 0.001 g^2                 and of its square
        p <- p - rate * (m / (1 - 0.9^t)) / (sqrt(v / (1 - 0.999^t)) + 1e-8)

    Weight decay is decoupled, as in AdamW (Loshchilov and Hutter 2019): every step first takes rate * weight_decay * p
    off each parameter. The step itself is the loop inside `torch.optim.AdamW(fused=True)`; we call it ourselves because
    making an optimiser object imports torch's compiler: a second of waiting and 70 MB for nothing.

    >>> parameters, gradients = torch.ones(3), torch.tensor([1.0, -1.0, 0.0])
    >>> Adam(parameters, gradients, learning_rate=0.1).step()
    >>> parameters
    tensor([0.9000, 1.1000, 1.0000])
    """

    def __init__(
        self, parameters: Tensor, gradients: Tensor, *, learning_rate: float, weight_decay: float = 0.0
    ) -> None:
        self._parameters, self._gradients = [parameters], [gradients]
        self._m, self._v = [torch.zeros_like(parameters)], [torch.zeros_like(parameters)]
        self._t = [torch.zeros(())]
        self._learning_rate, self._weight_decay = learning_rate, weight_decay

    def step(self) -> None:
        """Change the parameters by one step against the gradients."""
        self._t[0].add_(1)
        torch._fused_adamw_(
            self._parameters,
            self._gradients,
            self._m,
            self._v,
            [],  # for a variant we do not use
            self._t,
            lr=self._learning_rate,
            weight_decay=self._weight_decay,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


class MaskRoller:
    """Rolls the dropout masks of an ensemble, forward pass by forward pass.

    A mask holds 0 for a dropped unit and 1/keep for a kept one. 16 random bits decide about a unit, so the true rate is
    p rounded to the next 1/65536 (`true_rate`), and keep is one minus the true rate. At p = 1 the mask is all zeros.

    Each member has its own generator. All arms use the same random numbers and differ in the threshold only: a unit
    that is dropped at p = 0.2 is dropped at p = 0.5 as well. So what is measured between arms is the rate and not luck,
    and the masks of one arm do not depend on which other arms there are. Arms with p = 0 roll nothing.

    Args:
        sizes: units of the input and of the hidden layers.
        rates: for each of these layers, the dropout rate of every arm.
        batch_size: B, the number of points; each point has its own mask.
        generators: one for each member.

    >>> roller = MaskRoller([2, 4], [[0, 0], [0, 0.5]], batch_size=1, generators=[np.random.default_rng(1)])
    >>> roller.roll()  # nothing on the input; on the hidden layer, only arm 1 drops
    [[], [(1, tensor([[[0., 2., 0., 0.]]]))]]
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
        members = len(generators)
        dropping = [any(rate > 0 for rate in layer) for layer in rates]
        units = sum(size * batch_size for size, drops in zip(sizes, dropping, strict=True) if drops)
        # A block of several passes is rolled at once, member by member, so that what is worked on stays in the cache.
        passes = min(16, max(1, _MASK_BLOCK // max(units, 1)))
        numbers = torch.empty(passes, units)  # 16 random bits for each unit of one member, as numbers -32768 .. 32767
        self._numbers = numbers.view(-1)
        # For each layer and arm that drops units: the numbers, what a kept unit is multiplied by, both (passes, B * H),
        # and the number from which on a unit is kept.
        self._rules: list[tuple[Tensor, Tensor, float]] = []
        self._masks: list[list[Tensor]] = [[] for _ in generators]  # for each member, the masks to make of them
        self._passes: list[list[list[tuple[int, Tensor]]]] = [[[] for _ in sizes] for _ in range(passes)]
        start = 0
        for layer, size in enumerate(sizes):
            if not dropping[layer]:
                continue
            numbers_of_layer = numbers[:, start : start + size * batch_size]
            start += size * batch_size
            for arm, rate in enumerate(rates[layer]):
                if rate > 0:
                    mask = torch.empty(passes, members, batch_size, size)
                    dropped = self.true_rate(rate)
                    scale = torch.full((passes, size * batch_size), 1 / (1 - dropped) if dropped < 1 else 0.0)
                    self._rules.append((numbers_of_layer, scale, _MASK_STEPS * (dropped - 0.5)))
                    for masks, one in zip(self._masks, mask.flatten(2).unbind(1), strict=True):
                        masks.append(one)  # (passes, B * H)
                    for by_layer, one in zip(self._passes, mask, strict=True):
                        by_layer[layer].append((arm, one))  # (E, B, H)
        self._turn = passes  # nothing rolled yet

    @staticmethod
    def true_rate(rate: float) -> float:
        """Return the rate that is honoured: `rate` rounded to the next 1/65536.

        >>> MaskRoller.true_rate(0.5), MaskRoller.true_rate(0.2)
        (0.5, 0.1999969482421875)
        """
        return round(rate * _MASK_STEPS) / _MASK_STEPS

    def roll(self) -> Masks:
        """Return the masks of the next forward pass. They are overwritten by later calls."""
        if self._turn == len(self._passes):
            self._roll_block()
            self._turn = 0
        self._turn += 1
        return self._passes[self._turn - 1]

    def _roll_block(self) -> None:
        if not self._rules:
            return
        for generator, masks in zip(self._generators, self._masks, strict=True):
            # The generator's own 64-bit integers, four units each, cost half of what `Tensor.random_` takes. Numbers
            # are compared faster as float32 than as int16, and float32 holds 16 bits exactly.
            words = generator.bit_generator.random_raw(-(-len(self._numbers) // 4))
            self._numbers.copy_(torch.from_numpy(words.view(np.int16))[: len(self._numbers)])
            for (numbers, scale, kept_from), mask in zip(self._rules, masks, strict=True):
                # The scale where number > kept_from - 1, else 0: a third of what a comparison and a product take.
                torch.ops.aten.threshold_backward.grad_input(scale, numbers, kept_from - 1, grad_input=mask)
