"""One run for the paper's figures on MNIST: train networks side by side, and measure what the figures show.

`lib.studies.paper_mnist` says what the figures are and reads the results. The dice, the networks and the order of the
data are those of the rest: `lib.network.Ensemble`, `lib.fast_masks`, `lib.training.batches`. Two things are the
paper's:

- **The optimiser** is stochastic gradient descent with momentum: v <- 0.9 v + gradient, w <- w - rate * v. The rate
  falls from 0.1 to 0 along a straight line.
- **Max-norm**: after each step, the weights into a unit are scaled down to the length c if they are longer.

The paper multiplies weights by 1 - p after training, we divide activations by 1 - p while training (`lib.dropout`). So
weights behind a layer with dropout are 1 - p times as long here, and so is their c.

Shapes in the comments: A arms, H units of a layer, H' of the next one, N points, C = 10 classes.
"""

import time
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from lib.fast_masks import MaskRoller, apply_dropout
from lib.mnist import Mnist
from lib.network import Ensemble, encode_targets, probabilities
from lib.studies.digits_trial import histogram
from lib.studies.paper_mnist import BATCH, Trial, Value
from lib.threads import one_fast_thread
from lib.training import batches

LEARNING_RATE: Final = 0.1
MOMENTUM: Final = 0.9
SHOWN_PASSES: Final = (1, 2, 5, 10, 20, 50, 100)  # of Figure 11
DRAWN: Final = 1_000  # test digits whose activations Figure 8 counts


