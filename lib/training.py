"""One training run: `TrainingConfig` in, `History` out, step by step or all at once.

A run trains the same small network with every dropout rate in `rates` (the arms), several times for each (the members),
on one data set. The arms of a run share the following, so that dropout is the only difference between them:

- **the data**: one data set, drawn from `seed`, for all networks of the run. The points on screen are those that every
  curve was trained on. Another `seed` gives other data, other first weights, other batches and other masks.
- **the first weights and the order of the data**: member e starts from the same weights and sees the same batches in
  every arm. Different members start differently and see different batches.
- **the random numbers of the masks**: see `lib.fast_masks.MaskRoller`.

A member's networks depend on `seed` and the member's number, not on how many members or other arms there are.

From the config to a curve:

1. `TrainingConfig` holds the checked settings.
2. `Trainer` draws the data and the first weights, and takes the steps: a batch, its masks, a forward pass, the
   derivative of the loss, a backward pass, a step of the optimiser (`Trainer._take_step`).
3. At regular intervals a `_Recorder` runs all networks with dropout off and adds a point to its arrays.
4. `History` is what has been recorded so far: `history.step` (T,) and `history.val_loss` (T, A, E) are the curves of A
   arms with E members each. Training can continue in a background thread while other threads read it.

>>> history = train(TrainingConfig(hidden=(8,), members=2, steps=20, recordings=2))
>>> history.step, history.val_loss.shape  # 3 recorded points, 2 arms, 2 members
(array([ 0, 10, 20]), (3, 2, 2))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from lib.adamw import AdamW
from lib.datasets import DATASETS, MAX_LABEL_NOISE, MAX_NOISE, Dataset, make_dataset, train_bounds
from lib.fast_masks import MaskRoller
from lib.network import Ensemble, cross_entropy, encode_targets, probabilities
from lib.settings import InvalidSetting, is_real, is_whole, one_of, real_number, whole_number
from lib.tables import Table
from lib.threads import one_fast_thread

MAP_SIZE: Final = 48  # decision maps have this many rows and columns
MAP_MARGIN: Final = 0.1  # and reach beyond the training points by this share of their extent

# How many training and validation points are evaluated for one recorded point of the curves. For points in the plane,
# networks are small and a thousand points cost little. On digits and wide tables, evaluating everything a hundred times
# would take half as long as training; 300 validation points are enough to distinguish 5% errors from 10%. Both sets are
# shuffled, so the first points are a fair sample, and they are the same at every step and for every network.
LOOKED_AT_IN_PLANE: Final = (1_000, 1_000)
LOOKED_AT: Final = (100, 300)

MOST_LAYERS: Final = 6  # hidden layers
MOST_UNITS: Final = 1_024
MOST_ARMS: Final = 8
MOST_MEMBERS: Final = 64
MOST_BATCH: Final = 1_024
MOST_STEPS: Final = 100_000
MOST_RECORDINGS: Final = 1_000
MOST_NUMBERS: Final = 10_000_000  # weights and activations of all networks together: about 200 MB with the optimiser


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a run: the same config always gives the same `History`.

    Args:
        dataset: "moons", "circles", "spirals", "digits", "mnist" or "csv".
        n_train: number of training points.
        noise: standard deviation of the noise around the toys' curves, in the units of the plane.
        label_noise: share of labels that are replaced by a wrong one.
        hidden: number of ReLU units in each hidden layer.
        rates: the dropout rate (the probability of dropping) of the hidden layers, one for each arm.
        input_rate: the dropout rate of the input, in the arms whose rate is above 0. An arm at 0 has no dropout at all.
        members: how many networks each arm trains.
        batch_size: points in a step; a batch never has more points than there are training points.
        learning_rate: Adam's step size.
        weight_decay: decoupled, as in AdamW: each step reduces every parameter by the share
            learning_rate * weight_decay.
        steps: how many steps to train.
        seed: for data, first weights, batches and masks.
        table: the data for "csv".
        recordings: how many points are recorded, evenly spaced, in addition to the untrained start.

    Raises:
        InvalidSetting: (a ValueError) a setting is out of its range; it names the setting.

    >>> TrainingConfig(rates=(0.0, 1.5))
    Traceback (most recent call last):
    lib.settings.InvalidSetting: rates must be a tuple of 1 to 8 numbers from 0 to 1, but is (0.0, 1.5)
    """

    dataset: str = "moons"
    n_train: int = 100
    noise: float = 0.25
    label_noise: float = 0.1
    hidden: tuple[int, ...] = (64, 64)
    rates: tuple[float, ...] = (0.0, 0.5)
    input_rate: float = 0.0
    members: int = 8
    batch_size: int = 32
    learning_rate: float = 0.005
    weight_decay: float = 0.0
    steps: int = 2000
    seed: int = 0
    table: Table | None = None
    recordings: int = 100

    def __post_init__(self) -> None:
        """Check every setting, and turn lists and NumPy's numbers into tuples and Python's numbers, which hash."""
        one_of("dataset", self.dataset, DATASETS)
        if self.dataset == "csv" and self.table is None:
            raise InvalidSetting("table", None, "given for the data set csv")
        fewest, most = train_bounds(self.dataset, self.table)
        if not (is_whole(self.n_train) and fewest <= self.n_train <= most):
            accepted = f"a whole number from {fewest:,} to {most:,} for {self.dataset}"
            raise InvalidSetting("n_train", self.n_train, accepted)
        if not (_short(self.hidden, MOST_LAYERS) and all(is_whole(n) and 1 <= n <= MOST_UNITS for n in self.hidden)):
            accepted = f"a tuple of 1 to {MOST_LAYERS} whole numbers from 1 to {MOST_UNITS:,}"
            raise InvalidSetting("hidden", self.hidden, accepted)
        if not (_short(self.rates, MOST_ARMS) and all(is_real(p) and 0 <= p <= 1 for p in self.rates)):
            raise InvalidSetting("rates", self.rates, f"a tuple of 1 to {MOST_ARMS} numbers from 0 to 1")
        checked = {
            "n_train": int(self.n_train),
            "noise": real_number("noise", self.noise, 0, MAX_NOISE),
            "label_noise": real_number("label_noise", self.label_noise, 0, MAX_LABEL_NOISE),
            "hidden": tuple(int(units) for units in self.hidden),
            "rates": tuple(float(rate) for rate in self.rates),
            "input_rate": real_number("input_rate", self.input_rate, 0, 1),
            "members": whole_number("members", self.members, 1, MOST_MEMBERS),
            "batch_size": whole_number("batch_size", self.batch_size, 1, MOST_BATCH),
            "learning_rate": real_number("learning_rate", self.learning_rate, 1e-6, 1),
            "weight_decay": real_number("weight_decay", self.weight_decay, 0, 10),
            "steps": whole_number("steps", self.steps, 1, MOST_STEPS),
            "seed": whole_number("seed", self.seed, 0, 2**32 - 1),
            "recordings": whole_number("recordings", self.recordings, 1, MOST_RECORDINGS),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        weights = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(self.sizes))
        activations = min(self.batch_size, self.n_train) * sum(self.sizes)
        if len(self.rates) * self.members * (weights + activations) > MOST_NUMBERS:
            few = f"so few units that all networks together have at most {MOST_NUMBERS:,} weights and activations"
            raise InvalidSetting("hidden", self.hidden, few)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of units in each layer: input, hidden layers, and output (1 for two classes, else one per class).

        >>> TrainingConfig().sizes, TrainingConfig("digits").sizes
        ((2, 64, 64, 1), (64, 64, 64, 10))
        """
        inputs, classes = 2, 2
        if self.dataset in ("digits", "mnist"):
            inputs, classes = 64 if self.dataset == "digits" else 28 * 28, 10
        elif self.dataset == "csv" and self.table is not None:
            inputs, classes = len(self.table.features), len(self.table.classes)
        return inputs, *self.hidden, 1 if classes == 2 else classes


def _short(values: object, longest: int) -> bool:
    """Whether this is a tuple, or can be made into one, of 1 to `longest` entries."""
    return isinstance(values, (tuple, list, np.ndarray)) and 1 <= len(values) <= longest


@dataclass(frozen=True, eq=False)
class History:
    """What has been recorded of a run, at T points: losses in nats and accuracies as fractions, with dropout off.

    A history never changes, so any thread may read it while training continues; later, `Trainer.history` gives a longer
    one.

    Attributes:
        config: the settings of the run.
        dataset: what the networks learn from.
        looked_at: how many training and validation points each recorded point is measured on, the first of each.
        step: (T,) after how many steps each point was recorded; the first is 0, the untrained networks.
        train_loss, val_loss, train_accuracy, val_accuracy: (T, A, E), means over the `looked_at` points.
        train_loss_dropout: (T, A, E) the training loss as the optimiser sees it, with dropout on: the mean over all
            batches since the last recorded point; NaN at step 0, before the first batch.
        maps: (T, A, S, S) uint8 for data with two features, else None: the output of the first member of each arm on a
            grid over the plane. 0 is the first class and 255 the last. With two classes it is 255 times the probability
            of class 1; with more it is the likeliest class c as 255 * c / (C - 1), rounded. `maps[t, a, 0]` is the
            bottom row, `maps[t, a, :, 0]` the left column.
        map_extent: (left, right, bottom, top), the coordinates of the outermost grid points, or None.
        predictions: (T, A, M) uint16 for other data, else None: the class that the first member of each arm gives to
            each of the first M = `looked_at[1]` validation points.
    """

    config: TrainingConfig
    dataset: Dataset
    looked_at: tuple[int, int]
    step: NDArray[np.int64]
    train_loss: NDArray[np.float64]
    val_loss: NDArray[np.float64]
    train_accuracy: NDArray[np.float64]
    val_accuracy: NDArray[np.float64]
    train_loss_dropout: NDArray[np.float64]
    maps: NDArray[np.uint8] | None
    map_extent: tuple[float, float, float, float] | None
    predictions: NDArray[np.uint16] | None

    @property
    def loss_floor(self) -> float | None:
        """The lowest loss (nats) any model can expect on new points, or None where nobody knows it."""
        return self.dataset.floor.loss if self.dataset.floor else None

    @property
    def accuracy_ceiling(self) -> float | None:
        """The highest accuracy any model can expect on new points, or None where nobody knows it."""
        return self.dataset.floor.accuracy if self.dataset.floor else None

    @property
    def validation_predictions(self) -> NDArray[np.uint16] | None:
        """(A, M) `predictions` at the last recorded point, the classes of `dataset.val_x[:M]`; None for 2-D data."""
        return None if self.predictions is None else self.predictions[-1]

    def _first(self, count: int) -> History:
        """Return the first `count` recorded points of this history; the arrays are read-only views."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                values[name] = value[:count]
                values[name].flags.writeable = False
        return History(**values)


