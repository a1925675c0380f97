"""What a top-k cut gets wrong, where the true next-word distribution is known: good words lost, wrong ones let in."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lib.sampling import shape_distribution
from lib.sampling_input import Ids, Probabilities, as_weights
from lib.settings import InvalidSetting


class TopKErrors(NamedTuple):
    """Both mistakes for every k from 1 to V, each (V,); see `top_k_errors`."""

    k: Ids
    thrown_away: Probabilities
    let_in: Probabilities


def top_k_errors(logits: ArrayLike, truth: ArrayLike, *, temperature: float = 1.0) -> TopKErrors:
    """Both mistakes of top-k on logits (V,), for every k at once, given the true distribution (V,).

    ``thrown_away`` is the true probability of the words that k cuts off: good words that could have come next.
    ``let_in`` is the probability that a draw with this k gives a word whose true probability is 0. A larger k throws
    less away, but may let more in.

    Raises `InvalidSetting` for logits, truth or a temperature that sampling does not accept.

    >>> errors = top_k_errors(np.log([0.5, 0.3, 0.2]), [0.75, 0.0, 0.25])
    >>> errors.thrown_away.round(3).tolist(), errors.let_in.round(3).tolist()
    ([0.25, 0.25, 0.0], [0.0, 0.375, 0.3])
    """
    trace, true = shape_distribution(logits, temperature=temperature), as_weights(truth)
    scaled, model = trace.scaled, trace.probabilities
    if scaled.ndim != 1:
        raise InvalidSetting("logits", scaled.shape, "one row")
    if true.shape != scaled.shape:
        raise InvalidSetting("truth", true.shape, f"of the shape of logits, {scaled.shape}")
    order = np.argsort(-scaled, kind="stable")
    ranked, model, true = scaled[order], model[order], true[order] / true.sum()
    # Words tied with the k-th stay too, so the cut falls after the last word that is as large as the k-th. A logit of
    # -inf is never kept.
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    last = np.minimum(last, np.count_nonzero(ranked > -np.inf) - 1)
    kept_truth = np.cumsum(true)[last]
    let_in = np.cumsum(np.where(true == 0, model, 0.0))[last] / np.cumsum(model)[last]
    return TopKErrors(np.arange(1, len(scaled) + 1), np.maximum(1 - kept_truth, 0.0), let_in)
