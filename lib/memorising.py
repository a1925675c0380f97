"""Memorising in bits: how much likelier a model finds its training sentences than their source does.

The storybook knows how likely each sentence is. A model that has learned only how sentences are made gives it the same
probability. One that has learned sentences by heart gives those too much, and must take it from all others: so fresh
sentences get too little. Both are counted here in bits: at +10, a sentence is 2^10 = 1,024 times too likely.

(Comparing a model's likelihood with a reference's is how memorised text is found in large models: Carlini et al.,
"Extracting Training Data from Large Language Models", 2021, arXiv 2012.07805. Here the reference is the truth.)
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.language_model import LanguageModel, validation_sentences

SENTENCES = 200  # of each kind


@dataclass(frozen=True)
class MemorisedBits:
    """Bits by which a model finds sentences likelier than their source does: of the training set, and fresh ones.

    Each is (n,); a negative number says that the model finds a sentence too unlikely.
    """

    trained: NDArray[np.float64]
    fresh: NDArray[np.float64]

    @property
    def medians(self) -> tuple[float, float]:
        """The median over the training sentences, and over the fresh ones."""
        return float(np.median(self.trained)), float(np.median(self.fresh))


@functools.lru_cache(maxsize=16)  # 3 kB each
def memorised_bits(model: LanguageModel, n: int = SENTENCES) -> MemorisedBits:
    """Measure a model: on the first ``n`` sentences that it learned from, and on n that are not among those.

    >>> from lib.language_model import load_model
    >>> trained, fresh = memorised_bits(load_model(p=0.0), 60).medians
    >>> trained > 8, fresh < -8  # learned by heart: training sentences are far too likely, and fresh ones too unlikely
    (True, True)
    """
    learned = {tuple(sentence) for sentence in model.training_sentences}
    fresh = [each for each in validation_sentences(model.config, model.story) if tuple(each) not in learned]
    return MemorisedBits(bits_too_likely(model, model.training_sentences[:n]), bits_too_likely(model, fresh[:n]))


def bits_too_likely(model: LanguageModel, sentences: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """log2 of how many times likelier the model finds each of n sentences than the storybook does: (n,).

    Infinite for a sentence that the storybook cannot tell.
    """
    true = np.array([model.story.log_probability(sentence) for sentence in sentences])
    bits: NDArray[np.float64] = (model.log_probabilities(sentences) - true) / math.log(2)
    return bits
