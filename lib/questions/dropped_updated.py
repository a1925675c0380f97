"""Are the weights of dropped units updated?

A dropped unit gives 0 and gets gradient 0: no weight into it or out of it learns from this example. But an optimiser
with a memory, Adam or momentum, still moves them by what it remembers of the steps before.
"""

import torch

from lib.adamw import AdamW
from lib.dropout import apply_mask, dropout_mask
from lib.questions.result import Result, difference
from lib.statistics.intervals import share

P, INPUTS, UNITS, STEPS = 0.5, 20, 200, 5


def experiment(seed: int) -> Result:
    """Train one layer with Adam, one example at a time, and look at the weights out of dropped units in the last step.

    >>> experiment(0).rows["dropped"].value, experiment(0).rows["adam"].value > 0.9
    (0.0, True)
    """
    die = torch.Generator().manual_seed(seed)
    hidden = torch.randn(INPUTS, UNITS, generator=die) / INPUTS**0.5
    weights = torch.randn(UNITS, generator=die).requires_grad_()  # out of the units, to one output
    flat = weights.detach()  # the same numbers, which the optimiser moves
    optimiser = AdamW(flat)
    for _step in range(STEPS):
        units = (torch.randn(INPUTS, generator=die) @ hidden).tanh()  # (units,), none of them 0
        kept = dropout_mask(UNITS, P, die)
        loss = ((apply_mask(units, kept, P) @ weights) - 1) ** 2
        (gradient,) = torch.autograd.grad(loss, weights)
        before = flat.clone()
        optimiser.step(gradient, learning_rate=0.01)
    dropped, moved = ~kept, flat != before
    rows = {
        "kept": share(int((gradient[kept] != 0).sum()), int(kept.sum())),
        "dropped": share(int((gradient[dropped] != 0).sum()), int(dropped.sum())),
        "adam": share(int(moved[dropped].sum()), int(dropped.sum())),
    }
    return Result(rows, difference(rows["kept"], rows["dropped"]), setup={"p": P, "units": UNITS, "steps": STEPS})
