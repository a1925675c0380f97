"""A small GPT that learns the storybook: train it, save it, ask it for the next word, let it generate sentences.

The model reads every sentence after an end-of-sentence token (`lib.story.EOS`), the one that also ends it, so that "how
does a sentence begin?" is a next-word question like any other. The network is in `lib.transformer`. The die it rolls
while it learns is in `lib.dropout` (with a fast form in `lib.fast_masks`), the one it rolls while it speaks in
`lib.sampling` (with a fast form in `lib.fast_top_k`).

>>> model = load_model(p=0.3)
>>> sentence = model.generate(1, np.random.default_rng(0), top_k=10)[0]
>>> set(sentence) <= set(model.vocabulary)
True

Shapes in the comments: B sentences, T positions, C width, V words in the vocabulary.
"""

import functools
import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lib.adamw import AdamW
from lib.fast_masks import apply_dropout
from lib.fast_top_k import sample
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.settings import InvalidSetting, is_real, is_whole, real_number, whole_number
from lib.story import Story, load_story, story_languages
from lib.threads import one_fast_thread
from lib.transformer import (
    Architecture,
    Drop,
    KVCache,
    Place,
    Weights,
    forward,
    initial_parameters,
    keep_all,
    unflatten,
)

DATA = Path(__file__).resolve().parent.parent / "data"
CORPORA = {"small": 2_000, "large": 20_000}  # training sentences: few enough to memorise, and too many
EVALUATED = 1_000  # sentences on which a loss is measured


# --------------------------------------------------------------------------------------------------- what can go wrong


class LanguageModelError(ValueError):
    """An input that the language model does not accept; ``code`` names it for a page that translates the message."""

    code = "language_model"


class UnknownWord(LanguageModelError):  # noqa: N818 - the name says it all
    """A ``word`` that is not in the model's vocabulary."""

    code = "unknown_word"

    def __init__(self, word: str) -> None:
        super().__init__(f"{word!r} is not in the model's vocabulary")
        self.word = word


class PrefixTooLongError(LanguageModelError):
    """A prompt of ``length`` words, where the model reads at most ``limit``."""

    code = "prefix_too_long"

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"a prompt of {length} words is too long; the model reads at most {limit}")
        self.length, self.limit = length, limit


class CheckpointError(LanguageModelError):
    """A checkpoint that does not exist ("no_checkpoint"), cannot be read ("unreadable_checkpoint") or was trained on
    another grammar ("stale_checkpoint")."""

    def __init__(self, code: str, path: Path, explanation: str) -> None:
        super().__init__(f"{path.name}: {explanation}; scripts/train_storybook.py makes the checkpoints")
        self.code, self.path = code, path


# -------------------------------------------------------------------------------------------------------- the settings

_WHOLE = {  # smallest and largest value
    "n_sentences": (1, 200_000),
    "steps": (1, 1_000_000),
    "batch_size": (1, 4_096),
    "width": (1, 1_024),
    "layers": (1, 24),
    "heads": (1, 64),
    "context": (2, 1_024),
    "record_every": (1, 1_000_000),
    "seed": (0, 2**63 - 1),
}


