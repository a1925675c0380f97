"""The die that a language model rolls while it *speaks*: from logits to one drawn word, in four steps.

1. Divide the logits by the temperature.
2. Cut: top-k, then top-p, then min-p. Each works on what the previous one left, as in Hugging Face's ``generate``.
3. Renormalise: the words that are kept share all of the probability.
4. Draw.

This order is a convention. llama.cpp divides by the temperature last (ggml-org/llama.cpp#4091), and Google's code for
Gemma makes top-k and top-p independently and keeps what both keep (gemma_pytorch, model.py). `lib.decoding` has other
orders, and more steps.

Nothing here changes what the model has learned. `lib.fast_top_k` does the same, faster, for a large vocabulary.

Sources: top-k in Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation" (2018, arXiv 1805.04833, section 5);
top-p in Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020, arXiv 1904.09751, section 3.1); order
and ties in ``transformers/generation/logits_process.py``. V is the number of words in the vocabulary.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lib.sampling_input import Floats, Ids, Mask, Probabilities, as_logits, as_shape, as_weights, divide
from lib.sampling_settings import SamplingSettings

ROUNDING = 1e-12
"""Top-p compares a sum of probabilities with p. A difference as small as this is rounding error and does not count."""


@dataclass(frozen=True)
class SamplingTrace:
    """One field per step, each (..., V).

    ``scaled`` is the logits divided by the temperature, ``kept`` says which words survive the cuts, and
    ``probabilities`` are renormalised over those, and 0 for all other words.
    """

    logits: Floats
    scaled: Floats
    kept: Mask
    probabilities: Probabilities


def shape_distribution(
    logits: ArrayLike,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> SamplingTrace:
    """Turn logits (..., V) into the distribution that the next word is drawn from. A logit of -inf is never kept.

    Raises `InvalidSetting` for settings out of their range, for logits that are NaN or +inf, and for a row of all -inf.

    >>> trace = shape_distribution(np.log([0.5, 0.3, 0.1, 0.1]), top_k=2)
    >>> trace.kept.tolist(), trace.probabilities.round(3).tolist()
    ([True, True, False, False], [0.625, 0.375, 0.0, 0.0])
    """
    return shape_with(logits, SamplingSettings(temperature, top_k, top_p, min_p))


def shape_with(logits: ArrayLike, settings: SamplingSettings) -> SamplingTrace:
    """Like `shape_distribution`, with the settings in one value."""
    logits = as_logits(logits)
    scaled = divide(logits, settings.temperature)  # (..., V)
    left = cut(scaled, settings)
    return SamplingTrace(logits, scaled, kept=left > -np.inf, probabilities=softmax(left))


def cut(scores: Floats, settings: SamplingSettings) -> Floats:
    """The scores (..., V), with -inf for every word that is cut."""
    if settings.top_k is not None:
        scores = np.where(keep_top_k(scores, settings.top_k), scores, -np.inf)
    if settings.top_p is not None:
        scores = np.where(keep_top_p(scores, settings.top_p), scores, -np.inf)
    if settings.min_p is not None:
        scores = np.where(keep_min_p(scores, settings.min_p), scores, -np.inf)
    return scores


def keep_top_k(scores: Floats, k: int) -> Mask:
    """Keep the k largest of each row (..., V). Words tied with the k-th all stay, so more than k can be kept."""
    k = min(k, scores.shape[-1])
    kth_largest = np.partition(scores, -k, axis=-1)[..., -k, None]  # (..., 1)
    return scores >= kth_largest


def keep_top_p(scores: Floats, p: float) -> Mask:
    """Keep the fewest words of each row (..., V), the likeliest first, whose probabilities sum to at least p.

    A sum that falls short of p by `ROUNDING` counts as p. Of words tied at the boundary, those with the larger ids stay
    (Hugging Face's processors leave this open). The likeliest word always stays, and p = 1 keeps all.

    >>> keep_top_p(np.log([0.5, 0.3, 0.1, 0.1]), 0.8).tolist()  # though 0.1 + 0.1 > 1 - 0.8 in floating point
    [True, True, False, False]
    """
    if p == 1:
        return np.ones(scores.shape, dtype=np.bool_)
    order = np.argsort(scores, axis=-1, kind="stable")  # from the unlikeliest word to the likeliest
    ascending = np.take_along_axis(softmax(scores), order, axis=-1)
    stays = np.cumsum(ascending, axis=-1) > 1 - p + ROUNDING  # the words cut hold at most 1 - p together
    stays[..., -1] = True
    kept = np.empty(scores.shape, dtype=np.bool_)
    np.put_along_axis(kept, order, stays, axis=-1)
    return kept


def keep_min_p(scores: Floats, min_p: float) -> Mask:
    """Keep the words of each row (..., V) that are at least min_p times as likely as the likeliest."""
    probabilities = softmax(scores)
    kept: Mask = probabilities >= min_p * probabilities.max(axis=-1, keepdims=True)
    return kept


def softmax(scores: ArrayLike) -> Probabilities:
    """The probabilities of scores (..., V), in double precision; -inf gives 0.

    >>> softmax([0.0, np.log(3.0)]).round(3).tolist()
    [0.25, 0.75]
    """
    values = np.asarray(scores, dtype=np.float64)
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    probabilities: Probabilities = weights / weights.sum(axis=-1, keepdims=True)
    return probabilities


def draw(probabilities: ArrayLike, size: int | tuple[int, ...] | None, rng: np.random.Generator) -> Ids:
    """Draw ids from probabilities (..., V), by looking up random numbers in the cumulative distribution (CDF).

    The result has the leading shape of ``probabilities`` followed by ``size``; None draws one id per row. A word of
    probability 0 is never drawn. Rows need not sum to 1. Raises `InvalidSetting` for what is not a distribution.

    >>> draw([0.0, 1.0, 0.0], 3, np.random.default_rng(0)).tolist()
    [1, 1, 1]
    """
    weights, shape = as_weights(probabilities), as_shape(size)
    cdf = np.cumsum(weights.reshape(-1, weights.shape[-1]), axis=-1)  # (R, V)
    end = cdf[:, -1:]  # where the last word ends; rounding must not carry a pointer there
    pointers = np.minimum(rng.random((len(cdf), math.prod(shape))) * end, np.nextafter(end, 0.0))  # (R, n)
    # side="right": a pointer on the border of two words belongs to the second, so a word of width 0 is never drawn.
    ids = [row.searchsorted(pointer, side="right") for row, pointer in zip(cdf, pointers, strict=True)]
    return np.array(ids, dtype=np.int64).reshape(weights.shape[:-1] + shape)
