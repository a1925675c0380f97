"""My model gives another answer every time: a forgotten ``model.eval()``.

The small GPT reads the same beginnings twice. In training mode dropout is on, and each reading has masks of its own.
"""

import torch

from lib.language_model import dropout_everywhere
from lib.questions.result import Result, difference
from lib.questions.storybook import draw_beginnings
from lib.statistics.intervals import share
from lib.transformer import Drop, keep_all

P, N = 0.3, 500


def experiment(seed: int) -> Result:
    """How often the likeliest next word changes from one reading of the same words to the next.

    >>> experiment(0).rows["eval"].value
    0.0
    """
    beginnings, die = draw_beginnings(N, seed, P), torch.Generator().manual_seed(seed)

    def changed(drop: Drop) -> int:
        once, again = (beginnings.logits(drop).argmax(-1) for _reading in range(2))
        return int((once != again).sum())

    rows = {
        "train": share(changed(dropout_everywhere(P, die)), N),
        "eval": share(changed(keep_all), N),
    }
    return Result(rows, difference(rows["train"], rows["eval"]), setup={"p": P, "n": N})
