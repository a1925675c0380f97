"""Is the temperature applied before top-p or after it?

Top-p counts words until their probabilities reach p. A temperature above 1 makes the likely words less likely, so
more of them are needed if it comes first. Top-k counts words by their rank, which no temperature changes.
"""

import numpy as np

from lib.questions.result import Result, least, mean_of
from lib.questions.storybook import draw_beginnings
from lib.sampling import keep_top_p, shape_distribution

TOP_P, HOT, COLD, N = 0.9, 1.5, 0.7, 300


def experiment(seed: int) -> Result:
    """How many words top-p keeps, with the temperature before it and after it.

    >>> experiment(0).verdict
    'yes'
    """
    logits = draw_beginnings(N, seed).logits()  # (N, V)
    after = keep_top_p(logits, TOP_P).sum(-1)  # (N,), whatever the temperature
    hot, cold = (
        shape_distribution(logits, temperature=temperature, top_p=TOP_P).kept.sum(-1) for temperature in (HOT, COLD)
    )
    rows = {"hot_before": mean_of(hot), "cold_before": mean_of(cold), "after": mean_of(after)}
    effect = least([mean_of(np.subtract(hot, after)), mean_of(np.subtract(after, cold))])
    return Result(rows, effect, "number", {"top_p": TOP_P, "hot": HOT, "cold": COLD, "n": N})