class PaperRun:
    """A trial in progress on `data`; `values` grows as it trains.

    The n training digits are the first of a shuffle that depends on the seed alone, so that larger sets contain the
    smaller ones. All arms start from the same weights and see the same batches and random numbers.

    >>> grey = np.zeros((20, 28, 28), dtype=np.uint8)
    >>> data = Mnist(grey, np.zeros(20, dtype=np.uint8), grey, np.zeros(20, dtype=np.uint8))
    >>> run = PaperRun(Trial("4", (8,), 20, ((0.0, 0.0), (0.5, 2.0)), steps=30, seed=0), data)
    >>> run.train()
    >>> [(value.p, value.quantity, value.value) for value in run.values[-2:]]
    [(0.0, 'train_error', 0.0), (0.5, 'train_error', 0.0)]
    """

    def __init__(self, trial: Trial, data: Mnist) -> None:
        self.trial, self.values, self.seconds = trial, list[Value](), 0.0
        order, weights, masks, for_batches = np.random.default_rng([trial.seed, 4]).spawn(4)
        rows = order.permutation(len(data.train_images))[: trial.n]
        self._x, self._classes = _pixels(data.train_images[rows]), torch.tensor(data.train_classes[rows]).long()
        self._test_x, self._test_classes = _pixels(data.test_images), torch.tensor(data.test_classes).long()
        self._targets = encode_targets(self._classes, 10)  # (N, C)
        self.sizes = (self._x.shape[1], *trial.hidden, 10)
        self._batch = min(BATCH, trial.n)
        self._batches = batches(trial.n, self._batch, [for_batches])
        self.ensemble = Ensemble(self.sizes, arms=len(trial.arms), batch_size=self._batch, generators=[weights])
        rates = [p for p, _c in trial.arms]
        inputs = [trial.input_rate if p > 0 else 0.0 for p in rates]
        self._roller = MaskRoller(
            self.sizes[:-1], [inputs, *[rates] * len(trial.hidden)], batch_size=self._batch, generators=[masks]
        )
        self._velocity = torch.zeros_like(self.ensemble.parameters)

    def train(self) -> None:
        """Take all steps, and measure the test error after each epoch; at the end, the training error too."""
        epoch = max(1, self.trial.n // self._batch)
        every = epoch if self.trial.figure == "4" else self.trial.steps  # Figure 4 is a curve
        started = time.process_time()
        with one_fast_thread():
            for step in range(1, self.trial.steps + 1):
                self._take_step(LEARNING_RATE * (1 - (step - 1) / self.trial.steps))
                if step % every == 0 or step == self.trial.steps:
                    self.seconds = (time.process_time() - started) / len(self.trial.arms)
                    self._measure(step, "test_error", self._test_x, self._test_classes)
            self._measure(self.trial.steps, "train_error", self._x, self._classes)

    def _take_step(self, rate: float) -> None:
        rows = next(self._batches)
        masks = self._roller.roll()
        logits = self.ensemble.forward(self._x[rows].unsqueeze(0), masks)  # (A, 1, B, C)
        d_logits = (probabilities(logits) - self._targets[rows]) / self._batch  # of the mean loss over the batch
        self.ensemble.backward(d_logits, masks)
        self._velocity.mul_(MOMENTUM).add_(self.ensemble.gradients)
        self.ensemble.parameters.sub_(self._velocity, alpha=rate)
        for arm, (p, c) in enumerate(self.trial.arms):
            if c > 0:
                for layer, weight in enumerate(self.ensemble.weights):
                    dropped = p if layer > 0 else self.trial.input_rate * (p > 0)
                    weight[arm].renorm_(2, 1, c * (1 - dropped))  # (H, H'): each column leads into one unit

    def _measure(self, step: int, quantity: str, x: Tensor, classes: Tensor) -> None:
        for arm in range(len(self.trial.arms)):
            wrong = (self._likeliest(arm, x) != classes).float().mean()
            self.add(arm, quantity, float(wrong), step=step)

    def _likeliest(self, arm: int, x: Tensor) -> Tensor:
        """The likeliest class (N,) of each point x (N, D), with dropout off."""
        return torch.cat([self._forward(arm, part).argmax(-1) for part in torch.split(x, 10_000)])

    def _forward(self, arm: int, x: Tensor, p: float = 0.0, generator: Generator | None = None) -> Tensor:
        """Logits (N, C) of one network for x (N, D): with dropout if there is a generator, else without."""
        h = x
        for layer, (weight, bias) in enumerate(zip(self.ensemble.weights, self.ensemble.biases, strict=True)):
            if layer > 0:
                h = h.relu_()
            if generator:
                h = apply_dropout(h, p if layer > 0 else self.trial.input_rate, generator)
            h = torch.addmm(bias[arm], h, weight[arm])  # (N, H) @ (H, H') -> (N, H')
        return h

    def measure_activations(self, arm: int) -> None:
        """Figure 8: what the first hidden layer does for test digits, with dropout off."""
        started = time.process_time()
        weight, bias = self.ensemble.weights[0][arm], self.ensemble.biases[0][arm]
        h = torch.addmm(bias, self._test_x[:DRAWN], weight).relu_().numpy()  # (N, H)
        shares = {f"bin{i}": share for i, share in enumerate(histogram(h))}
        self.seconds = time.process_time() - started
        for quantity, value in {"silent": float((h == 0).mean()), "mean": float(h.mean()), **shares}.items():
            self.add(arm, quantity, value, figure="8")

    def measure_averages(self, arm: int) -> None:
        """Figure 11: the test error of the mean of k masked passes, for several k, and with dropout off (0 passes).

        All passes are drawn once; for small k, the error is the mean over as many separate groups of k as there are.
        """
        started = time.process_time()
        p, _c = self.trial.arms[arm]
        generator = Generator().manual_seed(self.trial.seed)
        sums = {k: torch.zeros(len(self._test_x), 10) for k in SHOWN_PASSES}
        errors: dict[int, list[float]] = {k: [] for k in SHOWN_PASSES}
        with one_fast_thread():
            for number in range(1, SHOWN_PASSES[-1] + 1):
                one = probabilities(self._forward(arm, self._test_x, p, generator))  # (N, C)
                for k in SHOWN_PASSES:
                    sums[k] += one
                    if number % k == 0:
                        errors[k].append(float((sums[k].argmax(-1) != self._test_classes).float().mean()))
                        sums[k].zero_()
            off = float((self._likeliest(arm, self._test_x) != self._test_classes).float().mean())
        self.seconds = time.process_time() - started
        for k, found in {0: [off], **errors}.items():
            self.add(arm, "test_error", sum(found) / len(found), figure="11", passes=k)

    def add(self, arm: int, quantity: str, value: float, *, figure: str = "", step: int = 0, passes: int = 0) -> None:
        """Note a measured number."""
        trial, (p, c) = self.trial, self.trial.arms[arm]
        self.values.append(
            Value(
                figure or trial.figure,
                trial.layers,
                trial.n,
                p,
                c,
                trial.seed,
                step or trial.steps,
                passes,
                quantity,
                value,
                self.seconds,
            )
        )


def _pixels(images: NDArray[np.uint8]) -> Tensor:
    """Grey values from 0 to 1, row by row: (N, 28, 28) bytes -> (N, 784)."""
    return torch.from_numpy(images.reshape(len(images), -1).astype(np.float32) / 255)
