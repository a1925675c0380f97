"""A network small enough to draw, and everything that happens in it during forward passes with dropout.

The pictured networks were trained at the size drawn (`scripts/train_pictured_networks.py`, weights in `data/`): digits
of 8 x 8 pixels go through 64-16-16-10 units, those of MNIST with their 28 x 28 pixels through 784-16-16-10, and points
of the two moons through 2-12-12-2, with ReLU in between and a softmax at the end. Dropout acts on the input layer and
on both hidden layers.

`record_passes` sends one input through the network again and again, with a new mask each time, and keeps every number
on the way: the page's picture, table and averages all come from this one record. `monte_carlo_error` does the same for
a whole validation set, to repeat Figure 11 of Srivastava et al. (2014), JMLR 15:1929-1958.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from lib.datasets import Dataset, make_dataset
from lib.dropout import Scaling, apply_mask, dropout_mask, inference_scale, training_scale
from lib.dropout_relatives import number_of_thinned_networks
from lib.settings import InvalidSetting, is_real, whole_number
from lib.threads import one_fast_thread

DATA = Path(__file__).resolve().parents[1] / "data"
# Passes in one tensor. One at a time would take ten times as many calls of PyTorch. Each call releases Python's lock,
# and on a busy server it takes longer to get the lock back than to compute.
_SIDE_BY_SIDE = 10
_MOST_NUMBERS = 6_000_000  # in the largest tensor, unless one pass of all examples has more
PICTURED_DATA = ("digits", "mnist", "moons")
TRAINED_RATES = (0.0, 0.2, 0.5)  # for each data set there is one network for each of these
MAX_PASSES = 1000
MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class PicturedNetwork:
    """A trained multilayer perceptron: linear layers with ReLU between them."""

    data: str
    trained_rate: float  # p of both hidden layers while it was trained; the input layer had none
    weights: tuple[Tensor, ...]  # (units above, units below) each
    biases: tuple[Tensor, ...]  # (units above,) each
    validation_accuracy: float  # measured when it was trained, dropout off

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units in each layer, from the input to the output."""
        return (self.weights[0].shape[1], *(weight.shape[0] for weight in self.weights))


@dataclass(frozen=True)
class Examples:
    """The inputs that a student can choose from: some validation examples, each with its true class."""

    inputs: Tensor  # (examples, features)
    labels: Tensor  # (examples,)


def pictured_data(data: str) -> Dataset:
    """The data that the networks with this name were trained on, with the validation part that they never saw.

    >>> pictured_data("digits").val_x.shape
    (797, 64)
    """
    n_train, noise = {"digits": (1_000, 0.0), "mnist": (5_000, 0.0), "moons": (400, 0.2)}[data]
    return make_dataset(data, n_train=n_train, noise=noise, label_noise=0.0, seed=0)


