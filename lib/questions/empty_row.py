"""Can dropout on the attention weights empty a whole row?

A word that may look at t words has t attention weights, and loses all of them with probability p^t. The first word has
only itself to look at. Where a row is empty, attention adds nothing, and only the residual connection goes on.
"""

import math

import torch

from lib.dropout import apply_dropout
from lib.questions.result import Result
from lib.statistics.intervals import share

P, WORDS, ROLLS = 0.3, 4, 4_000


def experiment(seed: int) -> Result:
    """How often the row of the first, second, ... word is empty after dropout.

    >>> {name: round(row.value, 2) for name, row in experiment(0).rows.items()}
    {'word_1': 0.3, 'word_2': 0.09, 'word_3': 0.03, 'word_4': 0.01}
    """
    die = torch.Generator().manual_seed(seed)
    scores = torch.randn(ROLLS, WORDS, WORDS, generator=die)
    ahead = torch.full((WORDS, WORDS), -math.inf).triu(1)  # no word sees later ones
    weights = apply_dropout((scores + ahead).softmax(-1), P, die)  # (N, T, T)
    empty = (weights == 0).all(-1).sum(0)  # (T,)
    rows = {f"word_{i}": share(int(count), ROLLS) for i, count in enumerate(empty, 1)}
    return Result(rows, rows["word_1"], setup={"p": P, "n": ROLLS})
