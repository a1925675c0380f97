"""Is 0.4 the share that I drop, or the share that I keep?

PyTorch and Keras ask for the probability of dropping. The paper of 2014, and ``keep_prob`` of TensorFlow 1, have that
of keeping.
"""

import torch

from lib.dropout import dropout_mask
from lib.questions.result import Result, difference
from lib.statistics.intervals import share

RATE, UNITS = 0.4, 10_000


def experiment(seed: int) -> Result:
    """Which share of the units is dropped, with 0.4 read in either way.

    >>> experiment(0).verdict
    'yes'
    """
    die = torch.Generator().manual_seed(seed)
    as_drop, as_keep = dropout_mask(UNITS, RATE, die), dropout_mask(UNITS, 1 - RATE, die)
    rows = {
        "torch": share(int((~as_drop).sum()), UNITS),
        "paper": share(int((~as_keep).sum()), UNITS),
    }
    return Result(rows, difference(rows["paper"], rows["torch"]), setup={"rate": RATE, "n": UNITS})
