"""One run of the fine-tuning experiment: a real language model, 200 sentences of the storybook, and perhaps dropout.

`lib.studies.fine_tuning` says what the experiment is about and reads the results of all runs. Here a model is anything
that transformers loads as a causal language model; this module itself does without transformers.

A model reads each sentence as text, after the token that ends a text, which is also what it predicts last; so "how does
a sentence begin?" is a question like any other, as in `lib.language_model`.

Shapes in the comments: B sentences, T tokens, C width, V tokens in the vocabulary.
"""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lib.dropout import apply_dropout
from lib.experiment import verdict_on
from lib.fast_top_k import sample
from lib.lora import add_lora
from lib.sampling_settings import SamplingSettings
from lib.story import Place, Story
from lib.studies.fine_tuning import (
    EVALUATED,
    GRAMMAR,
    KS,
    PROMPT_WORDS,
    PROMPTS,
    Copying,
    FineTuningConfig,
    Loss,
    Prompts,
)
from lib.threads import one_fast_thread

MOST_TOKENS = 24  # that are drawn after a prompt; the longest sentence has 14 words
_AT_ONCE = 25  # sentences that are read at once when a loss is measured

Sentence = list[str]
Tokens = list[int]


class Llm:
    """A causal language model of transformers, with its tokenizer.

    The model computes in whatever precision its weights have, and the logits in single precision: in bfloat16 they have
    so few digits that many tokens tie.

    Attributes:
        model: the model.
        end: the token that stands before and after each sentence.
    """

    def __init__(self, model: Any, tokenizer: Any, end: int) -> None:
        self.model, self.end = model, end
        self._tokenizer = tokenizer
        self._head = model.get_output_embeddings().weight.detach().float()  # (V, C)

    def tokens(self, text: str) -> Tokens:
        """The tokens of a text, after the one that ends whatever came before."""
        return [self.end, *self._tokenizer(text, add_special_tokens=False).input_ids]

    def text(self, tokens: Tokens) -> str:
        """The text of some tokens, `end` left out."""
        said: str = self._tokenizer.decode([each for each in tokens if each != self.end])
        return said

    def nats(self, texts: Sequence[Tokens]) -> Tensor:
        """Minus the log-probability of each text (B,): the sum over its tokens after the first."""
        ids = torch.full((len(texts), max(map(len, texts))), self.end)  # (B, T), padded on the right
        for row, text in zip(ids, texts, strict=True):
            row[: len(text)] = torch.tensor(text)
        lengths = torch.tensor([len(text) for text in texts])
        counts = torch.arange(1, ids.shape[1]) < lengths[:, None]  # (B, T - 1)
        states = self.model.base_model(ids[:, :-1]).last_hidden_state  # (B, T - 1, C)
        logits = states[counts].float() @ self._head.T  # (tokens that count, V)
        losses = functional.cross_entropy(logits, ids[:, 1:][counts], reduction="none")
        return torch.zeros(len(texts)).index_add(0, counts.nonzero()[:, 0], losses)

    @torch.inference_mode()
    def go_on(self, prompts: Sequence[Tokens], k: int | None, rng: np.random.Generator) -> list[Tokens]:
        """Each prompt with what the model says after it, up to `end` or to at most `MOST_TOKENS` more."""
        texts = [list(prompt) for prompt in prompts]
        for rows in _of_one_length(prompts):
            going_on, cache, read = rows, None, torch.tensor([texts[row] for row in rows])
            for _step in range(MOST_TOKENS):
                answer = self.model.base_model(read, past_key_values=cache, use_cache=True)
                logits = answer.last_hidden_state[:, -1].float() @ self._head.T  # (B, V)
                drawn = sample(logits.double().numpy(), rng, SamplingSettings(top_k=k))
                for row, token in zip(going_on, drawn.tolist(), strict=True):
                    texts[row].append(token)
                left = np.flatnonzero(drawn != self.end)
                if len(left) == 0:
                    break
                cache, going_on = answer.past_key_values, [going_on[i] for i in left]
                cache.batch_select_indices(torch.from_numpy(left))
                read = torch.from_numpy(drawn[left])[:, None]
        return texts


