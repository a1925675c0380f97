"""Why is ``top_k = 50`` the default?

It is a number from the early days of a library, and one number for every place. What it cuts away depends on the place:
the recorded answers of a real language model, SmolLM2-135M-Instruct, say how much.
"""

import numpy as np

from lib.questions.result import Result, difference
from lib.recorded_llm import load_recorded_llm
from lib.sampling import softmax
from lib.statistics.entropy import entropy
from lib.statistics.intervals import mean_per_unit

K, STEPS = 50, 240


def experiment(seed: int) -> Result:
    """The probability beyond the 50 likeliest tokens, at the third of the places where the model is surest, and so on.

    >>> experiment(0).verdict
    'yes'
    """
    llm = load_recorded_llm()
    places = [(number, at) for number in range(len(llm.beginnings)) for at in range(llm.length(number, "uncut"))]
    chosen = np.random.default_rng(seed).choice(len(places), STEPS, replace=False)
    spread, cut = [], []
    for number, at in (places[i] for i in chosen):
        probabilities = softmax(llm.step(number, "uncut", at).logits)  # (V,), the likeliest first
        spread.append(entropy(probabilities))
        cut.append(probabilities[K:].sum())
    thirds = np.array_split(np.array(cut)[np.argsort(spread)], 3)
    rows = {
        name: mean_per_unit(third, np.ones(len(third)))
        for name, third in zip(("surest", "middle", "unsurest"), thirds, strict=True)
    }
    return Result(rows, difference(rows["unsurest"], rows["surest"]), setup={"k": K, "n": STEPS})
