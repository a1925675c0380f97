"""Do I have to scale at test time?

Dropping the share p makes the sum that reaches the next layer smaller by the factor 1 - p. Either the kept activations
are divided by 1 - p in training (PyTorch, and all libraries today), or all activations are multiplied by 1 - p at test
time (Srivastava et al. 2014, section 4). Doing neither leaves the test too large by 1 / (1 - p). Multiplying by p, the
share that is dropped, as ConvNetJS once did, is right only where p is one half.
"""

import torch

from lib.dropout import Scaling, apply_dropout
from lib.questions.result import Result, difference, mean_of
from lib.statistics.intervals import Estimate

P, UNITS, PASSES = 0.2, 256, 1_000


def experiment(seed: int) -> Result:
    """The sum of 256 activations at test time, as a multiple of its mean in training, for four ways of scaling.

    >>> {name: round(row.value, 2) for name, row in experiment(0).rows.items()}
    {'torch': 1.0, 'paper': 1.0, 'neither': 1.25, 'by_p': 0.25}
    """
    die = torch.Generator().manual_seed(seed)
    x = torch.rand(UNITS, generator=die)
    inverted, plain = (_sums(x, scaling, die) for scaling in ("inverted", "at_test"))
    whole = float(x.sum())
    rows = {
        "torch": _ratio(whole, inverted),
        "paper": _ratio((1 - P) * whole, plain),
        "neither": _ratio(whole, plain),
        "by_p": _ratio(P * whole, plain),
    }
    return Result(rows, difference(rows["neither"], rows["torch"]), "number", {"p": P, "n": PASSES, "units": UNITS})


def _sums(x: torch.Tensor, scaling: Scaling, die: torch.Generator) -> Estimate:
    """The mean over many passes of what reaches the next layer."""
    passes = apply_dropout(x.expand(PASSES, -1), P, die, scaling=scaling)  # (N, units)
    return mean_of(passes.sum(-1).numpy())


def _ratio(test: float, training: Estimate) -> Estimate:
    return Estimate(test / training.value, test / training.high, test / training.low)