@dataclass(frozen=True)
class LanguageModelConfig:
    """Everything that decides a training run: the same config on the same machine gives the same model.

    Args:
        language: which storybook, see `lib.story.load_story`.
        p: the probability of **dropping** a unit, in all four places, 0 <= p < 1.
        n_sentences: size of the training set.
        steps: how many batches to learn from.
        batch_size: sentences in a batch.
        learning_rate: its peak, see the function `learning_rate`.
        weight_decay: of AdamW.
        width, layers, heads, context: size of the network, see `lib.transformer.Architecture`.
        record_every: steps between two records.
        seed: for everything random: sentences, first parameters, order, dropout.

    Raises:
        InvalidSetting: (a ValueError) naming the setting and what is accepted.

    >>> LanguageModelConfig(p=0.3).n_sentences
    2000
    >>> LanguageModelConfig(p=30)
    Traceback (most recent call last):
    lib.settings.InvalidSetting: p must be a number from 0 to below 1, but is 30
    """

    language: str = "en"
    p: float = 0.0
    n_sentences: int = CORPORA["small"]
    steps: int = 3_000
    batch_size: int = 32
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    width: int = 64
    layers: int = 2
    heads: int = 4
    context: int = 32
    record_every: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every setting, and turn NumPy's numbers into Python's, which hash and can be written as JSON."""
        if not (is_real(self.p) and 0 <= self.p < 1):
            raise InvalidSetting("p", self.p, "a number from 0 to below 1")
        if not (is_real(self.learning_rate) and 0 < self.learning_rate <= 1):
            raise InvalidSetting("learning_rate", self.learning_rate, "a number above 0, up to 1")
        checked = {
            "p": float(self.p),
            "learning_rate": float(self.learning_rate),
            "weight_decay": real_number("weight_decay", self.weight_decay, 0, 10),
            **{name: whole_number(name, getattr(self, name), *bounds) for name, bounds in _WHOLE.items()},
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.width % self.heads:
            raise InvalidSetting("heads", self.heads, f"a divisor of the width, {self.width}")

    def network(self, vocab_size: int) -> Architecture:
        """The size of the network, given the size of the vocabulary."""
        return Architecture(vocab_size, self.width, self.layers, self.heads, self.context)


# For training while a class waits: the two losses have drawn apart after 500 steps, and it takes 20 seconds.
LIVE = LanguageModelConfig(steps=1_500, record_every=50)


def learning_rate(config: LanguageModelConfig, step: int) -> float:
    """Rise in a straight line for a twentieth of the steps, then fall along half a cosine to a tenth of the peak.

    >>> config = LanguageModelConfig(steps=1000, learning_rate=1.0)
    >>> [round(learning_rate(config, step), 3) for step in (25, 50, 525, 1000)]
    [0.5, 1.0, 0.55, 0.1]
    """
    warm_up = 0.05 * config.steps
    if step < warm_up:
        return config.learning_rate * step / warm_up
    return config.learning_rate * (0.55 + 0.45 * math.cos(math.pi * (step - warm_up) / (config.steps - warm_up)))


# ------------------------------------------------------------------------------------------------ sentences as numbers


def training_sentences(config: LanguageModelConfig, story: Story) -> list[list[str]]:
    """Draw the sentences that a run learns from; the same ``n_sentences`` and ``seed`` give the same ones."""
    return story.sample(config.n_sentences, np.random.default_rng([config.seed, 0]))


def validation_sentences(config: LanguageModelConfig, story: Story) -> list[list[str]]:
    """Draw fresh sentences from the same storybook; by chance some may be in the training set as well."""
    return story.sample(EVALUATED, np.random.default_rng([config.seed, 1]))


@dataclass(frozen=True)
class Corpus:
    """N sentences as numbers: ``rows`` (N, context + 1) of ids, and ``lengths`` (N,), how many of them to predict.

    A row holds the end-of-sentence token (EOS), the words, EOS again, and more EOS as padding. What does not fit is cut
    off.
    """

    rows: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], word_id: dict[str, int], eos_id: int, context: int) -> "Corpus":
        """Number the words of sentences.

        >>> corpus = Corpus.of([["a", "cat"], ["a"]], {".": 0, "a": 1, "cat": 2}, eos_id=0, context=4)
        >>> corpus.rows.tolist(), corpus.lengths.tolist()
        ([[0, 1, 2, 0, 0], [0, 1, 0, 0, 0]], [3, 2])
        """
        rows = np.full((len(sentences), context + 1), eos_id)
        for row, sentence in zip(rows, sentences, strict=True):
            ids = [word_id[word] for word in sentence[:context]]
            row[1 : len(ids) + 1] = ids
        lengths = [min(len(sentence) + 1, context) for sentence in sentences]
        return cls(torch.from_numpy(rows), torch.tensor(lengths))

    def first(self, n: int) -> "Corpus":
        """Only the first n sentences."""
        return Corpus(self.rows[:n], self.lengths[:n])

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs, targets, and which targets count, each (B, T), for the sentences ``index``; the longest sets T."""
        lengths = self.lengths[index]
        T = int(lengths.max())
        rows = self.rows[index, : T + 1]
        return rows[:, :-1], rows[:, 1:], torch.arange(T) < lengths[:, None]

    def shuffled_batches(self, size: int, generator: torch.Generator) -> Iterator[Tensor]:
        """Yield the indices of batch after batch, epoch after epoch, without end.

        In every epoch the sentences are shuffled. Then 16 batches at a time are sorted by length, so that sentences in
        a batch have about the same length and hardly any time is spent on padding.
        """
        while True:
            shuffled = torch.randperm(len(self.lengths), generator=generator)
            for pool in torch.split(shuffled, 16 * size):
                batches = torch.split(pool[self.lengths[pool].argsort(stable=True)], size)
                for i in torch.randperm(len(batches), generator=generator):
                    yield batches[i]


