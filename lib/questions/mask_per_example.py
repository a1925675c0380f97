"""One mask for the whole batch, or one for each example?

``nn.Dropout`` rolls the die for every number it gets, so each example of a batch has its own mask. One mask for the
whole batch would also be possible; it would train one thinned network in each step where a batch of n trains n.
"""

import torch

from lib.dropout import apply_dropout, dropout_mask
from lib.questions.result import Result, difference
from lib.statistics.intervals import Estimate, share

P, BATCH, UNITS = 0.5, 64, 64


def experiment(seed: int) -> Result:
    """How often two examples of a batch that follow each other agree on whether a unit is dropped.

    With masks of their own they agree by chance, with probability p^2 + (1 - p)^2.

    >>> {name: round(row.value, 1) for name, row in experiment(0).rows.items()}
    {'own': 0.5, 'one': 1.0}
    """
    die = torch.Generator().manual_seed(seed)
    own = apply_dropout(torch.ones(BATCH, UNITS), P, die) > 0  # (B, units)
    one = dropout_mask(UNITS, P, die).expand(BATCH, -1)
    rows = {"own": _agreement(own), "one": _agreement(one)}
    return Result(rows, difference(rows["one"], rows["own"]), setup={"p": P, "batch": BATCH, "units": UNITS})


def _agreement(kept: torch.Tensor) -> Estimate:
    """The share of units on which an example agrees with the next: pairs do not overlap, so all are independent."""
    same = kept[0::2] == kept[1::2]  # (B / 2, units)
    return share(int(same.sum()), same.numel())