@cache  # one for each data set, together 3 MB; with the part to learn from, MNIST alone would take 19
def validation_part(data: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """What the networks with this name never saw: x (examples, features) and the classes (examples,).

    >>> [validation_part(data)[0].shape for data in PICTURED_DATA]
    [(797, 64), (1000, 784), (1000, 2)]
    """
    whole = pictured_data(data)
    return whole.val_x.copy(), whole.val_y.copy()


@cache  # as many as the files hold, up to 60 kB each
def load_pictured_network(data: str = "digits", trained_rate: float = 0.5) -> PicturedNetwork:
    """Read one of the shipped networks.

    Raises:
        KeyError: there is no such data set or no network trained with that rate.

    >>> load_pictured_network("digits", 0.5).sizes
    (64, 16, 16, 10)
    """
    with np.load(_file(data), allow_pickle=False) as stored:
        index = {round(float(p), 6): i for i, p in enumerate(stored["trained_rates"])}[trained_rate]
        layers = range(sum(name.startswith("weight_") for name in stored.files))
        return PicturedNetwork(
            data=data,
            trained_rate=trained_rate,
            weights=tuple(torch.from_numpy(stored[f"weight_{layer}"][index]) for layer in layers),
            biases=tuple(torch.from_numpy(stored[f"bias_{layer}"][index]) for layer in layers),
            validation_accuracy=float(stored["validation_accuracy"][index]),
        )


@cache  # one for each file, a few kB each
def load_examples(data: str = "digits") -> Examples:
    """Read the inputs that ship with the networks.

    >>> load_examples("digits").inputs.shape[1], load_examples("moons").inputs.shape[1]
    (64, 2)
    """
    with np.load(_file(data), allow_pickle=False) as stored:
        return Examples(torch.from_numpy(stored["examples"]), torch.from_numpy(stored["labels"]))


def _file(data: str) -> Path:
    if data not in PICTURED_DATA:
        raise KeyError(f"data is {data!r}; there are pictured networks for {', '.join(PICTURED_DATA)}")
    return DATA / f"pictured_{data}.npz"


@dataclass(frozen=True)
class PassSettings:
    """How to send one input through: the rates of the layers that can drop (input first), the mode, and how often.

    ``benched`` are neurons that somebody has benched by hand, as (layer, unit), counted from 0: whatever the die says,
    they are out in every training pass.

    Raises:
        InvalidSetting: (a ValueError) a rate is not a probability, or passes or seed is out of bounds.
    """

    rates: tuple[float, ...] = (0.0, 0.5, 0.5)
    training: bool = True
    scaling: Scaling = "inverted"
    passes: int = 24
    seed: int = 0
    benched: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not all(is_real(p) and 0 <= p <= 1 for p in self.rates):
            raise InvalidSetting("rates", self.rates, "numbers from 0 to 1")
        whole_number("passes", self.passes, 1, MAX_PASSES)
        whole_number("seed", self.seed, 0, MAX_SEED)


@dataclass(frozen=True)
class LayerRecord:
    """One layer that dropout acts on, in N passes: result = activation * kept * factor."""

    p: float
    activation: Tensor  # (N, units), before dropout
    kept: Tensor  # (N, units) of bool
    factor: float  # 1 / (1 - p), 1 - p or 1, depending on mode and scaling
    result: Tensor  # (N, units), what the next layer gets

    @property
    def gone(self) -> Tensor:
        """Passes in which no unit was kept, (N,) of bool: above this layer the input no longer matters."""
        return ~self.kept.any(dim=-1)


@dataclass(frozen=True)
class Recording:
    """N forward passes of one input, and the one pass of the whole network that they are compared with."""

    settings: PassSettings
    layers: tuple[LayerRecord, ...]  # the input and the hidden layers
    weights: tuple[Tensor, ...]  # as used: "at_test" scaling needs larger ones, see `weights_in_use`
    logits: Tensor  # (N, classes)
    probabilities: Tensor  # (N, classes)
    full_layers: tuple[LayerRecord, ...]  # the eval pass, one row each
    full_probabilities: Tensor  # (classes,)

    @property
    def layer_gone(self) -> Tensor:
        """(N, layers) of bool: which layers lost all their units in each pass."""
        return torch.stack([layer.gone for layer in self.layers], dim=1)

    @cached_property
    def running_mean(self) -> Tensor:
        """(N, classes): the mean of the outputs of the first 1, 2, ... N passes."""
        return self.probabilities.cumsum(0) / _counts(self.probabilities)

    @cached_property
    def running_geometric_mean(self) -> Tensor:
        """(N, classes): the geometric mean of the first 1, 2, ... N outputs, normalised to sum to 1.

        It is the softmax of the mean logits. If only the last hidden layer drops, it converges to the eval pass; with
        more layers it only comes close (Baldi and Sadowski 2013, "Understanding Dropout", NIPS 26, for sigmoid and
        exponential units; Warde-Farley et al. 2013, arXiv 1312.6197, for ReLUs).
        """
        return (self.logits.cumsum(0) / _counts(self.logits)).softmax(-1)

    @cached_property
    def running_spread(self) -> Tensor:
        """(N, classes): sample standard deviation of the first 1, 2, ... N outputs; NaN for a single pass."""
        n = _counts(self.probabilities)
        squares = ((self.probabilities - self.probabilities.mean(0)) ** 2).cumsum(0)
        offset = n * (self.running_mean - self.probabilities.mean(0)) ** 2
        return ((squares - offset).clamp(min=0) / (n - 1)).sqrt()

    @cached_property
    def standard_error(self) -> Tensor:
        """(N, classes): the standard error of the running mean."""
        return self.running_spread / _counts(self.probabilities).sqrt()

    @cached_property
    def thinned_networks(self) -> int:
        """How many different networks dropout could give; just one, the whole network, in eval mode."""
        if not self.settings.training:
            return 1
        free = [layer.kept.shape[1] for layer in self.layers]
        for depth, _unit in self.settings.benched:
            free[depth] -= 1
        return number_of_thinned_networks(free, self.settings.rates)

    @cached_property
    def distinct_networks(self) -> list[int]:
        """How many different masks occurred in the first 1, 2, ... N passes."""
        masks = torch.cat([layer.kept for layer in self.layers], dim=1)
        seen: set[bytes] = set()
        counts = []
        for mask in masks.numpy():
            seen.add(mask.tobytes())
            counts.append(len(seen))
        return counts


def _counts(outputs: Tensor) -> Tensor:
    return torch.arange(1, len(outputs) + 1, dtype=outputs.dtype).unsqueeze(1)  # (N, 1)


def _check_count(rates: Sequence[float], network: PicturedNetwork) -> None:
    if len(rates) != len(network.weights):
        raise InvalidSetting("rates", rates, f"{len(network.weights)} numbers, for the input and each hidden layer")


def roll_masks(sizes: Sequence[int], rates: Sequence[float], passes: int, seed: int) -> list[Tensor]:
    """One mask (passes, units) for each layer.

    Each layer has its own generator, so that a record of more passes begins with the same masks.

    >>> masks = roll_masks((64, 16, 16), (0.2, 0.5, 0.5), 24, seed=0)
    >>> [tuple(mask.shape) for mask in masks]
    [(24, 64), (24, 16), (24, 16)]
    """
    generators = [Generator().manual_seed(seed * len(sizes) + depth) for depth in range(len(sizes))]
    return [dropout_mask((passes, n), p, each) for n, p, each in zip(sizes, rates, generators, strict=True)]


def bench(masks: Sequence[Tensor], benched: Sequence[tuple[int, int]]) -> None:
    """Take neurons, given as (layer, unit), out of all rows of the masks (passes, units), which are changed.

    Raises:
        InvalidSetting: (a ValueError) there is no such neuron.

    >>> masks = [torch.ones(1, 3, dtype=torch.bool)]
    >>> bench(masks, [(0, 1)])
    >>> masks[0]
    tensor([[ True, False,  True]])
    """
    for depth, unit in benched:
        if not (0 <= depth < len(masks) and 0 <= unit < masks[depth].shape[1]):
            raise InvalidSetting("benched", (depth, unit), "neurons of this network, as (layer, unit)")
        masks[depth][:, unit] = False


def weights_in_use(network: PicturedNetwork, rates: Sequence[float], scaling: Scaling) -> tuple[Tensor, ...]:
    """The weights with which the network is the same function under both ways of scaling.

    The shipped weights expect activations divided by 1 - p while training. Without that division, the weights above the
    layer that drops have to be 1 / (1 - p) times as large; the factor 1 - p at test time undoes this. (With p = 1
    nothing is kept, and nothing is scaled.)
    """
    if scaling == "inverted":
        return network.weights
    return tuple(weight * (training_scale(p) or 1.0) for weight, p in zip(network.weights, rates, strict=True))


def forward(
    x: Tensor,
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    rates: Sequence[float],
    scaling: Scaling,
    masks: Sequence[Tensor] | None,
) -> tuple[tuple[LayerRecord, ...], Tensor]:
    """Send x of shape (..., features) through, and return each layer's record and the logits (..., classes).

    With masks, one for each layer in the shape of its activations, this is a training pass; with None, an eval pass.
    """
    layers, h = [], x
    for depth, (weight, bias, p) in enumerate(zip(weights, biases, rates, strict=True)):
        if masks is None:
            kept, factor = torch.ones_like(h, dtype=torch.bool), inference_scale(p, scaling)
            result = h * factor
        else:
            kept, factor = masks[depth], training_scale(p, scaling)
            result = apply_mask(h, kept, p, scaling)
        layers.append(LayerRecord(p, h, kept, factor, result))
        z = result @ weight.T + bias  # (..., units above)
        h = z.relu()
    return tuple(layers), z


def record_passes(network: PicturedNetwork, x: Tensor, settings: PassSettings) -> Recording:
    """Send one input x of shape (features,) through `settings.passes` times, with a new mask each time.

    The same arguments give the same record. In eval mode nothing is dropped and all passes are the same.

    Raises:
        InvalidSetting: (a ValueError) there must be one rate for each layer that can drop, and the neurons that are
            benched by hand must be there.

    >>> recording = record_passes(load_pictured_network(), load_examples().inputs[0], PassSettings(passes=100))
    >>> recording.thinned_networks, recording.distinct_networks[-1]
    (4294967296, 100)
    """
    _check_count(settings.rates, network)
    masks = roll_masks(network.sizes[:-1], settings.rates, settings.passes, settings.seed)
    bench(masks, settings.benched)
    return _record(network, x, settings, masks)


def record_class(
    network: PicturedNetwork, x: Tensor, settings: PassSettings, class_: Mapping[int, Sequence[tuple[int, int]]]
) -> Recording:
    """Send one input x of shape (features,) once through the network of each of N people, in the order of ``class_``.

    Everybody rolls a die of their own: pass i is the first pass of a recording with person i's key as its seed, and
    with what they have benched by hand. It is the average of Figure 11 in Srivastava et al. (2014), made of people.

    >>> network, x = load_pictured_network(), load_examples().inputs[0]
    >>> together = record_class(network, x, PassSettings(), {5: [], 7: [(1, 0)]})
    >>> alone = record_passes(network, x, PassSettings(seed=5))
    >>> torch.equal(together.layers[1].kept[0], alone.layers[1].kept[0]), bool(together.layers[1].kept[1, 0])
    (True, False)
    """
    _check_count(settings.rates, network)
    rows = []
    for seed, benched in class_.items():
        rows.append(roll_masks(network.sizes[:-1], settings.rates, 1, seed))
        bench(rows[-1], benched)
    masks = [torch.cat(layer) for layer in zip(*rows, strict=True)]  # (N, units) each
    return _record(network, x, replace(settings, passes=len(class_), benched=()), masks)


def _record(network: PicturedNetwork, x: Tensor, settings: PassSettings, masks: list[Tensor]) -> Recording:
    """Send x of shape (features,) through once for each row of the masks (N, units), and once whole."""
    rates, scaling = settings.rates, settings.scaling
    weights = weights_in_use(network, rates, scaling)
    full_layers, full_logits = forward(x[None], weights, network.biases, rates, scaling, masks=None)
    inputs = x.expand(settings.passes, -1)  # (N, features)
    layers, logits = forward(inputs, weights, network.biases, rates, scaling, masks if settings.training else None)
    return Recording(
        settings=settings,
        layers=layers,
        weights=weights,
        logits=logits,
        probabilities=logits.softmax(-1),
        full_layers=full_layers,
        full_probabilities=full_logits[0].softmax(-1),
    )


@dataclass(frozen=True)
class MonteCarlo:
    """Validation error of an average over masked passes, as in Figure 11 of Srivastava et al. (2014)."""

    error: Tensor  # (repeats, N): of the mean output of the first 1, 2, ... N passes
    weight_scaling_error: float  # of the one pass with the whole network
    examples: int

    @property
    def meets_at(self) -> int | None:
        """The number of passes from which the mean error stays at or below the whole network's; None if beyond N."""
        worse = (self.error.mean(0) > self.weight_scaling_error + 1e-6).nonzero()  # 1e-6: rounding
        first_as_good = int(worse[-1]) + 2 if len(worse) else 1
        return first_as_good if first_as_good <= self.error.shape[1] else None

    @property
    def apart(self) -> bool:
        """Whether the last average differs by more than the standard error of an error rate on this many examples."""
        p = self.weight_scaling_error
        return bool(abs(float(self.error[:, -1].mean()) - p) > (p * (1 - p) / self.examples) ** 0.5)


@one_fast_thread()
def monte_carlo_error(
    network: PicturedNetwork,
    x: Tensor,
    labels: Tensor,
    rates: Sequence[float],
    *,
    passes: int = 100,
    repeats: int = 10,
    seed: int = 0,
) -> MonteCarlo:
    """Classify x (examples, features) by the mean softmax output of N masked passes, for N = 1 ... passes.

    Every example gets its own masks in every pass. Repeating everything `repeats` times shows how much of it is luck.

    Raises:
        InvalidSetting: (a ValueError) a rate is not a probability, or there is not one for each layer that can drop.
    """
    PassSettings(rates=tuple(rates), passes=passes, seed=seed)  # the same bounds
    _check_count(rates, network)
    generator = Generator().manual_seed(seed)
    _, full_logits = forward(x, network.weights, network.biases, rates, "inverted", masks=None)
    # Examples are columns here: a softmax down ten rows takes a twentieth of the time of one along rows of ten numbers.
    h = x.T.repeat(1, repeats)  # (features, R * examples)
    answers = labels.repeat(repeats)[None, None]  # (1, 1, R * examples)
    layers = list(zip(network.weights, [bias[:, None] for bias in network.biases], rates, strict=True))
    while len(layers) > 1 and layers[0][2] == 0:  # below the first layer that drops, all passes are the same
        weight, bias, _p = layers.pop(0)
        h = (weight @ h + bias).relu_()  # (units, R * examples)
    total = torch.zeros(network.sizes[-1], 1, h.shape[1])  # (classes, 1, R * examples)
    errors = []
    side_by_side = max(1, min(_SIDE_BY_SIDE, _MOST_NUMBERS // h.numel()))
    for first in range(0, passes, side_by_side):
        n = min(side_by_side, passes - first)
        z = h[:, None]  # (units, 1, R * examples): the same for all n passes until a layer drops
        for depth, (weight, bias, p) in enumerate(layers):
            mask = dropout_mask((len(z), n, h.shape[1]), p, generator)
            thinned = apply_mask(z.relu_() if depth else z, mask, p)  # (units, n, R * examples)
            z = torch.addmm(bias, weight, thinned.flatten(1)).view(len(weight), n, -1)
        sums = total + z.softmax(0).cumsum(1)  # (classes, n, R * examples)
        total = sums[:, -1:]
        wrong = sums.gather(0, answers.expand(1, n, -1))[0] < sums.amax(0)  # (n, R * examples)
        errors.append(wrong.view(n, repeats, -1).float().mean(-1))  # (n, R)
    return MonteCarlo(
        error=torch.cat(errors).T,
        weight_scaling_error=float((full_logits.argmax(-1) != labels).float().mean()),
        examples=len(x),
    )
