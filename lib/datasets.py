r"""The data the small networks learn from, and the floor that no honest model can get below.

Six sources, one shape: a :class:`Dataset` with a training part and a validation part.

- ``moons``, ``circles``, ``spirals``: two classes, each a curve in the plane with Gaussian noise around it. We wrote
  the density down ourselves, so we know the best any model can do on new points. That is the *floor*.
- ``digits``: 1,797 handwritten digits of 8 x 8 pixels (Alpaydin and Kaynak 1998, UCI Machine Learning Repository).
- ``mnist``: 6,000 handwritten digits of 28 x 28 pixels, a part of MNIST (LeCun, Cortes and Burges).
- ``csv``: your own table, read by :mod:`lib.tables`.

Nobody knows the density of digits or of your table, so these have no floor (``None``).

**Label noise** gives a fraction of the points a wrong label. A network can get those right only by memorising them, so
they make memorising visible. In the toy data sets, validation labels are wrong just as often: the world itself is
noisy, and the floor takes that into account. For digits and tables only training labels are changed, so validation is
against the true class.

**The floor** (Bayes error, see Bishop 2006, "Pattern Recognition and Machine Learning", section 1.5). Write p0 and p1
for the densities of the two classes at a point x, with half of the points in each class. The probability that x came
from class 1 is

    eta(x) = p1(x) / (p0(x) + p1(x))                       (Bayes' theorem)

and the probability that it is *labelled* 1, when a fraction e of the labels is flipped, is

    q(x) = e + (1 - 2 e) eta(x).

The best a model can do is to know q(x) itself. Averaged over new points, such a model has

    loss     = integral of (p0 + p1) / 2 * H(q),   H(q) = -q log q - (1 - q) log(1 - q)     [nats]
    accuracy = integral of (p0 + p1) / 2 * max(q, 1 - q)

Here both integrals are sums over a fine grid. The points of one class lie on a curve c(u), with u uniform in 0..1, plus
noise of standard deviation s in both directions, so the density is an average of Gaussian bells along the curve:

    p(x) = integral over u of exp(-|x - c(u)|^2 / (2 s^2)) / (2 pi s^2)

A bell in the plane is a bell in x times a bell in y. On a grid, the average of many bells is therefore a single matrix
product.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from lib.tables import Table

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

DATASETS: Final = ("moons", "circles", "spirals", "digits", "mnist", "csv")
TOYS: Final = ("moons", "circles", "spirals")

MAX_NOISE: Final = 10.0
MAX_LABEL_NOISE: Final = 0.5  # beyond one half, the labels of two classes would say the opposite of the truth
MAX_TOY_TRAIN: Final = 100_000
TOY_VALIDATION: Final = 1_000
DIGITS_VALIDATION: Final = 397  # always held out, so at most 1,400 digits are for training
TABLE_VALIDATION: Final = 0.2  # share of a table's rows that is always held out
MAX_STANDARDISED: Final = 1_000.0

DATA: Final = Path(__file__).resolve().parent.parent / "data"
DIGITS_FILE: Final = DATA / "digits.npz"
MNIST_FILE: Final = DATA / "mnist_small.npz"
MNIST_TRAIN: Final = 5_000  # digits of its training part; 1,000 of MNIST's own test set are always held out


@dataclass(frozen=True)
class Floor:
    """The best any model can reach on new points: ``loss`` in nats, ``accuracy`` as a fraction."""

    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Dataset:
    """N training points and M validation points, with D features and C classes.

    ``train_x`` (N, D) and ``val_x`` (M, D) are float32: plane coordinates for the toys, grey values from 0 to 1 for
    digits, standard deviations from the training mean for a table. ``train_y`` (N,) and ``val_y`` (M,) are class
    numbers 0..C-1, int64. ``flipped`` (N,) is True where label noise changed the training label. ``classes`` and
    ``features`` are names for people to read. ``floor`` is the best that any model can reach on new points, or None
    where nobody knows.
    """

    name: str
    train_x: NDArray[np.float32]
    train_y: Labels
    flipped: NDArray[np.bool_]
    val_x: NDArray[np.float32]
    val_y: Labels
    classes: tuple[str, ...]
    features: tuple[str, ...]
    floor: Floor | None


def make_dataset(
    name: str, *, n_train: int, noise: float, label_noise: float, seed: int, table: Table | None = None
) -> Dataset:
    """Draw a data set; the same arguments always give the same one.

    ``n_train`` is the number of training points (:func:`train_bounds` says how many there can be). ``noise`` is the
    standard deviation of the Gaussian noise around the toys' curves, in the units of the plane; digits and tables do
    not use it. ``label_noise`` is the fraction of labels replaced by another class: exactly that share, rounded to
    whole points. ``seed`` is any whole number from 0. ``table`` holds the data for ``csv``.

    The validation part is 1,000 new points for the toys, 1,000 digits of MNIST's test set for MNIST, and otherwise the
    rows that are not used for training. For a given seed the points stay where they are when ``label_noise`` changes,
    so that a student sees one change at a time.

    Raises ValueError for an argument out of bounds.

    >>> data = make_dataset("moons", n_train=100, noise=0.25, label_noise=0.1, seed=0)
    >>> data.train_x.shape, data.val_x.shape, int(data.flipped.sum())
    ((100, 2), (1000, 2), 10)
    >>> f"{data.floor.loss:.3f} nats, {data.floor.accuracy:.1%}"
    '0.391 nats, 85.5%'
    """
    fewest, most = train_bounds(name, table)
    if not fewest <= n_train <= most:
        raise ValueError(f"n_train must be between {fewest} and {most} for {name}, got {n_train}")
    if not 0 <= noise <= MAX_NOISE:
        raise ValueError(f"noise must be between 0 and {MAX_NOISE:g}, got {noise}")
    if not 0 <= label_noise <= MAX_LABEL_NOISE:
        raise ValueError(f"label_noise must be between 0 and {MAX_LABEL_NOISE:g}, got {label_noise}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")

    # A generator for each purpose: drawing more from one does not change what the others give.
    for_points, for_labels, for_validation = np.random.default_rng(seed).spawn(3)

    floor = None
    if name == "digits":
        x, y = load_digits()
        classes, features = tuple("0123456789"), tuple(f"pixel {row},{col}" for row in range(8) for col in range(8))
        train, val = _split(y, n_train, for_points)
        train_x, val_x, train_y, val_y = x[train], x[val], y[train], y[val]
    elif name == "mnist":
        grey, y, val_grey, val_y = load_mnist_small()
        classes, features = tuple("0123456789"), tuple(f"pixel {row},{col}" for row in range(28) for col in range(28))
        train, _rest = _split(y, n_train, for_points)
        val = for_validation.permutation(len(val_y))  # in MNIST's own order, the first half is the easier one
        train_x, val_x, train_y, val_y = grey[train] / 255.0, val_grey[val] / 255.0, y[train], val_y[val]
    elif name == "csv":
        assert table is not None  # train_bounds has checked this
        classes, features = table.classes, table.features
        train, val = _split(table.y, n_train, for_points)
        train_x, val_x = _standardise(table.x[train], table.x[val])
        train_y, val_y = table.y[train], table.y[val]
    else:
        classes, features = ("0", "1"), ("x1", "x2")
        train_x, train_y = sample_toy(name, n_train, noise, for_points)
        val_x, val_y = sample_toy(name, TOY_VALIDATION, noise, for_validation)
        val_y, _ = flip_labels(val_y, label_noise, len(classes), for_validation)
        floor = bayes_floor(name, noise, label_noise)

    train_y, flipped = flip_labels(train_y, label_noise, len(classes), for_labels)
    return Dataset(
        name=name,
        train_x=train_x.astype(np.float32),
        train_y=train_y,
        flipped=flipped,
        val_x=val_x.astype(np.float32),
        val_y=val_y,
        classes=classes,
        features=features,
        floor=floor,
    )


def train_bounds(name: str, table: Table | None = None) -> tuple[int, int]:
    """Return the fewest and the most training points that ``make_dataset`` accepts for ``name``.

    A table and the digits need at least one training row per class, and hold some rows out for validation.
    Raises ValueError for an unknown name, and for ``csv`` without a table.

    >>> train_bounds("digits")
    (10, 1400)
    """
    if name in TOYS:
        return 2, MAX_TOY_TRAIN
    if name == "digits":
        return 10, 1_797 - DIGITS_VALIDATION
    if name == "mnist":
        return 10, MNIST_TRAIN
    if name == "csv":
        if table is None:
            raise ValueError("table must be given for the data set csv")
        held_out = max(len(table.classes), round(TABLE_VALIDATION * len(table.y)))
        return len(table.classes), len(table.y) - held_out
    raise ValueError(f"dataset must be one of {', '.join(DATASETS)}, got {name!r}")


# --- The toys: a curve for each class, and noise around it ---


def _moon(label: Literal[0, 1], u: Floats) -> Floats:
    """Half a circle of radius 1, the second one upside down and shifted: the geometry of scikit-learn's make_moons."""
    angle = np.pi * u
    if label == 0:
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)


