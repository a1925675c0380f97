"""Is temperature 0 greedy, and is greedy deterministic?

The closer the temperature comes to 0, the surer is the likeliest word; at 0 itself one would divide by zero, so
libraries take the likeliest word instead. That is deterministic as long as the scores are the same. But in bfloat16,
as large models compute, a score has 8 binary digits, and the two best words often tie: then the order of a sum, which
changes with the size of the batch, decides.
"""

import numpy as np
import torch

from lib.questions.result import Result, difference
from lib.questions.storybook import draw_beginnings
from lib.recorded_llm import load_recorded_llm
from lib.sampling import draw, shape_distribution
from lib.statistics.intervals import share

TEMPERATURES = {"t_1": 1.0, "t_03": 0.3, "t_01": 0.1, "t_001": 0.01}
N = 500


def experiment(seed: int) -> Result:
    """How often a draw is the likeliest word, and how often the two best tokens of a real model tie in bfloat16.

    >>> list(experiment(0).rows), experiment(0).verdict
    (['t_1', 't_03', 't_01', 't_001', 'ties'], 'yes')
    """
    logits, rng = draw_beginnings(N, seed).logits(), np.random.default_rng(seed)  # (N, V)
    rows = {}
    for name, temperature in TEMPERATURES.items():
        drawn = draw(shape_distribution(logits, temperature=temperature).probabilities, None, rng)  # (N,)
        rows[name] = share(int((drawn == logits.argmax(-1)).sum()), N)
    llm = load_recorded_llm()
    first = torch.from_numpy(llm.first)
    second = first - torch.from_numpy(llm.gaps[:, 0].astype(np.float32))
    rows["ties"] = share(int((first.bfloat16() == second.bfloat16()).sum()), len(first))
    return Result(rows, difference(rows["t_001"], rows["t_1"]), setup={"n": N, "steps": len(first)})
