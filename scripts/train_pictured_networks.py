"""Train the networks that the Dropout page draws, and write data/pictured_digits.npz, _mnist.npz and _moons.npz.

    python -m scripts.train_pictured_networks

For each data set there are three, trained with p = 0, 0.2 and 0.5 on both hidden layers, in plain PyTorch with
autograd: about half a minute on one core. All randomness comes from one generator with a fixed seed. Other machines may
sum in a different order, so their weights may differ.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from lib.datasets import Dataset
from lib.fast_masks import apply_dropout
from lib.pictured_network import (
    DATA,
    PICTURED_DATA,
    TRAINED_RATES,
    PassSettings,
    PicturedNetwork,
    forward,
    pictured_data,
    record_passes,
)

SEED, BATCH = 0, 64
SIZES = {"digits": (64, 16, 16, 10), "mnist": (784, 16, 16, 10), "moons": (2, 12, 12, 2)}
STEPS = {"digits": 8_000, "mnist": 20_000, "moons": 4_000}
# With 0.005, the network for MNIST that learned with p = 0.5 got only 69% right.
LEARNING_RATES = {"digits": 0.005, "mnist": 0.001, "moons": 0.005}


def fit(name: str, p: float) -> PicturedNetwork:
    """Train one network with dropout rate p on its hidden layers."""
    data = pictured_data(name)
    generator = Generator().manual_seed(SEED)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    weights = [torch.empty(above, below) for below, above in pairwise(SIZES[name])]
    for weight in weights:
        nn.init.kaiming_uniform_(weight, nonlinearity="relu", generator=generator)
    biases = [torch.zeros(above) for above in SIZES[name][1:]]
    for parameter in (*weights, *biases):
        parameter.requires_grad_()
    optimizer = torch.optim.Adam([*weights, *biases], lr=LEARNING_RATES[name])

    for _ in range(STEPS[name]):
        batch = torch.randint(len(x), (BATCH,), generator=generator)
        h = x[batch]  # (BATCH, features)
        for depth, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            if depth > 0:
                h = apply_dropout(h.relu(), p, generator)
            h = h @ weight.T + bias  # (BATCH, units above)
        loss = nn.functional.cross_entropy(h, y[batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    trained = PicturedNetwork(
        name, p, tuple(weight.detach() for weight in weights), tuple(bias.detach() for bias in biases), 0.0
    )
    return PicturedNetwork(name, p, trained.weights, trained.biases, accuracy(trained, data.val_x, data.val_y))


def accuracy(network: PicturedNetwork, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """The share of points that the whole network classifies correctly."""
    no_rates = [0.0] * len(network.weights)
    _, logits = forward(torch.from_numpy(x), network.weights, network.biases, no_rates, "inverted", masks=None)
    return float((logits.argmax(-1).numpy() == y).mean())


def pick_examples(network: PicturedNetwork, data: Dataset) -> list[int]:
    """Rows of the validation data for a student to choose from.

    Digits: the first of each class, 0 to 9, that the whole network gets right, and then the six on which masked passes
    disagree most. Moons: twelve points, evenly spaced in rank from certainly class 0 to certainly class 1.
    """
    rates = (0.0, network.trained_rate, network.trained_rate)
    settings = PassSettings(rates=rates, passes=100)
    recordings = [record_passes(network, torch.from_numpy(row), settings) for row in data.val_x]
    if data.name == "moons":
        order = sorted(range(len(data.val_y)), key=lambda row: float(recordings[row].full_probabilities[1]))
        return [order[round(rank)] for rank in np.linspace(0, len(order) - 1, 12)]

    def largest_vote(row: int) -> int:
        return int(recordings[row].probabilities.argmax(-1).bincount().max())

    right = [int(recordings[row].full_probabilities.argmax()) == label for row, label in enumerate(data.val_y)]
    typical = [int(np.flatnonzero((data.val_y == label) & right)[0]) for label in range(len(data.classes))]
    return typical + sorted(range(len(data.val_y)), key=largest_vote)[:6]


def make(name: str, path: Path) -> None:
    """Train the three networks of one data set and write them, with the examples, to ``path``."""
    networks = [fit(name, p) for p in TRAINED_RATES]
    data = pictured_data(name)
    rows = pick_examples(networks[-1], data)
    layers = range(len(networks[0].weights))

    def stacked(tensors: list[Tensor]) -> NDArray[np.float32]:
        return torch.stack(tensors).numpy()

    arrays: dict[str, NDArray[np.generic]] = {
        "trained_rates": np.array(TRAINED_RATES),
        "validation_accuracy": np.array([network.validation_accuracy for network in networks]),
        "examples": data.val_x[rows],
        "labels": data.val_y[rows],
    }
    arrays |= {f"weight_{layer}": stacked([network.weights[layer] for network in networks]) for layer in layers}
    arrays |= {f"bias_{layer}": stacked([network.biases[layer] for network in networks]) for layer in layers}
    np.savez_compressed(path, allow_pickle=False, **arrays)
    shown = ", ".join(f"p = {net.trained_rate}: {net.validation_accuracy:.1%}" for net in networks)
    print(f"{path.name}: {path.stat().st_size} bytes; validation accuracy {shown}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in PICTURED_DATA:
        make(name, DATA / f"pictured_{name}.npz")
