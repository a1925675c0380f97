"""The data and its floor, against scikit-learn, closed forms, a million points, and a classifier that knows 100,000."""

import math
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats
from sklearn.datasets import load_digits as sklearn_digits
from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier

from lib import datasets
from lib.datasets import (
    DATASETS,
    TOYS,
    Dataset,
    Floats,
    Labels,
    bayes_floor,
    flip_labels,
    load_digits,
    load_mnist_small,
    make_dataset,
    sample_toy,
    train_bounds,
)
from lib.mnist import Mnist
from lib.tables import Table, example_table_text, load_table
from scripts import export_digits, make_mnist_small

EXAMPLE = load_table(example_table_text().encode())


def entropy(q: float) -> float:
    return -q * math.log(q) - (1 - q) * math.log(1 - q) if 0 < q < 1 else 0.0


# --- The floor ---


def test_the_floor_of_the_lesson() -> None:
    # Integrated with other code before this was written: 0.391 nats and 85.5%.
    floor = bayes_floor("moons", 0.25, 0.1)
    assert round(floor.loss, 3) == 0.391
    assert round(floor.accuracy, 3) == 0.855


# The curves once more, as complex numbers: class, position 0..1 -> point.
CURVES = {
    "moons": lambda c, u: np.exp(1j * np.pi * u) if c == 0 else 1 + 0.5j - np.exp(1j * np.pi * u),
    "circles": lambda c, u: (0.5 if c else 1.25) * np.exp(2j * np.pi * u),
    "spirals": lambda c, u: (0.25 + 1.75 * u) * np.exp(2j * np.pi * u) * (-1 if c else 1),
}


