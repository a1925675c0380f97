"""Can masked passes tell me when the network does not know?

Monte Carlo dropout (Gal and Ghahramani 2016, "Dropout as a Bayesian Approximation", arXiv 1506.02142): leave dropout
on, send the same input through many times, and see how far the answers lie apart. Here that is the mutual information
between the answer and the mask: the entropy of the mean answer less the mean entropy of the answers.

AUC is the probability that the measure is larger for a random input of one kind than for one of the other: 1 tells them
apart always, 0.5 is a coin.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from lib.dropout import dropout_mask
from lib.pictured_network import PicturedNetwork, forward, load_pictured_network, pictured_data
from lib.questions.result import Result, difference, least
from lib.statistics.intervals import Estimate, Z

P, PASSES, NOISE = 0.5, 50, 400
_RATES = (0.0, P, P)


def experiment(seed: int) -> Result:
    """How well masked passes, and one plain pass, tell digits from random pixels and right answers from wrong ones.

    >>> sorted(experiment(0).rows)
    ['masked_noise', 'masked_wrong', 'plain_noise', 'plain_wrong']
    """
    die = torch.Generator().manual_seed(seed)
    data, network = pictured_data("digits"), load_pictured_network("digits", P)
    digits, truth = torch.from_numpy(data.val_x), torch.from_numpy(data.val_y)
    shuffled = torch.randperm(digits.numel(), generator=die)  # random pixels, as dark as those of digits
    pixels = digits.flatten()[shuffled].view_as(digits)[:NOISE]
    wrong = (_one_pass(network, digits).argmax(-1) != truth).numpy()
    masks = [dropout_mask((PASSES, 1, units), p, die) for units, p in zip(network.sizes, _RATES, strict=False)]
    rows = {}
    for name in ("masked", "plain"):
        known, unknown = (
            (disagreement(network, x, masks) if name == "masked" else unsureness(network, x)).numpy()
            for x in (digits, pixels)
        )
        rows[f"{name}_noise"] = auc(unknown, known)
        rows[f"{name}_wrong"] = auc(known[wrong], known[~wrong])
    effect = least([difference(rows[more], rows["masked_wrong"]) for more in ("masked_noise", "plain_wrong")])
    return Result(rows, effect, "number", {"p": P, "n": PASSES})


def disagreement(network: PicturedNetwork, x: Tensor, masks: Sequence[Tensor]) -> Tensor:
    """How far the masked passes lie apart for each input: x (N, features) -> (N,) nats.

    ``masks`` (passes, 1, units) has one for each layer; all inputs are seen by the same thinned networks.
    """
    weights, biases = network.weights, network.biases
    _layers, logits = forward(x.expand(len(masks[0]), -1, -1), weights, biases, _RATES, "inverted", masks)
    answers = logits.softmax(-1)  # (passes, N, classes)
    return entropy(answers.mean(0)) - entropy(answers).mean(0)


def unsureness(network: PicturedNetwork, x: Tensor) -> Tensor:
    """How unsure one pass of the whole network is: the entropy of its answer, x (N, features) -> (N,) nats."""
    return entropy(_one_pass(network, x))


def _one_pass(network: PicturedNetwork, x: Tensor) -> Tensor:
    """The probabilities of the classes, dropout off: (N, features) -> (N, classes)."""
    return forward(x, network.weights, network.biases, _RATES, "inverted", masks=None)[1].softmax(-1)


def entropy(probabilities: Tensor) -> Tensor:
    """The entropy of distributions (..., classes) in nats."""
    nats: Tensor = torch.special.entr(probabilities).sum(-1)
    return nats


def auc(larger: ArrayLike, smaller: ArrayLike) -> Estimate:
    """How often a value of the first kind is larger than one of the second, with the interval of Hanley and McNeil
    (1982, "The meaning and use of the area under a receiver operating characteristic (ROC) curve").

    >>> auc([3, 4], [1, 2]).value, auc([1, 4], [2, 3]).value, auc([1, 1], [1, 1]).value
    (1.0, 0.5, 0.5)
    """
    a, b = np.asarray(larger, dtype=np.float64), np.asarray(smaller, dtype=np.float64)
    area = float((np.sign(a[:, None] - b) + 1).mean() / 2)  # ties count one half
    of_one, of_other = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (len(a) - 1) * (of_one - area**2) + (len(b) - 1) * (of_other - area**2)
    half = Z * (variance / (len(a) * len(b))) ** 0.5
    return Estimate(area, max(0.0, area - half), min(1.0, area + half))
