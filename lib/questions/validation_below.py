"""Why is my validation loss below my training loss?

Two causes, each alone. **Dropout is on while the training loss is measured**, and off for the validation loss. And
**training labels are wrong where validation labels are right**: nobody can predict a wrong label, so the training loss
stays up. Both are measured on the small digits, early in training, before anything is learned by heart.
"""

import numpy as np

from lib.questions.result import Result, least, mean_of
from lib.statistics.intervals import Estimate
from lib.training import TrainingConfig, train

P, WRONG, DIGITS = 0.5, 0.2, 1_000


def experiment(seed: int) -> Result:
    """Train eight networks with dropout on clean labels, and eight where one in five training labels is wrong.

    >>> experiment(0).verdict
    'yes'
    """
    rows: dict[str, Estimate] = {}
    effects = []
    for name, label_noise in (("clean", 0.0), ("wrong", WRONG)):
        config = TrainingConfig(
            "digits",
            n_train=DIGITS,
            label_noise=label_noise,
            rates=(P,),
            steps=200,
            recordings=20,  # the loss with dropout on is a mean over the last ten steps only
            seed=seed,
        )
        history = train(config)
        on, off, val = (getattr(history, each)[-1, 0] for each in ("train_loss_dropout", "train_loss", "val_loss"))
        rows |= {f"{name}_on": mean_of(on), f"{name}_off": mean_of(off), f"{name}_val": mean_of(val)}
        # On clean labels the mask alone has to lift the training loss; with the mask off, the wrong labels alone.
        effects.append(mean_of(np.subtract(off if label_noise else on, val)))
    return Result(rows, least(effects), "loss", {"p": P, "n": DIGITS, "wrong": WRONG})