def total_loss(w: Weights, network: Architecture, corpus: Corpus, index: Tensor, drop: Drop = keep_all) -> Tensor:
    """Negative log-likelihood of the sentences ``index``, in nats, summed over their words, EOS included: a scalar."""
    inputs, targets, counts = corpus.batch(index)
    states, _ = forward(w, network, inputs, drop)  # (B, T, C)
    logits = states[counts] @ w["word"].T  # (words that count, V)
    return functional.cross_entropy(logits, targets[counts], reduction="sum")


def mean_loss(w: Weights, network: Architecture, corpus: Corpus) -> float:
    """Nats per word, with EOS counted as a word and dropout off."""
    with torch.no_grad():
        batches = torch.split(corpus.lengths.argsort(stable=True), 256)
        total = sum(float(total_loss(w, network, corpus, index)) for index in batches)
    return total / int(corpus.lengths.sum())


# ----------------------------------------------------------------------------------------------------------- the model


@dataclass(frozen=True)
class LossHistory:
    """What a training run recorded, in lists of equal length T.

    ``train_loss`` and ``val_loss`` are nats per word with dropout off, over the first 1,000 sentences of the training
    set and over 1,000 fresh ones. ``tokens`` counts the words learned from.
    """

    step: list[int]
    tokens: list[int]
    train_loss: list[float]
    val_loss: list[float]


