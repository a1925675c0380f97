"""The small GPT on a text of one's own: the network, the optimiser and the learning rate of `lib.language_model`.

There are no sentences here: a batch is a few windows from anywhere in the training part, each as long as the model can
read. The same config and text give the same model.

Shapes in the comments: B windows, T positions, V tokens in the vocabulary.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lib.adamw import AdamW
from lib.fast_top_k import sample
from lib.language_model import LanguageModelConfig, dropout_everywhere, learning_rate
from lib.own_text import OwnText
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.threads import one_fast_thread
from lib.transformer import forward, initial_parameters, keep_all, unflatten

# Long enough for the two losses to draw apart. Language and sentences, which the config also has, say nothing here.
TRAINING = LanguageModelConfig(steps=600, batch_size=16, learning_rate=6e-3, context=24, record_every=30, width=32)
_EVALUATED = 128  # windows on which a loss is measured


class TextModel:
    """A GPT while it learns from a text, and after.

    Attributes:
        steps: batches learned from so far.
        records: after some of the steps, (step, training loss, validation loss), in nats per token, dropout off.
    """

    def __init__(self, config: LanguageModelConfig, text: OwnText) -> None:
        self.config, self.network = config, config.network(len(text.vocabulary))
        self._training = torch.tensor(text.ids(text.training))
        self._validation = torch.tensor(text.ids(text.validation))
        self._order = torch.Generator().manual_seed(config.seed)  # the same windows with dropout and without
        generator = torch.Generator().manual_seed(config.seed)
        self.parameters = initial_parameters(self.network, generator)
        self._drop = dropout_everywhere(config.p, generator) if config.p else keep_all
        self._optimizer = AdamW(self.parameters, config.weight_decay)
        self.steps = 0
        self.records = [(0, *self.losses())]

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.steps == self.config.steps

    @one_fast_thread()
    def step(self) -> None:
        """Learn from one batch, and record the losses where it is time."""
        starts = torch.randint(
            len(self._training) - self.config.context, (self.config.batch_size,), generator=self._order
        )
        windows = self._windows(self._training, starts)
        with torch.enable_grad():
            moving = self.parameters.requires_grad_()
            w = unflatten(moving, self.network)
            states, _ = forward(w, self.network, windows[:, :-1], self._drop)  # (B, T, C)
            loss = functional.cross_entropy((states @ w["word"].T).flatten(0, 1), windows[:, 1:].flatten())
            (gradient,) = torch.autograd.grad(loss, moving)
        self.parameters.requires_grad_(False)
        self.steps += 1
        self._optimizer.step(gradient, learning_rate(self.config, self.steps))
        if self.steps % self.config.record_every == 0 or self.done:
            self.records.append((self.steps, *self.losses()))

    def forget_text(self) -> None:
        """Let go of the text and the optimiser's moments: a trained model needs neither to speak."""
        self._training = self._validation = torch.zeros(0, dtype=torch.int64)
        self._optimizer = AdamW(torch.zeros(0))

    @one_fast_thread()
    def losses(self) -> tuple[float, float]:
        """The training and the validation loss, each over windows that are evenly spread."""
        return self._loss(self._training), self._loss(self._validation)

    def _loss(self, ids: Tensor) -> float:
        starts = torch.from_numpy(np.unique(np.linspace(0, len(ids) - self.config.context - 1, _EVALUATED, dtype=int)))
        windows, w, total = self._windows(ids, starts), unflatten(self.parameters, self.network), 0.0
        with torch.no_grad():
            for some in torch.split(windows, 16):  # all at once, 2,000 scores for each token would take 70 MB
                states, _ = forward(w, self.network, some[:, :-1])
                logits = states @ w["word"].T  # (B, T, V)
                loss = functional.cross_entropy(logits.flatten(0, 1), some[:, 1:].flatten(), reduction="sum")
                total += float(loss)
        return total / windows[:, 1:].numel()

    def _windows(self, ids: Tensor, starts: Tensor) -> Tensor:
        """The windows that begin at these places, with one token more than the model reads: (B, T + 1)."""
        return ids[starts[:, None] + torch.arange(self.config.context + 1)]

    @one_fast_thread()
    def generate(self, n: int, seed: int, prompt: list[int], settings: SamplingSettings = UNCUT) -> list[int]:
        """Say ``n`` tokens after the prompt, which is not among them. The model sees the last tokens only."""
        rng, ids, w = np.random.default_rng(seed), list(prompt), unflatten(self.parameters, self.network)
        with torch.no_grad():
            for _ in range(n):
                read = torch.tensor([ids[-self.config.context :]])
                states, _ = forward(w, self.network, read)  # (1, T, C)
                ids.append(int(sample((states[0, -1:] @ w["word"].T).numpy(), rng, settings)[0]))
        return ids[len(prompt) :]


class PairJob:
    """Two models that differ in dropout and in nothing else: they learn in turns, as one background run."""

    def __init__(self, text: OwnText, p: float, seed: int, training: LanguageModelConfig = TRAINING) -> None:
        self.models = tuple(TextModel(replace(training, p=rate, seed=seed), text) for rate in (0.0, p))
        self.step, self.steps = 0, 2 * training.steps

    def save(self, path: Path) -> None:
        """Write both trained models, with parameters in half precision, and what they recorded."""
        path.parent.mkdir(exist_ok=True)
        parameters = np.stack([model.parameters.half().numpy() for model in self.models])
        np.savez_compressed(path, parameters=parameters, records=np.array([model.records for model in self.models]))

    def load(self, path: Path) -> "PairJob":
        """Take over what was saved, in place of training."""
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            parameters = torch.from_numpy(stored["parameters"].astype(np.float32))
            for model, flat, records in zip(self.models, parameters, stored["records"], strict=True):
                if flat.shape != model.parameters.shape or records.shape[1] != 3:
                    raise ValueError("another network")
                model.parameters, model.steps = flat, model.config.steps
                model.records = [(int(step), float(train), float(val)) for step, train, val in records]
                model.forget_text()
        self.step = self.steps
        return self

    @property
    def done(self) -> bool:
        """Both are trained."""
        return self.step == self.steps

    def advance(self) -> None:
        """Five steps of the model that is behind."""
        behind = min(self.models, key=lambda model: model.steps)
        for _ in range(min(5, behind.config.steps - behind.steps)):
            behind.step()
            self.step += 1
        if behind.done:
            behind.forget_text()

    def records(self) -> Iterator[list[tuple[int, float, float]]]:
        """What both have recorded, as far as the one that is behind."""
        count = min(len(model.records) for model in self.models)
        return (model.records[:count] for model in self.models)
