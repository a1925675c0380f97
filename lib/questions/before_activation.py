"""Before or after the activation function?

For ReLU it makes no difference: relu(0) = 0, and relu(c z) = c relu(z) for the factor c = 1 / (1 - p). For others it
does: a sigmoid turns a dropped 0 into 0.5, and a curved function of twice the value is not twice the function.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from lib.dropout import apply_mask, dropout_mask
from lib.questions.result import Result, difference, mean_of

P, UNITS, PASSES = 0.5, 100, 100
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "gelu": torch.nn.functional.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def experiment(seed: int) -> Result:
    """How far the two places lie apart with the same masks: the mean distance, over the mean size of an activation.

    >>> experiment(0).rows["relu"].value, experiment(0).verdict
    (0.0, 'yes')
    """
    die = torch.Generator().manual_seed(seed)
    z = torch.randn(PASSES, UNITS, generator=die)
    mask = dropout_mask(z.shape, P, die)
    rows = {}
    for name, activation in ACTIVATIONS.items():
        before, after = activation(apply_mask(z, mask, P)), apply_mask(activation(z), mask, P)  # (N, units)
        apart = (before - after).abs().mean(-1) / activation(z).abs().mean()  # (N,)
        rows[name] = mean_of(apart.numpy())
    return Result(rows, difference(rows["gelu"], rows["relu"]), setup={"p": P, "n": PASSES, "units": UNITS})