class LanguageModel:
    """A trained GPT.

    Attributes:
        config: how it was trained.
        story: what it learned from; ``vocabulary`` holds its V words.
        parameters: one flat vector, float32.
        history: the losses during its training; the last record is that of the finished model.
    """

    def __init__(self, config: LanguageModelConfig, story: Story, parameters: Tensor, history: LossHistory) -> None:
        self.config, self.story, self.parameters, self.history = config, story, parameters, history
        self.vocabulary = story.vocabulary
        self._network = config.network(len(self.vocabulary))
        self._weights = unflatten(parameters, self._network)

    @functools.cached_property
    def training_sentences(self) -> list[list[str]]:
        """The sentences it learned from, drawn again."""
        return training_sentences(self.config, self.story)

    @one_fast_thread()
    def loss(self, sentences: Sequence[Sequence[str]]) -> float:
        """The loss on whole sentences, in nats per word, with EOS counted and dropout off.

        Raises:
            UnknownWord: a word is not in the vocabulary.
            InvalidSetting: there are no sentences.
        """
        if not sentences:
            raise InvalidSetting("sentences", sentences, "at least one sentence")
        for sentence in sentences:
            self._ids(sentence)
        corpus = Corpus.of(sentences, self.story.word_id, self.story.eos_id, self.config.context)
        return mean_loss(self._weights, self._network, corpus)

    @one_fast_thread()
    def log_probabilities(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """The log-probability, in nats, of exactly each of n sentences and its end, with dropout off: (n,) float64.

        `lib.story.Story.log_probability` is the same of the storybook itself.

        Raises:
            UnknownWord: a word is not in the vocabulary.
            PrefixTooLongError: a sentence of more than ``config.context - 1`` words.

        >>> model = load_model(p=0.3)
        >>> model.log_probabilities(model.training_sentences[:2]).shape
        (2,)
        """
        for sentence in sentences:
            self._ids(sentence)
            if len(sentence) >= self.config.context:
                raise PrefixTooLongError(len(sentence), self.config.context - 1)
        if not sentences:
            return np.zeros(0)
        corpus = Corpus.of(sentences, self.story.word_id, self.story.eos_id, self.config.context)
        inputs, targets, counts = corpus.batch(torch.arange(len(sentences)))  # each (n, T)
        with torch.no_grad():
            states, _ = forward(self._weights, self._network, inputs)  # (n, T, C)
            log_p = functional.log_softmax((states @ self._weights["word"].T).double(), dim=-1)  # (n, T, V)
        said = log_p.gather(2, targets[..., None])[..., 0]  # (n, T)
        total: np.ndarray = said.where(counts, 0.0).sum(dim=1).numpy()
        return total

    @one_fast_thread()
    def next_logits(self, words: Sequence[str]) -> np.ndarray:
        """Score every word as the next one, with dropout off: (V,) float64. Softmax turns them into probabilities.

        Args:
            words: the prompt, that is the first words of a sentence; an empty one asks for the very first word.

        Raises:
            UnknownWord: a word is not in the vocabulary.
            PrefixTooLongError: more than ``config.context - 1`` words.

        >>> model = load_model(p=0.3)
        >>> model.next_logits(["the"]).shape == (len(model.vocabulary),)
        True
        """
        with torch.no_grad():
            states, _ = forward(self._weights, self._network, self._prompt_ids(words))  # (1, T, C)
            logits: np.ndarray = (states[0, -1] @ self._weights["word"].T).double().numpy()
        return logits

    def generate(
        self,
        n: int,
        rng: np.random.Generator,
        *,
        prefix: Sequence[str] = (),
        training: bool = False,
        settings: SamplingSettings = UNCUT,
        **sampling: Any,
    ) -> list[list[str]]:
        """Generate ``n`` sentences, all at once, word by word.

        Args:
            n: how many.
            rng: makes every draw.
            prefix: the first words of each sentence; they are part of what is returned.
            training: leave dropout on, as after a forgotten ``model.eval()``. Each word is read with its own masks.
            settings: how every word is drawn.
            sampling: temperature, top_k, top_p or min_p by name, in place of those in ``settings``.

        Returns:
            Sentences without EOS. One that has not ended after ``config.context`` words is returned as it is.

        Raises:
            UnknownWord, PrefixTooLongError: as `next_logits`.
            InvalidSetting: (a ValueError) a sampling setting is out of its range, or n is not a whole number >= 0.
        """
        generation = self.start_generation(n, rng, replace(settings, **sampling), prefix=prefix, training=training)
        while not generation.done:
            generation.advance()
        return generation.sentences

    def start_generation(
        self,
        n: int,
        rng: np.random.Generator,
        settings: SamplingSettings = UNCUT,
        *,
        prefix: Sequence[str] = (),
        training: bool = False,
    ) -> "BatchGeneration":
        """As `generate`, but word by word, so that the caller can do other things in between.

        >>> generation = load_model(p=0.3).start_generation(2, np.random.default_rng(0), SamplingSettings(top_k=10))
        >>> while not generation.done:
        ...     generation.advance()
        >>> generation.sentences == load_model(p=0.3).generate(2, np.random.default_rng(0), top_k=10)
        True
        """
        if not (is_whole(n) and n >= 0):
            raise InvalidSetting("n", n, "a whole number >= 0")
        prompt = self._prompt_ids(prefix)  # (1, T)
        drop: Drop = keep_all
        if training and self.config.p > 0:
            drop = dropout_everywhere(self.config.p, torch.Generator().manual_seed(int(rng.integers(2**63))))
        return BatchGeneration(self, n, rng, prompt, drop, settings)

    def save(self, path: Path) -> "LanguageModel":
        """Write a checkpoint with parameters in half precision, and return the model as it will be loaded.

        Rounding changes the losses a little, so the last record of the history is measured again.
        """
        stored = self.parameters.half()
        losses = evaluate(stored.float(), self._network, *corpora(self.config, self.story))
        train_loss, val_loss = [*self.history.train_loss[:-1], losses[0]], [*self.history.val_loss[:-1], losses[1]]
        history = replace(self.history, train_loss=train_loss, val_loss=val_loss)
        np.savez_compressed(
            path,
            parameters=stored.numpy(),
            config=json.dumps(asdict(self.config)),
            story=digest(self.story),
            step=history.step,
            tokens=history.tokens,
            train_loss=history.train_loss,
            val_loss=history.val_loss,
        )
        return LanguageModel(self.config, self.story, stored.float(), history)

    @classmethod
    def load(cls, path: Path, story: Story) -> "LanguageModel":
        """Read the checkpoint of a model that learned from ``story``.

        Raises:
            CheckpointError: there is no such file, it cannot be read, or the model learned from another story.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                if str(stored["story"]) != digest(story):
                    raise CheckpointError(
                        "stale_checkpoint", path, "it was trained on another grammar than the present one"
                    )
                config = LanguageModelConfig(**json.loads(str(stored["config"])))
                history = LossHistory(*(stored[field.name].tolist() for field in fields(LossHistory)))
                return cls(config, story, torch.from_numpy(stored["parameters"].astype(np.float32)), history)
        except FileNotFoundError as error:
            raise CheckpointError("no_checkpoint", path, "no such checkpoint") from error
        except CheckpointError:
            raise
        except Exception as error:  # NumPy, zipfile, zlib and JSON each have their own errors for a damaged file
            raise CheckpointError("unreadable_checkpoint", path, f"it cannot be read ({error})") from error

    def _ids(self, words: Sequence[str]) -> list[int]:
        for word in words:
            if word not in self.story.word_id:
                raise UnknownWord(word)
        return [self.story.word_id[word] for word in words]

    def _prompt_ids(self, words: Sequence[str]) -> Tensor:
        """Return EOS and the words as ids (1, T)."""
        if len(words) >= self.config.context:
            raise PrefixTooLongError(len(words), self.config.context - 1)
        return torch.tensor([[self.story.eos_id, *self._ids(words)]])


class BatchGeneration:
    """Sentences while a model generates them, all at once, word by word: see `LanguageModel.start_generation`.

    Attributes:
        done: whether all have ended, or have as many words as the model can read.
    """

    def __init__(
        self,
        model: LanguageModel,
        n: int,
        rng: np.random.Generator,
        prompt: Tensor,
        drop: Drop,
        settings: SamplingSettings,
    ) -> None:
        self._model, self._rng, self._drop, self._settings = model, rng, drop, settings
        self._prefix_length = prompt.shape[1] - 1  # without the EOS in front
        self._position = prompt.shape[1]  # of the next word
        self._generated = np.full((n, model.config.context + 1), model.story.eos_id)  # ids, EOS in front
        self._generated[:, : self._position] = prompt.numpy()
        self._unfinished = np.arange(n)  # rows of the sentences that have not ended: U of them
        self.done = n == 0
        if self.done:
            return
        if drop is keep_all:  # then all sentences begin the same, and the prompt is read only once
            states, cache = self._read(prompt)
            self._states, self._cache = states.expand(n, -1, -1), _take(cache, torch.zeros(n, dtype=torch.int64))
        else:
            self._states, self._cache = self._read(prompt.expand(n, -1))

    @one_fast_thread()
    def advance(self) -> None:
        """Generate one more word of every sentence that has not ended."""
        logits = (self._states[:, -1] @ self._model._weights["word"].T).numpy()  # (U, V)
        words = sample(logits, self._rng, self._settings)  # (U,)
        self._generated[self._unfinished, self._position] = words
        going_on = np.flatnonzero(words != self._model.story.eos_id)
        self._unfinished = self._unfinished[going_on]
        if len(going_on) == 0 or self._position == self._model.config.context:
            self.done = True
            return
        if len(going_on) < len(words):
            self._cache = _take(self._cache, torch.from_numpy(going_on))
        newest = torch.from_numpy(self._generated[self._unfinished, self._position, None])  # (U, 1)
        self._states, self._cache = self._read(newest, self._cache)
        self._position += 1

    @one_fast_thread()
    def _read(self, tokens: Tensor, cache: list[KVCache] | None = None) -> tuple[Tensor, list[KVCache]]:
        with torch.no_grad():
            return forward(self._model._weights, self._model._network, tokens, self._drop, cache)

    @property
    def sentences(self) -> list[list[str]]:
        """What has been generated so far, without EOS."""
        eos, vocabulary = self._model.story.eos_id, self._model.vocabulary
        sentences = []
        for ids in self._generated[:, 1:].tolist():
            # The first EOS after the prefix ends a sentence; the prefix itself may contain EOS.
            length = ids.index(eos, self._prefix_length) if eos in ids[self._prefix_length :] else len(ids)
            sentences.append([vocabulary[i] for i in ids[:length]])
        return sentences


def _take(cache: list[KVCache], rows: Tensor) -> list[KVCache]:
    """Only these sentences of a cache."""
    return [KVCache(keys.index_select(0, rows), values.index_select(0, rows)) for keys, values in cache]


def digest(story: Story) -> str:
    """A fingerprint of a story: it changes with any rule or weight, and with the sentences that a seed gives.

    >>> digest(load_story("en")) == digest(load_story("en"))
    True
    """
    rules = {name: [(a.items, a.weight) for a in rule.alternatives] for name, rule in story.grammar.items()}
    drawn = story.sample(20, np.random.default_rng(0))
    return hashlib.sha256(json.dumps([rules, story.vocabulary, drawn], sort_keys=True).encode()).hexdigest()


# ------------------------------------------------------------------------------------------------------------ training


@dataclass(frozen=True)
class Progress:
    """Where a training run is; the losses are those of `LossHistory`. Only the last record has a ``model``."""

    step: int
    tokens: int
    train_loss: float
    val_loss: float
    model: LanguageModel | None = None


def dropout_everywhere(p: float, generator: torch.Generator) -> Drop:
    """Dropout with the same p in all four places of the network, as `lib.transformer.forward` calls it."""

    def drop(x: Tensor, place: Place, layer: int | None) -> Tensor:
        return apply_dropout(x, p, generator)

    return drop


def corpora(config: LanguageModelConfig, story: Story) -> tuple[Corpus, Corpus]:
    """Training and validation sentences, as numbers."""
    drawn = training_sentences(config, story), validation_sentences(config, story)
    training, validation = (Corpus.of(each, story.word_id, story.eos_id, config.context) for each in drawn)
    return training, validation


class Learner:
    """A model while it learns: its parameters, and everything that decides how they change next.

    Attributes:
        steps: batches learned from so far.
        tokens: words learned from so far, with EOS counted.
        parameters: one flat vector; `step` changes it in place.
    """

    def __init__(self, config: LanguageModelConfig, story: Story) -> None:
        self.config, self.story = config, story
        self.network = config.network(len(story.vocabulary))
        self.training, self.validation = corpora(config, story)
        generator = torch.Generator().manual_seed(config.seed)
        self.drop: Drop = dropout_everywhere(config.p, generator) if config.p > 0 else keep_all
        self.parameters = initial_parameters(self.network, generator)
        self.optimizer = AdamW(self.parameters, config.weight_decay)
        self.batches = self.training.shuffled_batches(config.batch_size, generator)
        # Each batch's loss is divided by the mean number of words in a batch, not by its own: so all words weigh the
        # same.
        self.mean_words = min(config.batch_size, config.n_sentences) * float(self.training.lengths.double().mean())
        self.steps = self.tokens = 0

    @one_fast_thread()
    def step(self) -> None:
        """Learn from one batch."""
        index = next(self.batches)
        with torch.enable_grad():
            moving = self.parameters.requires_grad_()
            w = unflatten(moving, self.network)
            loss = total_loss(w, self.network, self.training, index, self.drop) / self.mean_words
            (gradient,) = torch.autograd.grad(loss, moving)
        self.parameters.requires_grad_(False)
        self.steps += 1
        self.tokens += int(self.training.lengths[index].sum())
        self.optimizer.step(gradient, learning_rate(self.config, self.steps))

    def losses(self) -> tuple[float, float]:
        """The current training and validation loss, as in `LossHistory`."""
        return evaluate(self.parameters, self.network, self.training, self.validation)


@one_fast_thread()
def evaluate(parameters: Tensor, network: Architecture, training: Corpus, validation: Corpus) -> tuple[float, float]:
    """Training and validation loss as in `LossHistory`."""
    w = unflatten(parameters, network)
    return mean_loss(w, network, training.first(EVALUATED)), mean_loss(w, network, validation)


def train_language_model(config: LanguageModelConfig, story: Story | None = None) -> Iterator[Progress]:
    """Train a model, record by record. Nothing is computed ahead: to stop the training, stop iterating.

    Args:
        config: decides everything about the run.
        story: what to learn from; by default the storybook of ``config.language``.

    Yields:
        `Progress` before the first step, every ``config.record_every`` steps, and, with the model, after the last one.

    >>> config = LanguageModelConfig(p=0.3, n_sentences=20, steps=4, record_every=2, width=8, heads=2)
    >>> records = list(train_language_model(config))
    >>> [record.step for record in records]
    [0, 2, 4]
    >>> records[-1].model.next_logits(["the"]).shape == (len(load_story().vocabulary),)
    True
    """
    learner = Learner(config, story or load_story(config.language))
    history = LossHistory([], [], [], [])
    while True:
        if learner.steps % config.record_every == 0 or learner.steps == config.steps:
            record = learner.steps, learner.tokens, *learner.losses()
            for column, value in zip(vars(history).values(), record, strict=True):
                column.append(value)
            if learner.steps == config.steps:
                break
            yield Progress(*record)
        learner.step()
    yield Progress(*record, LanguageModel(config, learner.story, learner.parameters, history))


_RATES = {"small": (0.0, 0.1, 0.2, 0.3, 0.5), "large": (0.0, 0.3)}
CHECKPOINTS = [  # language, p, corpus
    (language, p, corpus) for language in story_languages() for corpus, rates in _RATES.items() for p in rates
]


def checkpoint_config(language: str, p: float, corpus: str) -> LanguageModelConfig:
    """How a checkpoint was trained.

    >>> checkpoint_config("en", 0.3, "large").n_sentences
    20000
    """
    return LanguageModelConfig(language=language, p=p, n_sentences=CORPORA[corpus])


def checkpoint_path(language: str, p: float, corpus: str) -> Path:
    """Return the file of a checkpoint.

    >>> checkpoint_path("en", 0.3, "large").name
    'storybook_en_large_p30.npz'
    """
    return DATA / f"storybook_{language}_{corpus}_p{100 * p:02g}.npz"


def load_model(language: str = "en", p: float = 0.0, corpus: str = "small") -> LanguageModel:
    """Load a trained model from ``data/``. The same arguments give the same object.

    Args:
        language: which storybook.
        p: the dropout rate in its training: 0, 0.1, 0.2, 0.3 or 0.5; with the large corpus, 0 or 0.3.
        corpus: "small" (2,000 sentences; without dropout they are memorised) or "large" (20,000).

    Raises:
        CheckpointError: there is none, or it was trained on a different grammar from the present one.

    >>> load_model(p=0.3, corpus="large").config.n_sentences
    20000
    >>> load_model() is load_model("en", 0.0)
    True
    """
    return _loaded(language, p, corpus)


@functools.lru_cache(maxsize=16)  # those of two languages; 0.9 MB each, 1.3 with its sentences
def _loaded(language: str, p: float, corpus: str) -> LanguageModel:
    return LanguageModel.load(checkpoint_path(language, p, corpus), load_story(language))