def _of_one_length(prompts: Sequence[Tokens]) -> Iterator[list[int]]:
    """Indices of prompts of the same length, which can be read at once without padding."""
    for length in sorted(set(map(len, prompts))):
        yield [i for i, prompt in enumerate(prompts) if len(prompt) == length]


def sentences_of(config: FineTuningConfig, story: Story) -> dict[Prompts, list[Sentence]]:
    """The training sentences, and as many fresh ones: both drawn from the storybook, no fresh one a training sentence.

    Runs with the same seed have the same ones, whatever their dropout rate.

    >>> from lib.story import load_story
    >>> drawn = sentences_of(FineTuningConfig(sentences=20), load_story("en"))
    >>> [len(sentences) for sentences in drawn.values()]
    [20, 20]
    """
    n = config.sentences
    trained = story.sample(n, np.random.default_rng([config.seed, 0]))
    others = story.sample(2 * n, np.random.default_rng([config.seed, 1]))
    return {"trained": trained, "fresh": [each for each in others if each not in trained][:n]}


class Trial:
    """A model while it is fine-tuned, epoch by epoch.

    Attributes:
        epoch: how many are done.
        losses: two records after each epoch, and two before the first.
    """

    def __init__(self, llm: Llm, story: Story, config: FineTuningConfig) -> None:
        self._started = time.process_time()
        self._llm, self._story, self.config = llm, story, config
        self._sentences = sentences_of(config, story)
        self._generator = torch.Generator().manual_seed(config.seed)  # of the order in which the sentences are read
        llm.model.requires_grad_(False)
        blocks, generator = llm.model.base_model.layers[-config.blocks :], torch.Generator().manual_seed(config.seed)
        trained = add_lora(
            blocks,
            config.layers,
            rank=config.rank,
            alpha=config.alpha,
            p=config.p if config.place == "lora" else 0.0,
            generator=generator,
        )
        if config.place == "residual":
            add_residual_dropout(blocks, config.p, generator)
            torch.manual_seed(config.seed)  # transformers rolls the attention weights' dropout with PyTorch's own die
        self._optimizer = torch.optim.AdamW(trained, config.learning_rate, weight_decay=0.0)
        steps = config.epochs * math.ceil(config.sentences / config.batch_size)
        self._schedule = torch.optim.lr_scheduler.LinearLR(self._optimizer, 1.0, 0.0, total_iters=steps)
        self.epoch = 0
        self.losses: list[Loss] = []
        self._record()

    @one_fast_thread()
    def advance(self) -> None:
        """Read every training sentence once more, in a new order."""
        sentences = self._sentences["trained"]
        self._llm.model.train()
        order: list[int] = torch.randperm(len(sentences), generator=self._generator).tolist()
        for start in range(0, len(order), self.config.batch_size):
            batch = [sentences[i] for i in order[start : start + self.config.batch_size]]
            self._optimizer.zero_grad()
            torch.autograd.backward(self._nats(batch).sum() / _words(batch))
            self._optimizer.step()
            self._schedule.step()
        self.epoch += 1
        self._record()

    def speak(self) -> list[Copying]:
        """Let the model go on with the beginnings of all sentences, with every cut, and judge what it says."""
        llm, told = self._llm, []
        learned = frozenset(map(tuple, self._sentences["trained"]))
        llm.model.eval()
        for prompts in PROMPTS:
            for k in KS:
                started, rng = time.process_time(), _die(self.config.seed, prompts, k)
                beginnings = [llm.tokens(_beginning(each, self._story)) for each in self._sentences[prompts]]
                with one_fast_thread():
                    texts = [llm.text(each) for each in llm.go_on(beginnings, k, rng)]
                verdicts = [verdict_on(_words_of(text, self._story), self._story, learned) for text in texts]
                told.append(_told((self.config.place, self.config.p), self.config.seed, prompts, k, verdicts, started))
        return told

    @one_fast_thread()
    @torch.inference_mode()
    def _record(self) -> None:
        """Measure both losses, dropout off."""
        self._llm.model.eval()
        for quantity, prompts in (("train_loss", PROMPTS[0]), ("val_loss", PROMPTS[1])):
            sentences = sorted(self._sentences[prompts][:EVALUATED], key=len)  # for little padding
            batches = [sentences[i : i + _AT_ONCE] for i in range(0, len(sentences), _AT_ONCE)]
            value = sum(float(self._nats(batch).sum()) for batch in batches) / _words(sentences)
            seconds = time.process_time() - self._started
            config = self.config
            self.losses.append(Loss(config.place, config.p, config.seed, self.epoch, quantity, value, seconds))

    def _nats(self, sentences: Sequence[Sentence]) -> Tensor:
        end = [self._llm.end]
        return self._llm.nats([self._llm.tokens(self._story.text_of(each)) + end for each in sentences])


