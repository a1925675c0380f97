"""What the small GPT says may come next, and what is true, after many beginnings at once."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lib.language_model import Corpus, LanguageModel, load_model
from lib.sampling_input import Probabilities
from lib.transformer import Drop, forward, keep_all, unflatten


@dataclass(frozen=True)
class Beginnings:
    """N beginnings of new sentences: ``said``, the words of each, and where each stands in a batch of sentences."""

    said: tuple[tuple[str, ...], ...]
    model: LanguageModel
    inputs: Tensor  # (B, T) ids of words, EOS first
    rows: Tensor  # (N,) the sentence of each beginning
    columns: Tensor  # (N,) the place of its last word

    def logits(self, drop: Drop = keep_all) -> Probabilities:
        """The model's scores for every next word (N, V), in one forward pass, dropout off unless ``drop`` drops."""
        network = self.model.config.network(len(self.model.vocabulary))
        weights = unflatten(self.model.parameters, network)
        with torch.no_grad():
            states, _ = forward(weights, network, self.inputs, drop)  # (B, T, C)
            chosen = states[self.rows, self.columns]  # (N, C)
            return (chosen @ weights["word"].T).double().numpy()

    def truth(self) -> Probabilities:
        """The true probability of every next word (N, V): that of the grammar."""
        return np.stack([self.model.story.next_word(words) for words in self.said])


def draw_beginnings(n: int, seed: int, p: float = 0.3) -> Beginnings:
    """Draw n new sentences from the English storybook and cut each off at a random place.

    ``p`` says which model reads them: the dropout rate of its training.

    >>> some = draw_beginnings(50, seed=0)
    >>> some.logits().shape == some.truth().shape == (50, len(some.model.vocabulary))
    True
    """
    model, rng = load_model(p=p), np.random.default_rng(seed)
    story = model.story
    sentences = [words[: model.config.context - 1] for words in story.sample(n, rng)]
    cuts = [int(rng.integers(len(words) + 1)) for words in sentences]  # before the first word, ..., after the last
    corpus = Corpus.of(sentences, story.word_id, story.eos_id, model.config.context)
    inputs, _targets, _counts = corpus.batch(torch.arange(n))
    said = tuple(tuple(words[:cut]) for words, cut in zip(sentences, cuts, strict=True))
    return Beginnings(said, model, inputs, torch.arange(n), torch.tensor(cuts))