def _circle(label: Literal[0, 1], u: Floats) -> Floats:
    """A ring inside a ring, radius 0.5 in radius 1.25."""
    radius, angle = (1.25, 0.5)[label], 2 * np.pi * u
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _spiral(label: Literal[0, 1], u: Floats) -> Floats:
    """One turn from radius 0.25 out to 2; the second arm starts on the opposite side."""
    radius, angle = 0.25 + 1.75 * u, 2 * np.pi * u + np.pi * label
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


# The sizes are chosen so that the same noise is about equally hard everywhere: at 0.25 and without label noise, the
# best possible accuracy is 94% on moons, 93% on circles and 92% on spirals.
_CURVES: Final[dict[str, Callable[[Literal[0, 1], Floats], Floats]]] = {
    "moons": _moon,
    "circles": _circle,
    "spirals": _spiral,
}


def sample_toy(name: str, n: int, noise: float, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """Draw n points (n, 2) of a toy and their true classes (n,), half of each class.

    >>> x, y = sample_toy("circles", 4, 0.0, np.random.default_rng(0))
    >>> y, np.hypot(x[:, 0], x[:, 1])
    (array([0, 1, 0, 1]), array([1.25, 0.5 , 1.25, 0.5 ]))
    """
    if name not in TOYS:
        raise ValueError(f"name must be one of {', '.join(TOYS)}, got {name!r}")
    curve = _CURVES[name]
    y = np.arange(n, dtype=np.int64) % 2
    u = rng.random(n)
    x = np.where(y[:, None] == 0, curve(0, u), curve(1, u))
    points: Floats = x + noise * rng.standard_normal((n, 2))
    return points, y


def flip_labels(
    y: Labels, fraction: float, n_classes: int, rng: np.random.Generator
) -> tuple[Labels, NDArray[np.bool_]]:
    """Give a fraction of the points another class, each equally likely; return the new labels and which were changed.

    >>> labels, flipped = flip_labels(np.zeros(10, dtype=np.int64), 0.2, 2, np.random.default_rng(0))
    >>> int(labels.sum()), int(flipped.sum())
    (2, 2)
    """
    flipped = np.zeros(len(y), dtype=np.bool_)
    flipped[rng.permutation(len(y))[: round(fraction * len(y))]] = True
    # Adding 1..C-1 and wrapping around reaches every class but the point's own.
    shift = rng.integers(1, n_classes, size=len(y))
    return np.where(flipped, (y + shift) % n_classes, y), flipped


# --- The floor ---


@lru_cache(maxsize=256)  # two numbers each
def bayes_floor(name: str, noise: float, label_noise: float) -> Floor:
    """Return the best loss and accuracy that any model can reach on new points of a toy.

    The module docstring derives it. ``noise`` is a standard deviation in the units of the plane, ``label_noise`` a
    fraction from 0 to 0.5. Accurate to about 0.0001. Raises ValueError for data whose density nobody knows.

    >>> bayes_floor("moons", 0.0, 0.5)  # nothing but coin flips: log 2 nats
    Floor(loss=0.6931471805599453, accuracy=0.5)
    """
    if name not in TOYS:
        raise ValueError(f"name must be one of {', '.join(TOYS)}, got {name!r}")
    curve = _CURVES[name]

    coarse = np.linspace(0, 1, 400)
    curves = curve(0, coarse), curve(1, coarse)
    gap = min(np.linalg.norm(point - curves[1], axis=1).min() for point in curves[0])
    if 10 * noise < gap:
        # The border between the classes is at least five standard deviations away from both: they do not overlap (1
        # point in 3 million crosses), so only the flipped labels can be wrong.
        return Floor(float(binary_entropy(np.array(label_noise))), 1 - label_noise)

    # Nodes along the curve are half a standard deviation apart, grid lines an eighth: finer ones change the fifth
    # digit.
    length = max(np.linalg.norm(np.diff(points, axis=0), axis=1).max() * 400 for points in curves)
    n_nodes = max(64, round(2 * length / noise))
    nodes = (np.arange(n_nodes) + 0.5) / n_nodes
    points = np.concatenate(curves)
    grid_x, grid_y = (
        np.arange(low, high, noise / 8)
        for low, high in zip(points.min(axis=0) - 6 * noise, points.max(axis=0) + 6 * noise, strict=True)
    )

    def density(centres: Floats) -> Floats:
        bells_x = np.exp(-((grid_x[:, None] - centres[:, 0]) ** 2) / (2 * noise**2))  # (X, nodes)
        bells_y = np.exp(-((grid_y[:, None] - centres[:, 1]) ** 2) / (2 * noise**2))  # (Y, nodes)
        p = bells_x @ bells_y.T  # (X, Y)
        normalised: Floats = p / p.sum()
        return normalised

    p0, p1 = density(curve(0, nodes)), density(curve(1, nodes))
    eta = p1 / np.maximum(p0 + p1, np.finfo(float).tiny)  # far away both are 0, and so is their weight below
    q = label_noise + (1 - 2 * label_noise) * eta
    weight = (p0 + p1) / 2
    return Floor(float((weight * binary_entropy(q)).sum()), float((weight * np.maximum(q, 1 - q)).sum()))


def binary_entropy(q: Floats) -> Floats:
    """Return -q log q - (1 - q) log(1 - q) in nats: the loss of a model that knows that heads has probability q.

    >>> binary_entropy(np.array([0.0, 0.5, 1.0]))
    array([0.        , 0.69314718, 0.        ])
    """
    tiny = np.finfo(float).tiny  # so that 0 log 0 is 0
    entropy: Floats = -q * np.log(np.maximum(q, tiny)) - (1 - q) * np.log(np.maximum(1 - q, tiny))
    return np.abs(entropy)  # no -0.0


# --- Real data ---


@lru_cache(maxsize=1)  # 1 MB
def load_digits() -> tuple[Floats, Labels]:
    """Return all 1,797 digits: images (1797, 64), grey values 0..1 row by row, and classes (1797,), both read-only.

    From data/digits.npz; data/README.md says where it comes from.

    >>> images, classes = load_digits()
    >>> images.shape, float(images.min()), float(images.max())
    ((1797, 64), 0.0, 1.0)
    """
    with np.load(DIGITS_FILE, allow_pickle=False) as file:
        images = file["images"].reshape(-1, 64) / 16.0
        classes = file["classes"].astype(np.int64)
    images.flags.writeable = classes.flags.writeable = False
    return images, classes


@lru_cache(maxsize=1)  # 5 MB
def load_mnist_small() -> tuple[NDArray[np.uint8], Labels, NDArray[np.uint8], Labels]:
    """Return the shipped part of MNIST: images (5000, 784) and classes (5000,) to train on, (1000, 784) and (1000,) to
    validate. Grey values 0..255 row by row, as many digits of each class; all arrays are read-only.

    From data/mnist_small.npz; data/README.md says where it comes from.

    >>> images, classes, val_images, val_classes = load_mnist_small()
    >>> images.shape, val_images.shape, np.bincount(classes).tolist() == [500] * 10
    ((5000, 784), (1000, 784), True)
    """
    with np.load(MNIST_FILE, allow_pickle=False) as file:
        images, val_images = (file[name].reshape(-1, 28 * 28) for name in ("train_images", "val_images"))
        classes, val_classes = (file[name].astype(np.int64) for name in ("train_classes", "val_classes"))
    for array in (images, classes, val_images, val_classes):
        array.flags.writeable = False
    return images, classes, val_images, val_classes


def _split(y: Labels, n_train: int, rng: np.random.Generator) -> tuple[Labels, Labels]:
    """Split row numbers at random into training and validation, with each class at least once on both sides."""
    order = rng.permutation(len(y))
    shuffled = y[order]
    first = np.unique(shuffled, return_index=True)[1]
    last = len(y) - 1 - np.unique(shuffled[::-1], return_index=True)[1]
    middle = np.setdiff1d(np.arange(len(y)), np.concatenate([first, last]))
    order = order[np.concatenate([first, middle, last])]
    return order[:n_train], order[n_train:]


def _standardise(train: Floats, val: Floats) -> tuple[Floats, Floats]:
    """Subtract the training mean and divide by the training standard deviation, column by column.

    Validation rows use the same mean and deviation: what a model does to new data must not depend on that data. Results
    are clipped at 1,000 standard deviations. No training value can be that far out (n values are at most sqrt(n)
    deviations from their mean), but a wild validation cell could be, and the losses would overflow.
    """
    mean, spread = train.mean(axis=0), train.std(axis=0)
    # A column that never changes, or changes so little that its squares are 0, becomes 0.
    spread[(train.min(axis=0) == train.max(axis=0)) | (spread == 0)] = 1
    limit = MAX_STANDARDISED
    return np.clip((train - mean) / spread, -limit, limit), np.clip((val - mean) / spread, -limit, limit)
