"""The inputs of sampling as checked arrays: logits and probabilities. V is the number of words."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lib.settings import InvalidSetting, is_whole

Floats = NDArray[np.floating[Any]]
Probabilities = NDArray[np.float64]
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


def as_logits(logits: ArrayLike) -> Floats:
    """Logits (..., V) as a checked array: no NaN, no +inf, and something above -inf in every row."""
    return check_largest(as_floats(logits))


def as_floats(logits: ArrayLike) -> Floats:
    """Logits (..., V) as float32 or float64; those that already are keep their precision, and with it their ties."""
    try:
        scores = np.asarray(logits)
    except ValueError as error:  # a ragged list
        raise InvalidSetting("logits", logits, "an array of shape (..., V)") from error
    if scores.dtype.kind not in "buif":
        raise InvalidSetting("logits", scores.dtype.name, "an array of numbers")
    if scores.ndim == 0 or scores.shape[-1] == 0:
        raise InvalidSetting("logits", scores.shape, "of shape (..., V) with at least one word")
    if scores.dtype == np.float16:
        return scores.astype(np.float32)
    if scores.dtype not in (np.float32, np.float64):
        return scores.astype(np.float64)
    return scores


def check_largest(scores: Floats) -> Floats:
    """Return scores (..., V) if every row is valid, else raise `InvalidSetting`; only each row's largest matters."""
    # The maximum is NaN if any entry is, +inf if any is +inf, and -inf only if all are: it shows all three.
    largest = scores.max(axis=-1)
    finite = np.isfinite(largest)
    if not finite.all():
        bad = float(largest[~finite][0])
        raise InvalidSetting("logits", bad, "without NaN and +inf, and above -inf somewhere in every row")
    return scores


def divide(logits: Floats, temperature: float) -> Floats:
    """``logits / temperature``, (..., V), in the precision of the logits; `InvalidSetting` where that overflows."""
    # A finite temperature must stay finite in single precision too: -inf / inf would be NaN.
    divisor = min(float(temperature), float(np.finfo(logits.dtype).max))
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        scaled: Floats = logits / divisor
    if not np.isfinite(scaled.max(axis=-1)).all():
        raise InvalidSetting("temperature", temperature, "so large that logits / temperature does not overflow")
    return scaled


def as_weights(probabilities: ArrayLike) -> Probabilities:
    """Probabilities (..., V) in double precision, checked: numbers >= 0, with a finite sum > 0 in every row."""
    weights = np.asarray(probabilities, dtype=np.float64)
    if weights.ndim == 0 or weights.shape[-1] == 0:
        raise InvalidSetting("probabilities", weights.shape, "of shape (..., V) with at least one word")
    total = weights.sum(axis=-1)
    good = (weights >= 0).all(axis=-1) & (total > 0) & np.isfinite(total)
    if not good.all():
        raise InvalidSetting("probabilities", weights[~good][0].tolist(), "numbers >= 0 with a finite sum > 0")
    return weights


def as_shape(size: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """The shape of what is drawn; None is one word, of shape ()."""
    shape = () if size is None else size if isinstance(size, tuple) else (size,)
    if not all(is_whole(n) and n >= 0 for n in shape):
        raise InvalidSetting("size", size, "a whole number >= 0, a tuple of them, or None")
    return shape
