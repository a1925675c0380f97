"""How open a choice is: Shannon's entropy (1948), "A mathematical theory of communication", section 6."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def entropy(probabilities: ArrayLike) -> NDArray[np.float64]:
    """The entropy of probabilities (..., V) in nats, shape (...): 0 where one word is certain, at most ln V.

    >>> round(float(entropy([0.25, 0.25, 0.25, 0.25])), 4)  # ln 4
    1.3863
    """
    p = np.asarray(probabilities, dtype=np.float64)
    terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0)
    nats: NDArray[np.float64] = np.abs(terms.sum(axis=-1))  # abs: an entropy of zero prints as 0, not as -0
    return nats


def effective_choices(probabilities: ArrayLike) -> NDArray[np.float64]:
    """exp(entropy), shape (...): this many equally likely words would leave the choice just as open.

    >>> round(float(effective_choices([0.5, 0.5, 0.0])), 4)
    2.0
    """
    choices: NDArray[np.float64] = np.exp(entropy(probabilities))
    return choices
