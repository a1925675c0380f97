"""A decoder as steps whose order can change: logits -> logits -> ... -> the distribution that is drawn from.

`lib.sampling` has four steps in the order of Hugging Face's ``generate``. Here are seven, in any order. The order
matters: at T = 2 a tail is cut off by top-p if the temperature comes last, and much of it stays if it comes first. Each
step is a pure function from scores to scores, with -inf for a word that is cut.

`ORDERS` has those of three programs: transformers (``generation/utils.py``, ``_get_logits_processor``; it has no
top-n-sigma, which stands at the end here); llama.cpp, temperature last (``common/common.h``, ``samplers``); and
Google's code for Gemma, where top-k and top-p each look at all words, and what both keep stays (gemma_pytorch,
``model.py``).

Sources of the steps beyond those four: typical sampling in Meister et al., "Locally Typical Sampling" (2023, arXiv
2202.00666); top-n-sigma in Tang et al., "Top-nσ: Not All Logits Are You Need" (2024, arXiv 2411.07641); the repetition
penalty in Keskar et al., "CTRL" (2019, arXiv 1909.05858, section 4.1). V is the number of words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lib.sampling import ROUNDING, keep_min_p, keep_top_k, keep_top_p, softmax
from lib.sampling_input import Floats, Mask, Probabilities, as_logits, as_weights, divide
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.settings import InvalidSetting, is_real
from lib.statistics.entropy import entropy

STEPS = ("penalty", "temperature", "top_k", "top_p", "min_p", "typical", "sigma")
CUTS = STEPS[2:]


class Order(NamedTuple):
    """Which step comes when. ``together``: the cuts do not see each other, and a word stays if all of them keep it."""

    steps: tuple[str, ...]
    together: bool = False


ORDERS = {
    "transformers": Order(STEPS),
    "llama.cpp": Order(("penalty", "sigma", "top_k", "typical", "top_p", "min_p", "temperature")),
    "gemma": Order(STEPS, together=True),
}


def order_named(name: str) -> Order:
    """The order that a link names: one of `ORDERS`, or the steps with dots between them; else transformers'.

    >>> order_named("llama.cpp").steps[-1], order_named("typical.top_k.sigma.penalty.min_p.top_p.temperature").steps[0]
    ('temperature', 'typical')
    >>> order_named("top_k.top_k") == ORDERS["transformers"]
    True
    """
    if name in ORDERS:
        return ORDERS[name]
    steps = tuple(name.split("."))
    return Order(steps) if sorted(steps) == sorted(STEPS) else ORDERS["transformers"]


def name_of(order: Order) -> str:
    """What a link calls an order: the counterpart of `order_named`.

    >>> name_of(Order(STEPS)), name_of(Order(STEPS[::-1]))
    ('transformers', 'sigma.typical.min_p.top_p.top_k.temperature.penalty')
    """
    return next((name for name, each in ORDERS.items() if each == order), ".".join(order.steps))


@dataclass(frozen=True)
class Decoder:
    """All that a decoder does.

    Args:
        settings: temperature, top-k, top-p and min-p.
        typical: in (0, 1]; keep the words whose surprise is nearest to the entropy, until they hold this much.
        sigma: > 0; keep the words whose score is at most this many standard deviations below the highest.
        penalty: >= 1; makes the words that have been said less likely.
        order: of the steps.
        greedy: always take the likeliest word, which is what T -> 0 leads to. As with ``do_sample=False`` in
            transformers, only the penalty still counts.

    None switches a cut off. Raises `InvalidSetting` for what is out of its range.

    >>> Decoder(typical=0)
    Traceback (most recent call last):
    lib.settings.InvalidSetting: typical must be a number in (0, 1] or None, but is 0
    """

    settings: SamplingSettings = UNCUT
    typical: float | None = None
    sigma: float | None = None
    penalty: float = 1.0
    order: Order = ORDERS["transformers"]
    greedy: bool = False

    def __post_init__(self) -> None:
        if self.typical is not None and not (is_real(self.typical) and 0 < self.typical <= 1):
            raise InvalidSetting("typical", self.typical, "a number in (0, 1] or None")
        if self.sigma is not None and not (is_real(self.sigma) and self.sigma > 0):
            raise InvalidSetting("sigma", self.sigma, "a finite number > 0 or None")
        if not (is_real(self.penalty) and self.penalty >= 1):
            raise InvalidSetting("penalty", self.penalty, "a finite number >= 1")
        if sorted(self.order.steps) != sorted(STEPS):
            raise InvalidSetting("order", self.order.steps, f"each of {', '.join(STEPS)} once")

    @property
    def switched_on(self) -> tuple[str, ...]:
        """The steps that can change something, in their order."""
        on = {
            "penalty": self.penalty != 1,
            "temperature": self.settings.temperature != 1,
            "top_k": self.settings.top_k is not None,
            "top_p": self.settings.top_p is not None,
            "min_p": self.settings.min_p is not None,
            "typical": self.typical is not None,
            "sigma": self.sigma is not None,
        }
        return tuple(step for step in self.order.steps if on[step])

    @property
    def ignored(self) -> tuple[str, ...]:
        """The steps that are switched on and do nothing, because the likeliest word is taken anyway."""
        return tuple(step for step in self.switched_on if step != "penalty") if self.greedy else ()


@dataclass(frozen=True)
class Decoded:
    """What each step leaves: ``scores`` has one array (..., V) for each of ``steps``, after that step.

    ``probabilities`` (..., V) are renormalised over the words that are left, and 0 for all others.
    """

    steps: tuple[str, ...]
    scores: tuple[Floats, ...]
    probabilities: Probabilities

    @property
    def kept(self) -> Mask:
        """Which words are left, (..., V)."""
        return self.scores[-1] > -np.inf


def decode(logits: ArrayLike, decoder: Decoder, said: Sequence[int] = ()) -> Decoded:
    """Take logits (..., V) through all steps that are switched on. ``said`` are the ids of the words so far.

    The first of the steps is "logits", which are as they came.

    >>> cold = SamplingSettings(temperature=0.5, top_p=0.8)
    >>> decode([3, 2, 1], Decoder(cold)).kept.tolist()
    [True, False, False]
    >>> decode([3, 2, 1], Decoder(cold, order=ORDERS["llama.cpp"])).kept.tolist()
    [True, True, False]
    """
    scores = as_logits(logits)
    names, left = ["logits"], [scores]
    steps = decoder.switched_on
    if decoder.greedy:
        steps = (*(step for step in steps if step not in decoder.ignored), "greedy")
    elif decoder.order.together:
        steps = tuple(sorted(steps, key=CUTS.__contains__))  # the cuts after all others; sorting keeps their order
    uncut = scores
    for step in steps:
        if step not in CUTS:
            scores = uncut = _changed(scores, step, decoder, said)
        else:
            seen = uncut if decoder.order.together else scores
            kept = _keep(seen, step, decoder) & (scores > -np.inf)
            # Together with other cuts, typical sampling may leave no word. Then the likeliest stays.
            nothing = ~kept.any(axis=-1, keepdims=True)
            scores = np.where(nothing, keep_likeliest(uncut), np.where(kept, scores, -np.inf))
        names.append(step)
        left.append(scores)
    return Decoded(tuple(names), tuple(left), softmax(scores))


def _changed(scores: Floats, step: str, decoder: Decoder, said: Sequence[int]) -> Floats:
    if step == "penalty":
        return penalise(scores, decoder.penalty, said)
    if step == "temperature":
        return divide(scores, decoder.settings.temperature)
    return keep_likeliest(scores)


def _keep(scores: Floats, cut: str, decoder: Decoder) -> Mask:
    value = getattr(decoder if cut in ("typical", "sigma") else decoder.settings, cut)
    keep = {
        "top_k": keep_top_k,
        "top_p": keep_top_p,
        "min_p": keep_min_p,
        "typical": keep_typical,
        "sigma": keep_top_n_sigma,
    }
    mask: Mask = keep[cut](scores, value)
    return mask


def penalise(scores: Floats, penalty: float, said: Sequence[int]) -> Floats:
    """Make the words that have been said less likely: a score (..., V) above 0 is divided, one below multiplied.

    How often a word was said makes no difference. Where the scores' zero lies does: softmax does not care, this does.

    >>> penalise(np.array([2.0, -1.0, 1.0]), 2.0, [0, 1, 1]).tolist()
    [1.0, -2.0, 1.0]
    """
    changed, ids = scores.copy(), list(said)
    chosen = scores[..., ids]
    changed[..., ids] = np.where(chosen < 0, chosen * penalty, chosen / penalty)
    return changed


def keep_typical(scores: Floats, mass: float) -> Mask:
    """Keep the words of each row (..., V) whose surprise, -log p, is nearest to the entropy, until they hold ``mass``.

    The likeliest word is cut if it is too predictable. Words as near as the last one stay too, and mass = 1 keeps all.

    >>> keep_typical(np.log([0.7, 0.1, 0.1, 0.1]), 0.5).tolist()  # surprises 0.36 and 2.30; the entropy is 0.94
    [True, False, False, False]
    >>> keep_typical(np.log([0.4, 0.15, 0.15, 0.15, 0.15]), 0.5).tolist()  # 0.92 and 1.90; the entropy is 1.50
    [False, True, True, True, True]
    """
    if mass == 1:
        return np.ones(scores.shape, dtype=np.bool_)
    probabilities = softmax(scores)
    with np.errstate(divide="ignore"):
        surprise = -np.log(probabilities)
    distance = np.abs(surprise - entropy(probabilities)[..., None])
    order = np.argsort(distance, axis=-1, kind="stable")
    held = np.cumsum(np.take_along_axis(probabilities, order, axis=-1), axis=-1)
    last = np.minimum((held < mass - ROUNDING).sum(axis=-1, keepdims=True), scores.shape[-1] - 1)
    farthest = np.take_along_axis(distance, np.take_along_axis(order, last, axis=-1), axis=-1)
    kept: Mask = distance <= farthest
    return kept


def keep_top_n_sigma(scores: Floats, n: float) -> Mask:
    """Keep the words of each row (..., V) whose score is at most n standard deviations below the highest.

    The deviation is over the words that are left. A temperature stretches scores and deviation alike, so it makes no
    difference whether it comes before or after.

    >>> keep_top_n_sigma(np.array([3.0, 1.0, 1.0, 1.0, -np.inf]), 2.0).tolist()  # the deviation is 0.87
    [True, False, False, False, False]
    """
    left = scores > -np.inf
    deviation = np.std(scores, axis=-1, keepdims=True, where=left)
    kept: Mask = left & (scores >= scores.max(axis=-1, keepdims=True) - n * deviation)
    return kept


def keep_likeliest(scores: Floats) -> Floats:
    """The scores (..., V), with -inf for all words but the likeliest; of tied ones the first in the vocabulary."""
    likeliest = scores.argmax(axis=-1)[..., None]
    return np.where(np.arange(scores.shape[-1]) == likeliest, scores, -np.inf)


class Mistakes(NamedTuple):
    """What a decoder gets wrong where the truth is known: how many words it keeps, the true probability of those it cut
    (good words lost), and the probability of drawing a word that cannot stand there (impossible words let in)."""

    kept: int
    lost: float
    let_in: float


def mistakes(decoded: Decoded, truth: ArrayLike) -> Mistakes:
    """Compare what is left of one row of V words with the true distribution (V,).

    >>> mistakes(decode(np.log([0.5, 0.3, 0.2]), Decoder(SamplingSettings(top_k=2))), [0.75, 0.0, 0.25])
    Mistakes(kept=2, lost=0.25, let_in=0.375)
    """
    true = as_weights(truth)
    if true.shape != decoded.probabilities.shape or true.ndim != 1:
        raise InvalidSetting("truth", true.shape, f"one row of the shape {decoded.probabilities.shape}")
    kept = decoded.kept
    lost, let_in = true[~kept].sum() / true.sum(), decoded.probabilities[true == 0].sum()
    return Mistakes(int(kept.sum()), round(float(lost), 15), round(float(let_in), 15))