def add_residual_dropout(blocks: Iterable[Any], p: float, generator: torch.Generator) -> None:
    """Put dropout into Llama's blocks where GPT-2 has it: on what both halves add, and on the attention weights."""

    def drop(layer: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        return apply_dropout(output, p, generator, layer.training)

    for block in blocks:
        block.self_attn.attention_dropout = p
        for last in (block.self_attn.o_proj, block.mlp.down_proj):
            last.register_forward_hook(drop)


def grammar_speaks(config: FineTuningConfig, story: Story) -> list[Copying]:
    """The same beginnings, with the grammar itself going on: whatever it copies, it copies by chance."""
    sentences, told = sentences_of(config, story), []
    learned = frozenset(map(tuple, sentences["trained"]))
    for prompts in PROMPTS:
        for k in KS:
            started, rng = time.process_time(), _die(config.seed, prompts, k)
            beginnings = [tuple(each[:PROMPT_WORDS]) for each in sentences[prompts]]
            verdicts = [verdict_on(each, story, learned) for each in grammar_goes_on(story, beginnings, k, rng)]
            told.append(_told(GRAMMAR, config.seed, prompts, k, verdicts, started))
    return told


def grammar_goes_on(
    story: Story, prompts: Sequence[Sequence[str]], k: int | None, rng: np.random.Generator
) -> list[Sentence]:
    """Each prompt with what the grammar draws after it, word by word, from its exact distribution cut at k."""
    settings, sentences = SamplingSettings(top_k=k), [list(prompt) for prompt in prompts]
    for sentence in sentences:
        place: Place | None = story.place_after(sentence)
        while place is not None:
            with np.errstate(divide="ignore"):  # log 0 = -inf: an impossible word
                word = int(sample(np.log(story.next_word_at(place))[None], rng, settings)[0])
            if word == story.eos_id:
                place = None
            else:
                sentence.append(story.vocabulary[word])
                place = story.after(place, sentence[-1])
    return sentences


def _die(seed: int, prompts: Prompts, k: int | None) -> np.random.Generator:
    """A generator of its own for each cell; 0 and 1 after the seed are those of the sentences."""
    return np.random.default_rng([seed, 2, PROMPTS.index(prompts), k or 0])


def _told(
    arm: tuple[str, float], seed: int, prompts: Prompts, k: int | None, verdicts: Sequence[str], started: float
) -> Copying:
    n, seconds = len(verdicts), time.process_time() - started
    return Copying(*arm, seed, prompts, k, n, verdicts.count("copied"), n - verdicts.count("impossible"), seconds)


def _beginning(sentence: Sentence, story: Story) -> str:
    """The first words, as the whole sentence is written.

    >>> from lib.story import load_story
    >>> _beginning(["the", "fox", "met", "Anna"], load_story("en"))
    'The fox met'
    """
    return story.text_of(sentence[:PROMPT_WORDS]).removesuffix(story.eos)


def _words_of(text: str, story: Story) -> tuple[str, ...]:
    """The words of a text that is written like a sentence of the storybook; of any other, the text itself.

    >>> from lib.story import load_story
    >>> _words_of("The fox met Anna.", load_story("en")), _words_of("The fox met Anna", load_story("en"))
    (('the', 'fox', 'met', 'Anna'), ('The fox met Anna',))
    """
    words = story.words_of(text)
    return tuple(words) if words and story.text_of(words) == text else (text,)


def _words(sentences: Sequence[Sentence]) -> int:
    """How many words these are, with the end of each counted as one."""
    return sum(len(sentence) + 1 for sentence in sentences)