def draw_dataset(config: TrainingConfig) -> Dataset:
    """Draw the data that a run of this config learns from.

    >>> draw_dataset(TrainingConfig(n_train=50)).train_x.shape
    (50, 2)
    """
    return make_dataset(
        config.dataset,
        n_train=config.n_train,
        noise=config.noise,
        label_noise=config.label_noise,
        seed=config.seed,
        table=config.table,
    )


def train(config: TrainingConfig) -> History:
    """Train from start to end and return the history; the same config always gives the same one."""
    trainer = Trainer(config)
    trainer.advance(config.steps)
    return trainer.history


class Trainer:
    """A run in progress. One thread calls `advance`; any other may read `history`, `step` and `done`.

    The result does not depend on how the steps are split into calls of `advance`. A finished run keeps its history and
    its networks, and frees everything that was only needed for training, which is most of its memory.

    >>> trainer = Trainer(TrainingConfig(hidden=(8,), members=2, steps=20, recordings=2))
    >>> trainer.advance(15)
    >>> trainer.step, trainer.done, trainer.history.step
    (15, False, array([ 0, 10]))
    """

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self.step = 0
        self.steps = config.steps
        data = draw_dataset(config)
        # Each member has its own generator for each purpose, so that its random numbers do not depend on how many
        # members or arms there are.
        streams = [np.random.SeedSequence([config.seed, member]).spawn(3) for member in range(config.members)]
        for_weights = [np.random.default_rng(stream[0]) for stream in streams]
        for_batches = [np.random.default_rng(stream[1]) for stream in streams]
        self._for_masks = [np.random.default_rng(stream[2]) for stream in streams]

        sizes = config.sizes
        batch_size = min(config.batch_size, config.n_train)
        self._train_x = torch.from_numpy(data.train_x)  # (n, D)
        self._targets = encode_targets(torch.from_numpy(data.train_y), sizes[-1])  # (n, C)
        self._batches = batches(config.n_train, batch_size, for_batches)
        self._x = torch.empty(config.members, batch_size, sizes[0])  # (E, B, D), the batch of the step
        self._y = torch.empty(config.members, batch_size, sizes[-1])  # (E, B, C)
        self._ensemble = Ensemble(sizes, arms=len(config.rates), batch_size=batch_size, generators=for_weights)
        self.set_rates(config.rates)
        self._optimizer = AdamW(self._ensemble.parameters, config.weight_decay)
        self._recorder = _Recorder(config, data, self._ensemble, batch_size)
        with one_fast_thread():
            self._recorder.record()

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.step == self.steps

    @property
    def history(self) -> History:
        """What has been recorded so far; the last point is there once `done` is true."""
        return self._recorder.history

    def advance(self, steps: int) -> None:
        """Take the next `steps` steps, or as many as are left, and record on the way."""
        if steps < 0:
            raise ValueError(f"steps must be 0 or more, got {steps}")
        left = min(steps, self.steps - self.step)
        with one_fast_thread():
            for _ in range(left):
                self._take_step()
        if left and self.done:
            self._ensemble.forget_training()
            self._recorder.forget_training()
            del self._optimizer, self._roller, self._batches, self._train_x, self._targets, self._x, self._y

    def forget_networks(self) -> None:
        """Keep only the history of a finished run. `layers` and `probabilities` no longer work.

        >>> trainer = Trainer(TrainingConfig(hidden=(8,), members=2, steps=20, recordings=2))
        >>> trainer.advance(20)
        >>> trainer.forget_networks()
        >>> trainer.history.step
        array([ 0, 10, 20])
        """
        if not self.done:
            raise ValueError(f"a run can forget its networks when it is done, not at step {self.step} of {self.steps}")
        vars(self).pop("_ensemble", None)  # calling this twice does no harm

    def set_rates(self, rates: Sequence[float]) -> None:
        """Change the rates from the next step on, one for each arm, as the schedules of `lib.studies` do.

        >>> trainer = Trainer(TrainingConfig(hidden=(8,), rates=(0.5,), members=2, steps=20))
        >>> trainer.advance(10)
        >>> trainer.set_rates([0.0])
        """
        if len(rates) != len(self.config.rates) or not all(is_real(rate) and 0 <= rate <= 1 for rate in rates):
            raise InvalidSetting("rates", rates, f"{len(self.config.rates)} numbers from 0 to 1")
        input_rates = [self.config.input_rate if rate > 0 else 0.0 for rate in rates]
        hidden_rates = [tuple(rates)] * len(self.config.hidden)
        self._roller = MaskRoller(
            self._ensemble.sizes[:-1],
            [input_rates, *hidden_rates],
            batch_size=self._ensemble.batch_size,
            generators=self._for_masks,
        )

    def layers(self, arm: int, member: int) -> list[tuple[Tensor, Tensor]]:
        """Copies of the present weights (fan in, fan out) and biases (fan out,) of one network, layer by layer.

        >>> trainer = Trainer(TrainingConfig(hidden=(8,), members=2, steps=20))
        >>> [tuple(weight.shape) for weight, _bias in trainer.layers(0, 1)]
        [(2, 8), (8, 1)]
        """
        network = arm * self.config.members + member
        pairs = zip(self._ensemble.weights, self._ensemble.biases, strict=True)
        return [(weight[network].clone(), bias[network, 0].clone()) for weight, bias in pairs]

    def _take_step(self) -> None:
        rows = next(self._batches)  # (E * B,)
        torch.index_select(self._train_x, 0, rows, out=self._x.view(len(rows), -1))  # (E * B, D)
        torch.index_select(self._targets, 0, rows, out=self._y.view(len(rows), -1))  # (E * B, C)
        masks = self._roller.roll()  # masks[layer][arm], (E, B, H) each
        logits = self._ensemble.forward(self._x, masks)  # (A, E, B, C)
        self._recorder.see(logits, self._y)
        d_logits = probabilities(logits).sub_(self._y).mul_(1 / self._x.shape[1])  # of the mean loss over the batch
        self._ensemble.backward(d_logits, masks)
        self._optimizer.step(self._ensemble.gradients, self.config.learning_rate)
        # Record before counting the step, so that whoever sees `done` finds the last point in the history.
        if self.step + 1 == self._recorder.next_step:
            self._recorder.record()
        self.step += 1

    def probabilities(self, points: ArrayLike) -> NDArray[np.float32]:
        """Return every network's present class probabilities for points (N, D), with dropout off: (A, E, N, C).

        Call it from the thread that calls `advance`, or when `done`; otherwise the weights may be in mid-step.

        Raises:
            ValueError: the points do not have as many features as the data set.
        """
        x = np.asarray(points, dtype=np.float32)
        inputs = self.config.sizes[0]
        if x.ndim != 2 or x.shape[1] != inputs:
            raise ValueError(f"points must have the shape (N, {inputs}), got {x.shape}")
        with one_fast_thread():
            p = probabilities(self._ensemble.logits(torch.tensor(x)))  # (A, E, N, 1 or C)
            if p.shape[-1] == 1:
                p = torch.cat([1 - p, p], dim=-1)
        result: NDArray[np.float32] = p.numpy()
        return result


