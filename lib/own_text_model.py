"""The small GPT that learns a text of your own: trained record by record, and asked to go on.

It is the network, the training and the dice of `lib.language_model`; only what it reads is a text and no storybook.
Shapes in the comments: N passages, T positions, V entries in the vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lib.fast_top_k import sample
from lib.language_model import Corpus, LanguageModelConfig, Learner
from lib.own_text import LONGEST, OwnText
from lib.sampling_settings import SamplingSettings
from lib.threads import one_fast_thread
from lib.transformer import KVCache, forward, unflatten

STEPS, EVERY = 600, 30  # a class waits some 15 seconds for both models
END_ID = 0
BATCH = {"words": 32, "characters": 16}  # passages of characters are twice as long


def config_of(text: OwnText, p: float, seed: int = 0) -> LanguageModelConfig:
    """How a text is learned, with dropout p in all four places of the network."""
    return LanguageModelConfig(
        p=p,
        n_sentences=len(text.training),
        steps=STEPS,
        batch_size=BATCH[text.unit],
        context=LONGEST[text.unit] + 1,
        record_every=EVERY,
        seed=seed,
    )


@dataclass(frozen=True)
class Record:
    """Where a training is; the losses are in nats per word or character, with dropout off."""

    step: int
    train_loss: float
    val_loss: float


class TextTrainer:
    """A training, record by record.

    >>> from lib.own_text import own_text
    >>> text = own_text("The cat sat on the mat. The dog saw the cat. " * 50)
    >>> trainer = TextTrainer(text, p=0.3)
    >>> trainer.advance()
    >>> trainer.records[0].step, trainer.records[0].val_loss > 2, trainer.done
    (0, True, False)
    """

    def __init__(self, text: OwnText, p: float, seed: int = 0) -> None:
        self.text, self.config = text, config_of(text, p, seed)
        training, validation = (_corpus(part, self.config.context) for part in (text.training, text.validation))
        self._learner = Learner(self.config, len(text.vocabulary), training, validation)
        self.records: list[Record] = []

    @property
    def done(self) -> bool:
        """All steps are taken, and the last record is written."""
        return bool(self.records) and self.records[-1].step == self.config.steps

    def advance(self) -> None:
        """Learn until the next record; the first one is that of a model which has learned nothing."""
        learner = self._learner
        while self.records and (learner.steps == self.records[-1].step or learner.steps % EVERY):
            learner.step()
        self.records.append(Record(learner.steps, *learner.losses()))

    @property
    def model(self) -> "TextModel":
        """The model as it is now."""
        return TextModel(self.config, self._learner.parameters, len(self.text.vocabulary))


@dataclass(frozen=True)
class TextModel:
    """A model that has learned a text."""

    config: LanguageModelConfig
    parameters: Tensor  # flat
    vocabulary_size: int

    @one_fast_thread()
    def speak(self, n: int, rng: np.random.Generator, settings: SamplingSettings) -> list[tuple[int, ...]]:
        """Write n passages from their beginning, word by word or character by character.

        >>> from lib.own_text import own_text
        >>> trainer = TextTrainer(own_text("The cat sat on the mat. The dog saw the cat. " * 50), p=0.0)
        >>> [len(each) <= 23 for each in trainer.model.speak(2, np.random.default_rng(0), SamplingSettings(top_k=5))]
        [True, True]
        """
        network = self.config.network(self.vocabulary_size)
        w = unflatten(self.parameters, network)
        cache: list[KVCache] | None = None
        written = np.full((n, 1), END_ID)  # (N, T)
        ended = np.zeros(n, dtype=bool)
        while not ended.all() and written.shape[1] < self.config.context:
            with torch.no_grad():
                newest = torch.from_numpy(written[:, -1:])  # (N, 1)
                states, cache = forward(w, network, newest, cache=cache)
                logits = (states[:, -1] @ w["word"].T).numpy()  # (N, V)
            following = np.where(ended, END_ID, sample(logits, rng, settings))  # (N,)
            ended |= following == END_ID
            written = np.column_stack([written, following])
        return [_until_end(row) for row in written[:, 1:].tolist()]


def _until_end(row: Sequence[int]) -> tuple[int, ...]:
    return tuple(row[: row.index(END_ID)] if END_ID in row else row)


def _corpus(passages: Sequence[Sequence[int]], context: int) -> Corpus:
    rows = np.full((len(passages), context + 1), END_ID)
    for row, passage in zip(rows, passages, strict=True):
        row[1 : len(passage) + 1] = passage
    return Corpus(torch.from_numpy(rows), torch.tensor([len(passage) + 1 for passage in passages]))
