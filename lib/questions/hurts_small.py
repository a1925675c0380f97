"""Does dropout hurt a small network?

A network that is too small to memorise has nothing to gain: half of eight neurons are missing at each step, and what is
left learns less. A large network on few examples with wrong labels is the opposite.
"""

import numpy as np

from lib.questions.result import Result, mean_of
from lib.training import TrainingConfig, train

P, STEPS = 0.5, 400
NETWORKS = {"small": ((8,), 1_000), "large": ((64, 64), 100)}  # hidden layers, and examples to learn from


def experiment(seed: int) -> Result:
    """The validation loss of a small and of a large network on two moons, without dropout and with it.

    >>> experiment(0).verdict
    'yes'
    """
    losses: dict[str, np.ndarray] = {}
    for name, (hidden, examples) in NETWORKS.items():
        config = TrainingConfig(n_train=examples, hidden=hidden, rates=(0.0, P), steps=STEPS, recordings=1, seed=seed)
        losses[f"{name}_without"], losses[f"{name}_with"] = train(config).val_loss[-1]  # (members,) each
    effect = mean_of(losses["small_with"] - losses["small_without"])
    setup = {"p": P, "units": 8, "n": 1_000, "large_n": 100}
    return Result({name: mean_of(each) for name, each in losses.items()}, effect, "loss", setup)