def true_probability(name: str, noise: float, label_noise: float, x: Floats) -> Floats:
    """P(label = 1 | x) by Gauss-Legendre quadrature along the curves, point by point: no grid in the plane."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    densities = []
    for c in (0, 1):
        curve = CURVES[name](c, (nodes + 1) / 2)
        density = np.zeros(len(x))
        for point, weight in zip(curve, weights, strict=True):
            density += weight * np.exp(-((x[:, 0] - point.real) ** 2 + (x[:, 1] - point.imag) ** 2) / (2 * noise**2))
        densities.append(density)
    eta = densities[1] / (densities[0] + densities[1])
    return np.asarray(label_noise + (1 - 2 * label_noise) * eta)


def losses_and_hits(q: Floats, y: Labels) -> tuple[Floats, Floats]:
    probability = np.where(y == 1, q, 1 - q)
    return -np.log(probability), (probability > 0.5).astype(float)


@pytest.mark.parametrize(
    ("name", "noise", "label_noise"), [("moons", 0.25, 0.1), ("circles", 0.3, 0.0), ("spirals", 0.2, 0.3)]
)
def test_the_floor_is_what_a_million_points_give(name: str, noise: float, label_noise: float) -> None:
    rng = np.random.default_rng(0)
    x, y = sample_toy(name, 1_000_000, noise, rng)
    y = np.where(rng.random(len(y)) < label_noise, 1 - y, y)
    loss, hit = losses_and_hits(true_probability(name, noise, label_noise, x), y)

    floor = bayes_floor(name, noise, label_noise)
    # Beyond 4.5 standard errors a right floor fails once in 150,000 comparisons. The standard errors are about 0.0006.
    assert abs(loss.mean() - floor.loss) < 4.5 * loss.std() / 1000
    assert abs(hit.mean() - floor.accuracy) < 4.5 * hit.std() / 1000


@pytest.mark.parametrize(
    ("noise", "label_noise"), [(0.08, 0.0), (0.15, 0.1), (0.25, 0.0), (0.25, 0.2), (0.5, 0.1), (1.0, 0.0), (3.0, 0.0)]
)
def test_the_floor_of_circles_is_the_integral_over_the_radius(noise: float, label_noise: float) -> None:
    # A ring with Gaussian noise: the distance from the centre has the Rice distribution (Rice 1945), in one dimension.
    def densities(r: float) -> tuple[float, float]:
        inner, outer = (
            r / noise**2 * math.exp(-((r - ring) ** 2) / (2 * noise**2)) * special.ive(0, r * ring / noise**2)
            for ring in (0.5, 1.25)
        )
        return inner, outer

    def q(r: float) -> float:
        inner, outer = densities(r)
        return label_noise + (1 - 2 * label_noise) * inner / (inner + outer)

    def integral(value: Callable[[float], float]) -> float:
        # From where there is any density to speak of, so that no ratio of two zeros is taken.
        low, high = max(1e-9, 0.5 - 10 * noise), 1.25 + 10 * noise
        return float(integrate.quad(lambda r: sum(densities(r)) / 2 * value(q(r)), low, high, limit=500)[0])

    floor = bayes_floor("circles", noise, label_noise)
    assert floor.loss == pytest.approx(integral(entropy), abs=1e-4)
    assert floor.accuracy == pytest.approx(integral(lambda q: max(q, 1 - q)), abs=1e-4)


@pytest.mark.parametrize("name", TOYS)
@pytest.mark.parametrize("label_noise", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("noise", [0.0, 1e-6, 0.03, 0.05])
def test_without_overlap_only_the_flipped_labels_cost(name: str, noise: float, label_noise: float) -> None:
    floor = bayes_floor(name, noise, label_noise)
    assert floor.loss == pytest.approx(entropy(label_noise), abs=1e-6)
    assert floor.accuracy == pytest.approx(1 - label_noise, abs=1e-6)


@pytest.mark.parametrize("name", TOYS)
@pytest.mark.parametrize("noise", [0.1, 0.25, 2.0, 10.0])
def test_labels_by_coin_flip_leave_nothing_to_learn(name: str, noise: float) -> None:
    floor = bayes_floor(name, noise, 0.5)
    assert floor.loss == pytest.approx(math.log(2), abs=1e-9)
    assert floor.accuracy == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("noise", [5.0, 10.0])
def test_far_blurred_moons_are_two_bells(noise: float) -> None:
    # Seen from afar only the centres of the moons matter: (0, 2/pi) and (1, 1/2 - 2/pi). Two equal bells a distance d
    # apart are told apart with probability Phi(d / 2s). What the moons' own width adds is of order (1/s)^2 of the rest.
    distance = math.hypot(1, 0.5 - 4 / math.pi)
    expected = stats.norm.cdf(distance / 2 / noise)
    assert bayes_floor("moons", noise, 0.0).accuracy - 0.5 == pytest.approx(expected - 0.5, rel=2 / noise**2)


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from(TOYS),
    noises=st.lists(st.floats(0, 3), min_size=2, max_size=2).map(sorted),
    flips=st.lists(st.floats(0, 0.5), min_size=2, max_size=2).map(sorted),
)
def test_more_noise_never_helps(name: str, noises: list[float], flips: list[float]) -> None:
    better, worse = bayes_floor(name, noises[0], flips[0]), bayes_floor(name, noises[1], flips[1])
    assert worse.loss >= better.loss - 1e-4
    assert worse.accuracy <= better.accuracy + 1e-4
    for floor, flip in ((better, flips[0]), (worse, flips[1])):
        assert entropy(flip) - 1e-4 <= floor.loss <= math.log(2) + 1e-9
        assert 0.5 - 1e-9 <= floor.accuracy <= 1 - flip + 1e-4


@pytest.mark.parametrize("name", TOYS)
def test_a_classifier_that_saw_100_000_points_meets_the_floor_and_not_more(name: str) -> None:
    noise, label_noise = 0.25, 0.1
    data = make_dataset(name, n_train=100_000, noise=noise, label_noise=label_noise, seed=0)
    network = MLPClassifier((32, 32), learning_rate_init=0.003, batch_size=500, random_state=0, early_stopping=True)
    network.set_params(n_iter_no_change=3, max_iter=40, validation_fraction=0.05)
    network.fit(data.train_x, data.train_y)

    rng = np.random.default_rng(1)
    x, y = sample_toy(name, 400_000, noise, rng)
    y, _ = flip_labels(y, label_noise, 2, rng)
    loss, hit = losses_and_hits(network.predict_proba(x.astype(np.float32))[:, 1].astype(float), y)

    assert data.floor == bayes_floor(name, noise, label_noise)
    # 4.5 standard errors (about 0.004): a right floor is undercut by the best model once in 300,000 tests of this kind.
    error = 4.5 / math.sqrt(len(y))
    assert data.floor.loss - error * loss.std() < loss.mean() < data.floor.loss + 0.01
    assert data.floor.accuracy - 0.01 < hit.mean() < data.floor.accuracy + error * hit.std()


def test_a_floor_takes_less_than_a_fifth_of_a_second_once_and_no_time_again() -> None:
    # Processor time. The slowest is the least noise that still lets two spirals touch.
    bayes_floor.cache_clear()
    times = []
    for noise in (0.25, 0.06):
        start = time.process_time()
        bayes_floor("spirals", noise, 0.1)
        times.append(time.process_time() - start)
    assert max(times) < 0.2
    hits = bayes_floor.cache_info().hits
    bayes_floor("spirals", 0.06, 0.1)
    assert bayes_floor.cache_info().hits == hits + 1


@pytest.mark.parametrize("name", ["digits", "csv", "moon"])
def test_no_floor_where_nobody_knows_the_density(name: str) -> None:
    with pytest.raises(ValueError, match="name must be one of moons, circles, spirals"):
        bayes_floor(name, 0.25, 0.1)


# --- The toys ---


def test_moons_lie_where_scikit_learn_puts_them() -> None:
    theirs, their_labels = make_moons(n_samples=400, noise=None)
    ours, our_labels = sample_toy("moons", 20_000, 0.0, np.random.default_rng(0))
    for label in (0, 1):
        a, b = theirs[their_labels == label], ours[our_labels == label]
        distance = np.linalg.norm(a[:, None] - b, axis=2)
        assert distance.min(axis=1).max() < 0.01  # each of theirs has one of ours beside it
        assert distance.min(axis=0).max() < 0.01  # and each of ours one of theirs


@pytest.mark.parametrize("name", TOYS)
def test_the_noise_is_gaussian_in_both_directions(name: str) -> None:
    clean, _ = sample_toy(name, 5_000, 0.0, np.random.default_rng(3))
    noisy, _ = sample_toy(name, 5_000, 0.3, np.random.default_rng(3))
    noise = (noisy - clean) / 0.3
    # Two Kolmogorov-Smirnov tests and a correlation with fixed seed: each fails by chance once in 10,000.
    assert stats.kstest(noise[:, 0], "norm").pvalue > 1e-4
    assert stats.kstest(noise[:, 1], "norm").pvalue > 1e-4
    assert stats.pearsonr(noise[:, 0], noise[:, 1]).pvalue > 1e-4


@pytest.mark.parametrize("name", TOYS)
def test_training_and_validation_come_from_the_same_density(name: str) -> None:
    data = make_dataset(name, n_train=5_000, noise=0.25, label_noise=0.1, seed=4)
    for label, column in product((0, 1), (0, 1)):
        train, val = data.train_x[data.train_y == label, column], data.val_x[data.val_y == label, column]
        # Fixed seed; each of the twelve comparisons fails by chance once in 10,000.
        assert stats.ks_2samp(train, val).pvalue > 1e-4
    assert not {tuple(point) for point in data.train_x} & {tuple(point) for point in data.val_x}


@pytest.mark.parametrize("name", TOYS)
def test_label_noise_flips_its_share_in_training_and_in_validation(name: str) -> None:
    clean = make_dataset(name, n_train=100, noise=0.25, label_noise=0.0, seed=5)
    noisy = make_dataset(name, n_train=100, noise=0.25, label_noise=0.1, seed=5)
    np.testing.assert_array_equal(clean.train_x, noisy.train_x)
    np.testing.assert_array_equal(clean.val_x, noisy.val_x)
    np.testing.assert_array_equal(noisy.flipped, clean.train_y != noisy.train_y)
    assert noisy.flipped.sum() == 10
    assert (clean.val_y != noisy.val_y).sum() == 100
    assert not clean.flipped.any()
    assert np.bincount(clean.train_y).tolist() == [50, 50]


# --- Digits ---


def test_the_file_holds_what_the_script_writes() -> None:
    with np.load(datasets.DIGITS_FILE, allow_pickle=False) as file:
        shipped = dict(file)
    written = export_digits.digits()
    assert shipped.keys() == written.keys()
    for name, array in written.items():
        assert shipped[name].dtype == array.dtype == np.uint8
        np.testing.assert_array_equal(shipped[name], array)


def test_the_script_writes_a_file_that_needs_no_pickle(tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    export_digits.export(path)
    with np.load(path, allow_pickle=False) as file, np.load(datasets.DIGITS_FILE, allow_pickle=False) as shipped:
        for name in shipped:
            np.testing.assert_array_equal(file[name], shipped[name])


def test_digits_are_those_of_scikit_learn_from_0_to_1() -> None:
    images, classes = load_digits()
    theirs = sklearn_digits()
    np.testing.assert_array_equal(images * 16, theirs.data)
    np.testing.assert_array_equal(classes, theirs.target)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


@pytest.mark.parametrize("n_train", [10, 200, 1000, 1400])
def test_digits_are_split_and_only_training_labels_are_wrong(n_train: int) -> None:
    data = make_dataset("digits", n_train=n_train, noise=0.0, label_noise=0.2, seed=6)
    images, classes = load_digits()
    # All 1,797 images differ, so an image tells which one it is.
    number = {image.astype(np.float32).tobytes(): i for i, image in enumerate(images)}
    assert len(number) == 1797
    train = [number[x.tobytes()] for x in data.train_x]
    val = [number[x.tobytes()] for x in data.val_x]
    assert sorted(train + val) == list(range(1797))
    assert len(train) == n_train
    np.testing.assert_array_equal(data.val_y, classes[val])
    np.testing.assert_array_equal(data.flipped, data.train_y != classes[train])
    assert data.flipped.sum() == n_train // 5
    assert len(set(classes[train])) == 10
    assert data.floor is None


# --- MNIST ---


def test_the_shipped_part_of_mnist_is_small_balanced_and_needs_no_pickle() -> None:
    assert datasets.MNIST_FILE.stat().st_size <= 1_500_000
    with np.load(datasets.MNIST_FILE, allow_pickle=False) as file:
        shipped = dict(file)
    assert {name: array.shape for name, array in shipped.items()} == {
        "train_images": (5000, 28, 28), "train_classes": (5000,), "val_images": (1000, 28, 28), "val_classes": (1000,)
    }  # fmt: skip
    for part, each in (("train", 500), ("val", 100)):
        assert shipped[f"{part}_images"].dtype == shipped[f"{part}_classes"].dtype == np.uint8
        assert np.bincount(shipped[f"{part}_classes"]).tolist() == [each] * 10
    # Each image is there once, and none is on both sides.
    images = np.concatenate([shipped["train_images"], shipped["val_images"]]).reshape(6000, -1)
    assert len(np.unique(images, axis=0)) == 6000


def test_the_script_takes_as_many_digits_of_each_class_and_keeps_them_with_their_classes() -> None:
    classes = (np.arange(400) * 7 % 10).astype(np.uint8)
    images = np.tile(np.arange(400, dtype=np.uint8)[:, None, None], (1, 28, 28)) // 40 * 10 + classes[:, None, None]
    for_training, for_test = (images[:300], classes[:300]), (images[300:], classes[300:])
    found = make_mnist_small.part(Mnist(*for_training, *for_test), train=4, validation=2)
    for part, each in (("train", 4), ("val", 2)):
        assert np.bincount(found[f"{part}_classes"]).tolist() == [each] * 10
        np.testing.assert_array_equal(found[f"{part}_images"][:, 0, 0] % 10, found[f"{part}_classes"])


@pytest.mark.parametrize("n_train", [10, 1000, 5000])
def test_mnist_is_validated_on_its_own_test_set_and_only_training_labels_are_wrong(n_train: int) -> None:
    data = make_dataset("mnist", n_train=n_train, noise=0.0, label_noise=0.2, seed=6)
    images, classes, val_images, val_classes = load_mnist_small()
    number = {image.tobytes(): i for i, image in enumerate(images)}  # all differ
    val_number = {image.tobytes(): i for i, image in enumerate(val_images)}
    train = [number[(255 * x).round().astype(np.uint8).tobytes()] for x in data.train_x]
    val = [val_number[(255 * x).round().astype(np.uint8).tobytes()] for x in data.val_x]
    assert len(set(train)) == n_train
    assert sorted(val) == list(range(1000))
    assert (data.train_x.min(), data.train_x.max()) == (0, 1)
    np.testing.assert_array_equal(data.val_y, val_classes[val])
    np.testing.assert_array_equal(data.flipped, data.train_y != classes[train])
    assert data.flipped.sum() == n_train // 5
    assert len(set(classes[train])) == 10
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


# --- Labels ---


def test_a_replaced_label_is_any_other_class_alike() -> None:
    labels, flipped = flip_labels(np.arange(90_000) % 10, 0.5, 10, np.random.default_rng(7))
    shift = (labels - np.arange(90_000)) % 10
    counts = np.bincount(shift[flipped], minlength=10)
    assert counts[0] == 0
    # Chi-square with 8 degrees of freedom and a fixed seed: fails by chance once in 10,000.
    assert stats.chisquare(counts[1:]).pvalue > 1e-4
    # And who is changed does not depend on the class.
    assert stats.chisquare(np.bincount(np.arange(90_000)[flipped] % 10)).pvalue > 1e-4


# --- A table of your own ---


def numbered(x: Floats, y: Labels) -> Table:
    """A table whose first column is the row number."""
    x = np.column_stack([np.arange(len(y)), x])
    classes = tuple(str(number) for number in range(y.max() + 1))
    return Table(tuple(f"column {i}" for i in range(x.shape[1])), classes, "label", x, y)


def row_numbers(data: Dataset) -> tuple[Labels, Labels]:
    """Tell which rows of a numbered table are for training and which for validation: standardising keeps the order."""
    ranks = np.concatenate([data.train_x, data.val_x])[:, 0].argsort().argsort()
    return ranks[: len(data.train_x)], ranks[len(data.train_x) :]


def test_a_table_is_standardised_by_its_training_rows() -> None:
    table = numbered(EXAMPLE.x, EXAMPLE.y)
    data = make_dataset("csv", n_train=40, noise=0.0, label_noise=0.0, seed=8, table=table)
    train, val = row_numbers(data)
    assert sorted([*train, *val]) == list(range(60))
    mean, spread = table.x[train].mean(axis=0), table.x[train].std(axis=0)
    np.testing.assert_allclose(data.train_x, (table.x[train] - mean) / spread, atol=1e-6)
    np.testing.assert_allclose(data.val_x, (table.x[val] - mean) / spread, atol=1e-6)
    np.testing.assert_array_equal(data.train_y, table.y[train])
    np.testing.assert_array_equal(data.val_y, table.y[val])
    assert data.classes == table.classes
    assert data.features == table.features
    assert data.floor is None


def test_label_noise_in_a_table_changes_training_labels_only() -> None:
    clean = make_dataset("csv", n_train=40, noise=0.0, label_noise=0.0, seed=9, table=EXAMPLE)
    noisy = make_dataset("csv", n_train=40, noise=0.0, label_noise=0.25, seed=9, table=EXAMPLE)
    np.testing.assert_array_equal(clean.val_y, noisy.val_y)
    np.testing.assert_array_equal(noisy.flipped, clean.train_y != noisy.train_y)
    assert noisy.flipped.sum() == 10


@given(
    counts=st.lists(st.integers(2, 12), min_size=2, max_size=20).filter(lambda counts: sum(counts) >= 20),
    share=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_every_class_is_on_both_sides_of_the_split(counts: list[int], share: float, seed: int) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    table = numbered(np.zeros((len(y), 1)), y)
    fewest, most = train_bounds("csv", table)
    assert 2 <= fewest <= most < len(y)
    n_train = fewest + round(share * (most - fewest))
    data = make_dataset("csv", n_train=n_train, noise=0, label_noise=0, seed=seed, table=table)
    train, val = row_numbers(data)
    assert len(train) == n_train
    assert sorted([*train, *val]) == list(range(len(y)))
    assert set(data.train_y) == set(data.val_y) == set(range(len(counts)))


def test_constant_columns_and_wild_cells_stay_finite() -> None:
    x = np.full((40, 2), [0.1, 1e-200])  # the mean of forty 0.1 is not exactly 0.1, and 1e-200 squared is 0
    calm = numbered(x, np.arange(40) % 2)
    data = make_dataset("csv", n_train=20, noise=0, label_noise=0, seed=0, table=calm)
    np.testing.assert_allclose(data.train_x[:, 1:], 0, atol=1e-6)
    np.testing.assert_allclose(data.val_x[:, 1:], 0, atol=1e-6)

    # A row that is only validated on holds the largest numbers that a file may hold.
    wild_row = row_numbers(data)[1][0]
    x[wild_row] = [1e30, -1e30]
    wild = make_dataset("csv", n_train=20, noise=0, label_noise=0, seed=0, table=numbered(x, calm.y))
    np.testing.assert_array_equal(wild.train_x, data.train_x)
    assert wild.val_x[0, 1:].tolist() == [1000, -1000]
    assert np.isfinite(wild.val_x).all()


# --- All of them ---


@pytest.mark.parametrize("name", DATASETS)
def test_shapes_types_and_names(name: str) -> None:
    table = EXAMPLE if name == "csv" else None
    data = make_dataset(name, n_train=40, noise=0.25, label_noise=0.1, seed=0, table=table)
    n, d, c = 40, len(data.features), len(data.classes)
    m = len(data.val_y)
    assert data.name == name
    assert (data.train_x.shape, data.train_y.shape, data.flipped.shape) == ((n, d), (n,), (n,))
    assert data.val_x.shape == (m, d)
    assert m == {"digits": 1757, "csv": 20}.get(name, 1000)
    assert data.train_x.dtype == data.val_x.dtype == np.float32
    assert data.train_y.dtype == data.val_y.dtype == np.int64
    assert data.flipped.dtype == np.bool_
    assert set(data.train_y) | set(data.val_y) <= set(range(c))
    assert (data.floor is None) == (name in ("digits", "mnist", "csv"))


@pytest.mark.parametrize("name", DATASETS)
def test_the_seed_decides(name: str) -> None:
    table = EXAMPLE if name == "csv" else None
    one, same, other = (
        make_dataset(name, n_train=40, noise=0.25, label_noise=0.1, seed=seed, table=table) for seed in (1, 1, 2)
    )
    for part in ("train_x", "train_y", "flipped", "val_x", "val_y"):
        np.testing.assert_array_equal(getattr(one, part), getattr(same, part))
    for part in ("train_x", "flipped", "val_x"):
        assert not np.array_equal(getattr(one, part), getattr(other, part))


def test_making_data_leaves_the_source_as_it_was() -> None:
    before = EXAMPLE.x.copy(), EXAMPLE.y.copy(), load_digits()[1].copy()
    for name in ("digits", "csv"):
        make_dataset(name, n_train=40, noise=0, label_noise=0.5, seed=0, table=EXAMPLE)
    np.testing.assert_array_equal(EXAMPLE.x, before[0])
    np.testing.assert_array_equal(EXAMPLE.y, before[1])
    np.testing.assert_array_equal(load_digits()[1], before[2])


@pytest.mark.parametrize("name", DATASETS)
def test_the_bounds_are_reached_and_not_passed(name: str) -> None:
    table = EXAMPLE if name == "csv" else None
    fewest, most = train_bounds(name, table)
    for n_train in (fewest, most):
        data = make_dataset(name, n_train=n_train, noise=0.25, label_noise=0.5, seed=0, table=table)
        assert len(data.train_y) == n_train
        assert len(data.val_y) > 0
    for n_train in (fewest - 1, most + 1):
        with pytest.raises(ValueError, match=f"n_train must be between {fewest} and {most} for {name}, got {n_train}"):
            make_dataset(name, n_train=n_train, noise=0.25, label_noise=0.1, seed=0, table=table)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "moon"}, "dataset must be one of moons, circles, spirals, digits, mnist, csv, got 'moon'"),
        ({"name": "csv"}, "table must be given for the data set csv"),
        ({"noise": -0.1}, "noise must be between 0 and 10, got -0.1"),
        ({"noise": math.nan}, "noise must be between 0 and 10, got nan"),
        ({"noise": math.inf}, "noise must be between 0 and 10, got inf"),
        ({"label_noise": -0.1}, "label_noise must be between 0 and 0.5, got -0.1"),
        ({"label_noise": 0.51}, "label_noise must be between 0 and 0.5, got 0.51"),
        ({"label_noise": math.nan}, "label_noise must be between 0 and 0.5, got nan"),
        ({"seed": -1}, "seed must be 0 or more, got -1"),
    ],
)
def test_bad_arguments_are_named(wrong: dict[str, object], message: str) -> None:
    good: dict[str, object] = {"name": "moons", "n_train": 100, "noise": 0.25, "label_noise": 0.1, "seed": 0}
    with pytest.raises(ValueError, match=message):
        make_dataset(**(good | wrong))  # type: ignore[arg-type]
