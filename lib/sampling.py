"""From logits to one drawn word: temperature, top-k, top-p, min-p.

This is the die that a language model rolls while it *speaks*. Nothing here changes what the model has learned.

The steps and their order are those of Hugging Face's ``generate``: the logits are divided by the temperature, then
top-k, top-p and min-p follow, each working on what the one before has left. What stays is renormalised, and a word is
drawn.

Sources: top-k sampling in Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation" (2018, arXiv 1805.04833,
section 5); top-p in Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020, arXiv 1904.09751, section
3.1); the treatment of ties in `transformers/generation/logits_process.py`. V stands for the number of words in the
vocabulary.
"""

import math
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]
Probabilities = NDArray[np.float64]
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]

BLOCK = 32
"""Words per block in the search for the k largest logits. A speed setting; the result does not depend on it."""


class SamplingError(ValueError):
    """A setting or an input that sampling cannot work with.

    ``parameter`` names it, ``value`` is what came in, and ``accepted`` says what is accepted, so that a page can put
    the message in its reader's language.
    """

    def __init__(self, parameter: str, value: object, accepted: str):
        super().__init__(f"{parameter} must be {accepted}, but is {value!r}")
        self.parameter = parameter
        self.value = value
        self.accepted = accepted


@dataclass(frozen=True)
class SamplingTrace:
    """One field per step of the way from logits to probabilities, each of shape (..., V).

    ``scaled`` is ``logits / temperature``; at temperature 1 it is the same array as ``logits``. ``kept`` is True for
    the words that no cut removed. ``probabilities`` are those of the kept words, renormalised, and 0 for all others.
    """

    logits: Floats
    scaled: Floats
    kept: Mask
    probabilities: Probabilities


@dataclass(frozen=True)
class KeptWords:
    """The words that the cuts have left, and few or no others: each field has shape (..., W) with W <= V.

    An entry whose ``kept`` is False has probability 0 and means nothing: it fills up a row.
    """

    ids: Ids
    kept: Mask
    probabilities: Probabilities


class TopKErrors(NamedTuple):
    """What top-k does wrong, for every k from 1 to V; see `top_k_errors`. Each has shape (V,)."""

    k: Ids
    thrown_away: Probabilities
    let_in: Probabilities


class ChiSquare(NamedTuple):
    """Pearson's chi-square test: the statistic, its degrees of freedom, and the p-value."""

    statistic: float
    dof: int
    p_value: float


