"""AdamW, the optimiser of every model here, on one flat vector of parameters."""

import torch
from torch import Tensor


class AdamW:
    """Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019,
    arXiv 1711.05101, algorithm 2).

    At step t, with gradient g and learning rate r, for every parameter p on its own:

        p <- p - r * weight_decay * p
        m <- 0.9 m + 0.1 g                       a running mean of the gradient
        v <- 0.999 v + 0.001 g^2                 and of its square
        p <- p - r * (m / (1 - 0.9^t)) / (sqrt(v / (1 - 0.999^t)) + 1e-8)

    Without weight decay this is Adam. The step itself is the loop inside `torch.optim.AdamW(fused=True)`. We call it
    directly, because creating a `torch.optim` optimiser imports torch's compiler: a second and 70 MB for nothing.

    >>> parameters = torch.ones(3)
    >>> AdamW(parameters).step(torch.tensor([1.0, -1.0, 0.0]), learning_rate=0.1)
    >>> parameters
    tensor([0.9000, 1.1000, 1.0000])
    """

    def __init__(self, parameters: Tensor, weight_decay: float = 0.0) -> None:
        self._parameters, self._weight_decay = parameters, weight_decay
        self._m, self._v = torch.zeros_like(parameters), torch.zeros_like(parameters)
        self._t = torch.zeros(())

    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Move the parameters, in place, by one step against the gradient."""
        self._t += 1
        torch._fused_adamw_(
            [self._parameters],
            [gradient],
            [self._m],
            [self._v],
            [],  # for AMSGrad, which we do not use
            [self._t],
            lr=learning_rate,
            weight_decay=self._weight_decay,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
