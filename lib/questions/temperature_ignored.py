"""Why is my temperature ignored? Because nothing is drawn: ``do_sample=False``.

Without sampling, the likeliest word is taken, and dividing all scores by the same temperature leaves it the likeliest.
"""

import numpy as np

from lib.questions.result import Result, difference
from lib.questions.storybook import draw_beginnings
from lib.sampling import shape_distribution
from lib.statistics.intervals import share

COLD, HOT, N = 0.5, 1.5, 500


def experiment(seed: int) -> Result:
    """How often the next word changes with the temperature, with the same roll of the die and without a die.

    >>> experiment(0).rows["greedy"].value, experiment(0).verdict
    (0.0, 'yes')
    """
    logits = draw_beginnings(N, seed).logits()  # (N, V)
    die = np.random.default_rng(seed).random((N, 1))
    cold, hot = (shape_distribution(logits, temperature=each).probabilities for each in (COLD, HOT))
    drawn = [(each.cumsum(-1) < die).sum(-1) for each in (cold, hot)]  # the word on whose stretch the die falls
    likeliest = [each.argmax(-1) for each in (cold, hot)]
    rows = {
        "sampled": share(int((drawn[0] != drawn[1]).sum()), N),
        "greedy": share(int((likeliest[0] != likeliest[1]).sum()), N),
    }
    return Result(rows, difference(rows["sampled"], rows["greedy"]), setup={"cold": COLD, "hot": HOT, "n": N})