def shape_distribution(
    logits: ArrayLike,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> SamplingTrace:
    """Turn logits (..., V) into the distribution that the next word is drawn from, and show every step.

    - ``temperature`` > 0 divides the logits.
    - ``top_k`` >= 1 removes every word below the k-th largest. Words tied with the k-th all stay, so more than k can be
      left.
    - ``top_p`` in (0, 1] removes the least likely words as long as the removed ones hold no more than 1 - p together.
      The likeliest word always stays. Of words tied at the boundary, those with the smaller id go first (the
      processors leave that open). 1 removes nothing.
    - ``min_p`` in [0, 1] removes the words that are less than min_p times as likely as the likeliest.
    - None leaves a step out. A logit of -inf is an impossible word: it is never kept.

    Raises `SamplingError` (a ValueError) for settings outside these ranges, and for logits that are NaN, +inf, or all
    -inf.

    >>> trace = shape_distribution(np.log([0.5, 0.3, 0.1, 0.1]), top_k=2)
    >>> trace.kept.tolist(), trace.probabilities.round(3).tolist()
    ([True, True, False, False], [0.625, 0.375, 0.0, 0.0])
    """
    check_settings(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    scores = _as_logits(logits)
    rows = scores.reshape(-1, scores.shape[-1])  # (R, V)
    words = _kept_rows(rows, temperature, top_k, top_p, min_p)
    kept = np.zeros(rows.shape, dtype=np.bool_)
    probabilities = np.zeros(rows.shape)
    row, column = _where(words.kept)
    ids = words.ids[row, column]
    kept[row, ids] = True
    probabilities[row, ids] = words.probabilities[row, column]
    return SamplingTrace(
        logits=scores,
        scaled=_divide(scores, temperature),
        kept=kept.reshape(scores.shape),
        probabilities=probabilities.reshape(scores.shape),
    )


def kept_words(
    logits: ArrayLike,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> KeptWords:
    """The same distribution as `shape_distribution`, but only the words that are kept.

    For a small k this is far less work, since nothing is computed for the tail. The order of the words is not
    specified.

    >>> words = kept_words(np.log([0.1, 0.5, 0.1, 0.3]), top_k=2)
    >>> words.ids[words.kept].tolist(), words.probabilities[words.kept].round(3).tolist()
    ([1, 3], [0.625, 0.375])
    """
    check_settings(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    scores = _as_logits(logits)
    words = _kept_rows(scores.reshape(-1, scores.shape[-1]), temperature, top_k, top_p, min_p)
    shape = (*scores.shape[:-1], words.ids.shape[-1])
    return KeptWords(words.ids.reshape(shape), words.kept.reshape(shape), words.probabilities.reshape(shape))


def filter_logits(
    logits: ArrayLike,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> Floats:
    """The scaled logits (..., V) with -inf for every word that was cut: what Hugging Face's processors return.

    >>> filter_logits([2.0, 1.0, 0.0], top_k=2).tolist()
    [2.0, 1.0, -inf]
    """
    check_settings(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    scores = _as_logits(logits)
    rows = scores.reshape(-1, scores.shape[-1])
    words = _kept_rows(rows, temperature, top_k, top_p, min_p)
    filtered = np.full_like(rows, -np.inf)
    row, column = _where(words.kept)
    ids = words.ids[row, column]
    filtered[row, ids] = _divide(rows[row, ids], temperature)
    return filtered.reshape(scores.shape)


def draw(probabilities: ArrayLike, size: int | tuple[int, ...] | None, rng: np.random.Generator) -> Ids:
    """Draw ids from probabilities (..., V), by random pointers on their cumulative strip.

    A word of probability 0 is never drawn. The result has the leading shape of ``probabilities`` followed by ``size``;
    None draws one id per row. Rows need not sum to 1, they are weighed against their own sum. Raises ValueError for
    weights that are negative, NaN or infinite, and for a row without any.

    >>> draw([0.0, 1.0, 0.0], 3, np.random.default_rng(0)).tolist()
    [1, 1, 1]
    """
    weights = np.asarray(probabilities, dtype=np.float64)
    strip = _cumulative(weights)  # (R, V)
    wanted = () if size is None else size if isinstance(size, tuple) else (size,)
    if not all(_is_integer(n) and n >= 0 for n in wanted):
        raise SamplingError("size", size, "an integer >= 0, a tuple of them, or None")
    return _point(strip, math.prod(wanted), rng).reshape(weights.shape[:-1] + wanted)


def sample(
    logits: ArrayLike,
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    rows: Ids | None = None,
) -> Ids:
    """Draw one word for each row of logits (..., V), end to end; the result has the leading shape.

    With ``rows`` (N,) the logits are (R, V), and one word is drawn for each row that is named there: as for
    ``logits[rows]``, but a row that is named several times is cut once.

    >>> sample([[0.0, 9.0, 1.0], [5.0, 0.0, 1.0]], np.random.default_rng(0), top_k=1).tolist()
    [1, 0]
    """
    check_settings(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    scores = _as_logits(logits)
    words = _kept_rows(scores.reshape(-1, scores.shape[-1]), temperature, top_k, top_p, min_p)
    strip, ids = np.cumsum(words.probabilities, axis=-1, out=words.probabilities), words.ids  # (R, W)
    if rows is not None:
        strip, ids = strip[rows], ids[rows]
    end = strip[:, -1:]
    # As in `_point`, but for one pointer in each row it is faster to look at all marks than to search row after row.
    pointers = np.minimum(rng.random((len(strip), 1)) * end, np.nextafter(end, 0.0))
    places = (strip > pointers).argmax(axis=-1)  # the first mark beyond the pointer
    drawn: Ids = ids[np.arange(len(places)), places]
    return drawn.reshape(scores.shape[:-1] if rows is None else rows.shape)


def count_draws(probabilities: ArrayLike, n: int, rng: np.random.Generator) -> Ids:
    """How often each word comes up in n draws from probabilities (V,); exact, and as fast for 10,000 draws as for one.

    >>> count_draws([0.5, 0.0, 0.5], 1000, np.random.default_rng(0)).tolist()
    [521, 0, 479]
    """
    weights = np.asarray(probabilities, dtype=np.float64)
    if weights.ndim != 1:
        raise SamplingError("probabilities", weights.shape, "one row")
    if not (_is_integer(n) and n >= 0):
        raise SamplingError("n", n, "an integer >= 0")
    _cumulative(weights)  # refuses what is no distribution
    # `multinomial` gives what rounding leaves over to its last entry: let that be a possible word.
    possible = np.flatnonzero(weights)
    counts = np.zeros(weights.shape, dtype=np.int64)
    counts[possible] = rng.multinomial(n, weights[possible] / weights.sum())
    return counts


def chi_square_test(counts: ArrayLike, probabilities: ArrayLike, *, smallest_cell: float = 5.0) -> ChiSquare:
    """Could these counts (V,) come from these probabilities (V,)? Pearson's chi-square test (1900).

    Words that are expected less than ``smallest_cell`` times are pooled, since the test is only good for cells that are
    not tiny (Cochran 1954 asks for 5). With fewer than two cells there is nothing to test: 0 degrees of freedom and a
    p-value of 1. A count where the probability is 0 is impossible: p-value 0.

    >>> statistic, dof, p_value = chi_square_test([60, 40], [0.5, 0.5])
    >>> round(statistic, 3), dof, round(p_value, 4)
    (4.0, 1, 0.0455)
    """
    observed = np.asarray(counts, dtype=np.float64)
    weights = np.asarray(probabilities, dtype=np.float64)
    if observed.shape != weights.shape or observed.ndim != 1:
        raise SamplingError("counts", observed.shape, f"of the shape of probabilities, {weights.shape}")
    if not np.isfinite(observed).all() or (observed < 0).any():
        raise SamplingError("counts", counts, "numbers >= 0")
    _cumulative(weights)
    expected = weights / weights.sum() * observed.sum()
    order = np.argsort(expected, kind="stable")
    order = order[weights[order] > 0]
    if observed[weights == 0].any():
        return ChiSquare(math.inf, max(len(order) - 1, 0), 0.0)
    observed, expected = observed[order], expected[order]
    # Pool the small cells, which come first, and the next larger ones too until the pool is large enough itself.
    pooled = int((expected < smallest_cell).sum())
    while 0 < pooled < len(expected) and expected[:pooled].sum() < smallest_cell:
        pooled += 1
    if pooled:
        observed = np.append(observed[pooled:], observed[:pooled].sum())
        expected = np.append(expected[pooled:], expected[:pooled].sum())
    dof = len(expected) - 1
    if dof < 1:
        return ChiSquare(0.0, 0, 1.0)
    statistic = float(((observed - expected) ** 2 / expected).sum())
    return ChiSquare(statistic, dof, upper_gamma(dof / 2, statistic / 2))


def upper_gamma(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x), for a > 0 and x >= 0.

    Q(dof / 2, statistic / 2) is the p-value of a chi-square test. Power series for small x, continued fraction
    (modified Lentz) for large x: Numerical Recipes, 3rd edition, section 6.2.

    >>> round(upper_gamma(0.5, 2.0), 4)
    0.0455
    """
    if not (a > 0 and math.isfinite(a)):
        raise SamplingError("a", a, "a finite number > 0")
    if not x >= 0:
        raise SamplingError("x", x, "a number >= 0")
    if x == 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    scale = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > abs(total) * 1e-16:
            n += 1
            term *= x / n
            total += term
        return 1 - total * scale
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    fraction = d
    n, factor = 0.0, 0.0
    while abs(factor - 1) > 1e-15:
        n += 1
        numerator = -n * (n - a)
        b += 2
        d = 1 / ((numerator * d + b) or tiny)
        c = (b + numerator / c) or tiny
        factor = c * d
        fraction *= factor
    return fraction * scale


def softmax(scores: ArrayLike) -> Probabilities:
    """The probabilities of scores (..., V), in double precision; -inf gives 0.

    >>> softmax([0.0, np.log(3.0)]).round(3).tolist()
    [0.25, 0.75]
    """
    values = _as_logits(scores).astype(np.float64)
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    probabilities: Probabilities = weights / weights.sum(axis=-1, keepdims=True)
    return probabilities


def entropy(probabilities: ArrayLike) -> Probabilities:
    """Shannon's entropy of probabilities (..., V) in nats, shape (...): how open the choice still is.

    >>> round(float(entropy([0.25, 0.25, 0.25, 0.25])), 4)  # ln 4
    1.3863
    """
    p = np.asarray(probabilities, dtype=np.float64)
    terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0)
    nats: Probabilities = np.abs(terms.sum(axis=-1))  # abs: an entropy of zero prints as 0, not as -0
    return nats


def effective_choices(probabilities: ArrayLike) -> Probabilities:
    """exp(entropy), shape (...): as many equally likely words would leave the choice just as open.

    >>> round(float(effective_choices([0.5, 0.5, 0.0])), 4)
    2.0
    """
    choices: Probabilities = np.exp(entropy(probabilities))
    return choices


def removed_mass(trace: SamplingTrace) -> Probabilities:
    """The probability, shape (...), that the cuts took away: the mass that the removed words had at this temperature.

    >>> round(float(removed_mass(shape_distribution(np.log([0.5, 0.3, 0.2]), top_k=1))), 4)
    0.5
    """
    mass: Probabilities = np.where(trace.kept, 0.0, softmax(trace.scaled)).sum(axis=-1)
    return mass


def top_k_errors(logits: ArrayLike, truth: ArrayLike, *, temperature: float = 1.0) -> TopKErrors:
    """Both mistakes of top-k on logits (V,), for every k at once, where the true distribution (V,) is known.

    ``thrown_away`` is the true probability of the words that k cuts off: good words the text could have gone on with.
    ``let_in`` is the probability that a draw with this k gives a word whose true probability is 0. A larger k makes the
    first smaller; the second is what a larger k risks.

    >>> errors = top_k_errors(np.log([0.5, 0.3, 0.2]), [0.75, 0.0, 0.25])
    >>> errors.thrown_away.round(3).tolist(), errors.let_in.round(3).tolist()
    ([0.25, 0.25, 0.0], [0.0, 0.375, 0.3])
    """
    check_settings(temperature=temperature)
    scores = _as_logits(logits)
    true = np.asarray(truth, dtype=np.float64)
    if scores.ndim != 1:
        raise SamplingError("logits", scores.shape, "one row")
    if true.shape != scores.shape:
        raise SamplingError("truth", true.shape, f"of the shape of logits, {scores.shape}")
    _cumulative(true)
    _check_largest(scores.max(keepdims=True), temperature)
    scaled = _divide(scores, temperature)
    order = np.argsort(-scaled, kind="stable")
    ranked, model, true = scaled[order], softmax(scaled)[order], true[order] / true.sum()
    # Words tied with the k-th stay too: k reaches to the last word that is no smaller than the k-th, and an impossible
    # logit (-inf) is never kept.
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    last = np.minimum(last, np.count_nonzero(ranked > -np.inf) - 1)
    kept_truth = np.cumsum(true)[last]
    let_in = np.cumsum(np.where(true == 0, model, 0.0))[last] / np.cumsum(model)[last]
    return TopKErrors(np.arange(1, len(scores) + 1), np.maximum(1 - kept_truth, 0.0), let_in)


def check_settings(
    *, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None, min_p: float | None = None
) -> None:
    """Raise `SamplingError`, which names the setting and its range, unless all settings are within theirs.

    >>> check_settings(top_k=0)
    Traceback (most recent call last):
    lib.sampling.SamplingError: top_k must be an integer >= 1 or None, but is 0
    """
    if not (_is_real(temperature) and temperature > 0):
        raise SamplingError("temperature", temperature, "a finite number > 0")
    if top_k is not None and not (_is_integer(top_k) and top_k >= 1):
        raise SamplingError("top_k", top_k, "an integer >= 1 or None")
    if top_p is not None and not (_is_real(top_p) and 0 < top_p <= 1):
        raise SamplingError("top_p", top_p, "a number in (0, 1] or None")
    if min_p is not None and not (_is_real(min_p) and 0 <= min_p <= 1):
        raise SamplingError("min_p", min_p, "a number in [0, 1] or None")


def _is_integer(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_real(value: Any) -> bool:
    if isinstance(value, (float, np.floating)):
        return math.isfinite(value)
    return _is_integer(value) and abs(value) <= sys.float_info.max  # 10 ** 400 is an integer, but no float


def _as_logits(logits: ArrayLike) -> Floats:
    """As an array (..., V) of float32 or float64, checked: computing in the input's own precision keeps its ties."""
    try:
        scores = np.asarray(logits)
    except ValueError as error:  # a ragged list
        raise SamplingError("logits", logits, "an array of shape (..., V)") from error
    if scores.dtype.kind not in "buif":
        raise SamplingError("logits", scores.dtype.name, "an array of numbers")
    if scores.ndim == 0 or scores.shape[-1] == 0:
        raise SamplingError("logits", scores.shape, "of shape (..., V) with at least one word")
    if scores.dtype == np.float16:
        return scores.astype(np.float32)
    if scores.dtype not in (np.float32, np.float64):
        return scores.astype(np.float64)
    return scores


def _divide(scores: Floats, temperature: float) -> Floats:
    if temperature == 1:
        return scores
    # No temperature is infinite in single precision either: -inf / inf would be NaN. `_check_largest` reports overflow.
    divisor = min(float(temperature), float(np.finfo(scores.dtype).max))
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        return scores / divisor


def _check_largest(largest: Floats, temperature: float) -> None:
    """Refuse bad logits, given only the largest of each row, (R,)."""
    # A maximum is NaN if any entry is, +inf if any is +inf, and -inf only if all are: one look at it tells all three.
    finite = np.isfinite(largest)
    if not finite.all():
        bad = float(largest[~finite][0])
        raise SamplingError("logits", bad, "without NaN and +inf, and above -inf somewhere in every row")
    if not np.isfinite(_divide(largest, temperature)).all():
        raise SamplingError("temperature", temperature, "so large that logits / temperature does not overflow")


def _kept_rows(
    rows: Floats, temperature: float, top_k: int | None, top_p: float | None, min_p: float | None
) -> KeptWords:
    """The words of each row (R, V) that all cuts keep, and their probabilities, each (R, W)."""
    V = rows.shape[-1]
    if top_k is not None and 2 * top_k <= V // BLOCK:
        ids, scores = _largest(rows, top_k, temperature)
        kept = scores > -np.inf
    else:
        _check_largest(rows.max(axis=-1), temperature)
        ids, scores = np.broadcast_to(np.arange(V), rows.shape), _divide(rows, temperature)
        kept = scores > -np.inf
        if top_k is not None and top_k < V:
            kept &= scores >= np.partition(scores, V - top_k, axis=-1)[:, V - top_k, None]  # (R, 1)
    mass = 1.0 if top_p is None else top_p
    if mass < 1:  # from the unlikeliest word to the likeliest
        order = np.argsort(scores, axis=-1, kind="stable")
        ids, scores = np.take_along_axis(ids, order, axis=-1), np.take_along_axis(scores, order, axis=-1)
        kept = np.take_along_axis(kept, order, axis=-1)
    weights = scores.astype(np.float64)
    weights -= weights.max(axis=-1, keepdims=True)
    np.exp(weights, out=weights)  # the likeliest word weighs exactly 1
    weights *= kept
    if mass < 1:
        kept &= np.cumsum(weights / weights.sum(axis=-1, keepdims=True), axis=-1) > 1 - mass
        kept[:, -1] = True
    if min_p is not None:
        kept &= weights >= min_p
    if mass < 1 or min_p is not None:
        weights *= kept
    weights /= weights.sum(axis=-1, keepdims=True)
    return KeptWords(ids, kept, weights)


def _largest(rows: Floats, k: int, temperature: float) -> tuple[Ids, Floats]:
    """The k largest of each row (R, V), and all that tie with the k-th, by id: their ids and scaled scores, each (R,
    W).

    Shorter rows are filled up with scores of -inf.

    The tail is read once and never sorted: cut the row into blocks and take the largest of each. Of the k blocks with
    the largest maxima, each holds a word that is no smaller than the smallest of these maxima. So the k-th largest word
    is no smaller than that either, and all words wanted lie in the few blocks whose maximum reaches this bound.
    """
    R, V = rows.shape
    B = V // BLOCK
    # Block b holds the words b, B + b, 2 B + b, ...: so the maxima are those of whole lines, element by element, which
    # is fast. The rest, shorter than a line, are blocks of one word.
    lines = rows[:, : B * BLOCK].reshape(R, BLOCK, B)
    rest = rows[:, B * BLOCK :]
    maxima = np.concatenate([lines.max(axis=1), rest], axis=1)  # (R, B + rest)
    _check_largest(maxima.max(axis=1), temperature)
    maxima = _divide(maxima, temperature)
    bounds = np.partition(maxima, -k, axis=1)[:, -k]  # (R,)
    bounds = np.maximum(bounds, np.finfo(rows.dtype).min)  # an impossible word is no candidate

    row, column = _where(maxima >= bounds[:, None])  # the blocks that hold a candidate, (P,)
    whole = column < B
    r, b = row[whole], column[whole]
    inside = _divide(lines[r, :, b], temperature)  # (blocks of more than one word, BLOCK)
    block, line = _where(inside >= bounds[r, None])
    r, b, single_row, single = r[block], b[block], row[~whole], column[~whole]
    # All candidates, in the order of their rows and in each row by id: one number tells both.
    place = np.concatenate([r * V + line * B + b, single_row * V + single + (BLOCK - 1) * B])
    scores = np.concatenate([inside[block, line], maxima[single_row, single]])
    order = np.argsort(place)
    scores = scores[order]
    row, ids = np.divmod(place[order], V)

    table = _as_table(row, scores, R, -np.inf)
    if table.shape[1] > k:
        stays = scores >= np.partition(table, -k, axis=1)[row, -k]
        row, ids, scores = row[stays], ids[stays], scores[stays]
        table = _as_table(row, scores, R, -np.inf)
    return _as_table(row, ids, R, 0), table


def _as_table(row: Ids, values: NDArray[Any], R: int, filling: float) -> NDArray[Any]:
    """Values as a table of R rows, each as long as the longest: ``row`` (N,), which never falls, says whose each is."""
    if R == 1:
        return values[None]
    lengths = np.bincount(row, minlength=R)
    table = np.full((R, lengths.max(initial=1)), filling, dtype=values.dtype)
    table[row, np.arange(len(row)) - (lengths.cumsum() - lengths)[row]] = values
    return table


def _where(mask: Mask) -> tuple[Ids, Ids]:
    """Rows and columns of the True entries of a mask (R, C), in order: `np.nonzero` in a third of its time."""
    row, column = np.divmod(mask.ravel().nonzero()[0], mask.shape[1])
    return row, column


def _cumulative(weights: Probabilities) -> Probabilities:
    """The cumulative sums of weights (..., V) as rows (R, V), checked to be weights."""
    if weights.ndim == 0 or weights.shape[-1] == 0:
        raise SamplingError("probabilities", weights.shape, "of shape (..., V) with at least one word")
    if not (weights >= 0).all():
        raise SamplingError("probabilities", float(weights[~(weights >= 0)][0]), "numbers >= 0")
    strip: Probabilities = np.cumsum(weights.reshape(-1, weights.shape[-1]), axis=-1)
    total = strip[:, -1]
    if not ((total > 0) & np.isfinite(total)).all():
        raise SamplingError(
            "probabilities", float(total[~((total > 0) & np.isfinite(total))][0]), "of a finite sum > 0"
        )
    return strip


def _point(strip: Probabilities, n: int, rng: np.random.Generator) -> Ids:
    """Where n random pointers per row land on a cumulative strip (R, V): (R, n)."""
    end = strip[:, -1:]
    # Rounding may not carry a pointer onto the very end, where no word lies.
    pointers = np.minimum(rng.random((len(strip), n)) * end, np.nextafter(end, 0.0))
    # side="right": a pointer on the mark between two words belongs to the second, so a word of width 0 is never met.
    landed = [marks.searchsorted(places, side="right") for marks, places in zip(strip, pointers, strict=True)]
    return np.array(landed, dtype=np.int64).reshape(pointers.shape)