def batches(n: int, batch_size: int, generators: Sequence[np.random.Generator]) -> Iterator[Tensor]:
    """Yield the row numbers of one training step after another, without end: (E * B,), B for each of the E generators.

    Each member goes through its own shuffle of all n points, then through the next shuffle, so that every point is seen
    equally often. A batch may start in one shuffle and end in the next.

    >>> for_one = batches(4, 3, [np.random.default_rng(0)])
    >>> sorted(torch.cat([next(for_one) for _ in range(4)]).tolist())
    [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    """
    together = np.tile(np.arange(n), (max(1, 2048 // n), 1))  # if n is small, several shuffles in one call
    left = np.empty((len(generators), 0), dtype=np.int64)
    while True:
        shuffled = np.stack([generator.permuted(together, axis=1).ravel() for generator in generators])
        order = np.concatenate([left, shuffled], axis=1)
        count = order.shape[1] // batch_size
        rows, left = order[:, : count * batch_size], order[:, count * batch_size :]
        by_step = rows.reshape(len(generators), count, batch_size).swapaxes(0, 1)  # (steps, E, B)
        yield from torch.from_numpy(by_step.reshape(count, -1)).unbind()


class _Recorder:
    """Evaluates the networks at the steps to be recorded.

    The arrays are allocated at the start and filled row by row. A row is published by counting it once it is filled,
    and never written again: that is all it takes for other threads to read safely.
    """

    def __init__(self, config: TrainingConfig, data: Dataset, ensemble: Ensemble, batch_size: int) -> None:
        self._ensemble = ensemble
        in_plane = data.train_x.shape[1] == 2
        most_train, most_val = LOOKED_AT_IN_PLANE if in_plane else LOOKED_AT
        looked_at = min(most_train, len(data.train_x)), min(most_val, len(data.val_x))
        outputs = ensemble.sizes[-1]
        self._n_train = looked_at[0]
        self._points = torch.from_numpy(np.concatenate([data.train_x[: looked_at[0]], data.val_x[: looked_at[1]]]))
        classes = np.concatenate([data.train_y[: looked_at[0]], data.val_y[: looked_at[1]]])
        self._classes = torch.from_numpy(classes)
        self._targets = encode_targets(self._classes, outputs)

        T, A, E = min(config.recordings, config.steps) + 1, ensemble.arms, ensemble.members
        extent = plane_extent(data.train_x) if in_plane else None
        self._grid = None if extent is None else torch.from_numpy(grid(extent))
        self._full = History(
            config=config,
            dataset=data,
            looked_at=looked_at,
            step=np.round(np.linspace(0, config.steps, T)).astype(np.int64),
            train_loss=np.empty((T, A, E)),
            val_loss=np.empty((T, A, E)),
            train_accuracy=np.empty((T, A, E)),
            val_accuracy=np.empty((T, A, E)),
            train_loss_dropout=np.empty((T, A, E)),
            maps=np.empty((T, A, MAP_SIZE, MAP_SIZE), dtype=np.uint8) if in_plane else None,
            map_extent=extent,
            predictions=None if in_plane else np.empty((T, A, looked_at[1]), dtype=np.uint16),
        )
        self._count = 0
        self.next_step = 0

        # The logits of the last steps: computing their losses together costs less than one by one.
        together = min(32, max(1, 2**20 // (A * E * batch_size * outputs)))
        self._seen_logits = torch.empty(together, A, E, batch_size, outputs)
        self._seen_targets = torch.empty(together, 1, E, batch_size, outputs)
        self._seen = 0
        self._steps_since = 0
        self._loss_since = torch.zeros(A, E, dtype=torch.float64)

    @property
    def history(self) -> History:
        """The rows published so far."""
        return self._full._first(self._count)

    def see(self, logits: Tensor, targets: Tensor) -> None:
        """Take note of a training step: logits (A, E, B, C) with dropout on, and targets (E, B, C)."""
        self._seen_logits[self._seen].copy_(logits)
        self._seen_targets[self._seen].copy_(targets)
        self._seen += 1
        if self._seen == len(self._seen_logits):
            self._add_up()

    def forget_training(self) -> None:
        """Free everything but the recorded rows; nothing more can be recorded."""
        del self._ensemble, self._points, self._classes, self._targets, self._grid
        del self._seen_logits, self._seen_targets, self._loss_since

    def _add_up(self) -> None:
        losses = cross_entropy(self._seen_logits[: self._seen], self._seen_targets[: self._seen])  # (steps, A, E, B)
        self._loss_since += losses.mean(-1).sum(0)
        self._steps_since += self._seen
        self._seen = 0

    def record(self) -> None:
        """Fill the next row from the networks as they are now, and publish it."""
        row, full = self._count, self._full
        logits = self._ensemble.logits(self._points)  # (A, E, points, C)
        losses = cross_entropy(logits, self._targets)  # (A, E, points)
        right = (_likeliest(logits) == self._classes).float()
        n = self._n_train
        full.train_loss[row], full.val_loss[row] = losses[..., :n].mean(-1), losses[..., n:].mean(-1)
        full.train_accuracy[row], full.val_accuracy[row] = right[..., :n].mean(-1), right[..., n:].mean(-1)
        if self._seen:
            self._add_up()
        full.train_loss_dropout[row] = self._loss_since / self._steps_since if self._steps_since else np.nan
        self._loss_since.zero_()
        self._steps_since = 0
        if full.maps is not None and self._grid is not None:
            full.maps[row] = self._draw_maps(self._grid)
        if full.predictions is not None:
            full.predictions[row] = _likeliest(logits[:, 0, n:])
        self._count = row + 1
        self.next_step = int(full.step[row + 1]) if row + 1 < len(full.step) else -1

    def _draw_maps(self, points: Tensor) -> Tensor:
        logits = self._ensemble.logits(points, members=1)[:, 0]  # (A, S * S, C)
        outputs = logits.shape[-1]
        if outputs == 1:
            shades = probabilities(logits).nan_to_num_().mul_(255)
        else:
            shades = _likeliest(logits) * (255 / (outputs - 1))
        return shades.round_().to(torch.uint8).view(-1, MAP_SIZE, MAP_SIZE)


def _likeliest(logits: Tensor) -> Tensor:
    """Return the likeliest class: (..., C) -> (...)."""
    return (logits > 0).squeeze(-1).long() if logits.shape[-1] == 1 else logits.argmax(-1)


def plane_extent(points: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Return (left, right, bottom, top) of the training points with a margin around them."""
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    margin = MAP_MARGIN * np.where(high > low, high - low, 1.0)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return left, right, bottom, top


def grid(extent: tuple[float, float, float, float], size: int = MAP_SIZE) -> NDArray[np.float32]:
    """Return the points (size * size, 2) of a map over the extent (left, right, bottom, top), row by row from the
    bottom.

    >>> grid((0, 1, 0, 2), size=2).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]]
    """
    left, right, bottom, top = extent
    across, up = np.meshgrid(np.linspace(left, right, size), np.linspace(bottom, top, size))
    return np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)
