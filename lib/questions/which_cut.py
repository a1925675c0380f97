"""Top-k, top-p or min-p?

The grammar of the storybook says which words may come next, so both mistakes of a cut can be counted: true words lost,
and impossible words let in. Each cut is set so that it loses the same, and then judged by what it lets in.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from lib.questions.result import Result, least, mean_of
from lib.questions.storybook import draw_beginnings
from lib.sampling import keep_min_p, keep_top_k, keep_top_p, softmax
from lib.sampling_input import Floats, Mask, Probabilities

LOSS, N = 0.02, 300
SETTINGS: dict[str, tuple[Callable[[Floats, float], Mask], Sequence[float]]] = {  # each from the tightest to the widest
    "top_k": (lambda scores, k: keep_top_k(scores, int(k)), range(1, 151)),
    "top_p": (keep_top_p, np.linspace(0.80, 0.999, 60).tolist()),
    "min_p": (keep_min_p, np.geomspace(0.3, 0.001, 60).tolist()),
}


def experiment(seed: int) -> Result:
    """The probability of drawing an impossible word, with no cut and with each at the tightest setting that loses at
    most 2% of what is true; top-p and min-p both have to beat top-k.

    >>> list(experiment(0).rows)
    ['none', 'top_k', 'top_p', 'min_p']
    """
    beginnings = draw_beginnings(N, seed)
    logits, truth = beginnings.logits(), beginnings.truth()  # (N, V) each
    model = softmax(logits)
    let_in = {"none": _let_in(model, truth, np.ones_like(truth, dtype=np.bool_))}
    setup: dict[str, float] = {"loss": LOSS, "n": N}
    for name, (keep, settings) in SETTINGS.items():
        setting = _tightest(lambda each, keep=keep: keep(logits, each), settings, truth)  # type: ignore[misc]
        let_in[name], setup[name] = _let_in(model, truth, keep(logits, setting)), setting
    effect = least([mean_of(let_in["top_k"] - let_in[other]) for other in ("top_p", "min_p")])
    return Result({name: mean_of(each) for name, each in let_in.items()}, effect, setup=setup)


def _tightest(keep: Callable[[float], Mask], settings: Sequence[float], truth: Probabilities) -> float:
    """The first setting with which no more of the true probability is lost than `LOSS`, on average.

    What a wider setting loses is never more, so the settings are halved again and again.
    """

    def is_wide_enough(setting: float) -> bool:
        return bool(np.where(keep(setting), 0, truth).sum(-1).mean() <= LOSS)

    return settings[bisect_left(settings[:-1], True, key=is_wide_enough)]


def _let_in(model: Probabilities, truth: Probabilities, kept: Mask) -> Probabilities:
    """The probability of drawing a word that cannot come (N,)."""
    drawn = np.where(kept, model, 0)
    shared: Probabilities = np.where(truth == 0, drawn, 0).sum(-1) / drawn.sum(-1)
    return shared
