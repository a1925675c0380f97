"""When does dropout stop helping? The same small GPT, learning from 250 to 20,000 sentences, with four dropout rates.

Everything but the number of sentences and p is the same: the network, the number of steps, the learning rate, the
validation sentences. A seed draws its sentences in one order, so its 500 sentences are the first half of its 1,000. Its
runs with different p learn from the same sentences, so dropout makes the difference between two of them.

`scripts/measure_data_size.py` makes the runs, each a `Trial` of `lib.studies.data_size_trial`, and data/data_size.csv
holds the results. This module reads them and sums them up, without PyTorch; `crossing` finds where the curves cross.

>>> points = load_points()
>>> sorted({point.p for point in points})
[0.0, 0.1, 0.3, 0.5]
"""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

from lib.statistics.comparison import NEGLIGIBLE_LOSS, paired_interval

PATH = Path(__file__).resolve().parents[2] / "data" / "data_size.csv"
SIZES = (250, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
STUDIED_RATES = (0.0, 0.1, 0.3, 0.5)
SEEDS = (0, 1, 2)
STEPS = 1_500


@dataclass(frozen=True)
class Point:
    """How one run ended.

    `train_loss` and `val_loss` are nats per word after the last step, dropout off; `best_val_loss` is the lowest
    validation loss among the records, one every 100 steps, and `best_step` is its step: where early stopping would have
    stopped.
    """

    sentences: int
    p: float
    seed: int
    steps: int
    best_step: int
    best_val_loss: float
    train_loss: float
    val_loss: float


def load_points(path: Path = PATH) -> list[Point]:
    """Read the points of a file that `append_point` wrote; an empty list if there is no file.

    Raises:
        ValueError: a line is not a point; the error names it.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        points = []
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                points.append(Point(**{each.name: each.type(row[each.name]) for each in fields(Point)}))  # type: ignore[operator]
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"line {line} of {path.name} must be a point, but is {row}") from error
    return sorted(points, key=lambda point: (point.sentences, point.p, point.seed))


def append_point(point: Point, path: Path = PATH) -> None:
    """Append one point; the first one is preceded by the names of the columns."""
    names = [each.name for each in fields(Point)]
    is_first = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_first:
            writer.writerow(names)
        writer.writerow([f"{value:.5g}" if isinstance(value, float) else value for value in vars(point).values()])


@dataclass(frozen=True)
class Difference:
    """The loss with dropout minus without, at one size: the mean over the seeds that have both, and its 95% interval
    (-inf to inf with a single seed)."""

    sentences: int
    p: float
    mean: float
    low: float
    high: float
    seeds: int


def differences(points: Iterable[Point], p: float, column: str = "val_loss") -> list[Difference]:
    """How dropout p changed a loss, a column of `Point`, at every size, smallest first; runs are paired by seed.

    >>> runs = [Point(250, p, seed, 10, 10, 2.0, 1.0, loss) for p, seed, loss in
    ...         ((0.0, 0, 3.0), (0.3, 0, 2.0), (0.0, 1, 3.2), (0.3, 1, 2.0))]
    >>> differences(runs, 0.3)[0].mean
    -1.1
    """
    losses = {(point.sentences, point.seed, point.p): getattr(point, column) for point in points}
    result = []
    for size in sorted({size for size, _seed, _p in losses}):
        pairs = [
            losses[size, seed, p] - losses[size, seed, 0.0]
            for each, seed, rate in sorted(losses)
            if each == size and rate == p and (size, seed, 0.0) in losses
        ]
        if pairs:
            result.append(Difference(size, p, sum(pairs) / len(pairs), *paired_interval(pairs), len(pairs)))
    return result


@dataclass(frozen=True)
class Crossing:
    """Where a curve with dropout meets the one without; sizes, or None where it does not happen in the measured range.

    A place between two sizes lies on the straight line between their mean differences, over the logarithm of the size.

    Attributes:
        p: the dropout rate.
        helps_from: where the difference falls below zero for the first time, if it is above at the smallest size: with
            fewer sentences dropout hurts.
        sentences: where it rises above zero for the last time: with more sentences dropout hurts.
        fades: where the gain falls below `NEGLIGIBLE_LOSS` for the last time: with more it is none that matters.
        first, last: the differences at the smallest and the largest size.
    """

    p: float
    helps_from: float | None
    sentences: float | None
    fades: float | None
    first: Difference
    last: Difference


def crossing(points: Iterable[Point], p: float, column: str = "val_loss") -> Crossing:
    """Find where dropout p begins to lower a loss, a column of `Point`, and where it stops.

    Raises:
        ValueError: there is no pair of runs for this p.

    >>> runs = [Point(size, p, 0, 10, 10, 2.0, 1.0, loss) for size, p, loss in
    ...         ((100, 0.0, 3.0), (100, 0.3, 2.0), (10_000, 0.0, 1.5), (10_000, 0.3, 2.5))]
    >>> round(crossing(runs, 0.3).sentences)
    1000
    """
    found = differences(points, p, column)
    if not found:
        raise ValueError(f"p must be a rate with measured runs, but is {p}")
    rises = [_between(*pair, 0.0) for pair in pairwise(found) if pair[0].mean < 0 <= pair[1].mean]
    falls = [_between(*pair, 0.0) for pair in pairwise(found) if pair[1].mean < 0 <= pair[0].mean]
    small = -NEGLIGIBLE_LOSS
    fades = [_between(*pair, small) for pair in pairwise(found) if pair[0].mean < small <= pair[1].mean]
    return Crossing(
        p,
        helps_from=falls[0] if falls and found[0].mean >= 0 else None,
        sentences=rises[-1] if rises else None,
        fades=fades[-1] if fades else None,
        first=found[0],
        last=found[-1],
    )


def _between(left: Difference, right: Difference, level: float) -> float:
    """The size at which the line between two differences has this level."""
    share = (level - left.mean) / (right.mean - left.mean)
    return math.exp((1 - share) * math.log(left.sentences) + share * math.log(right.sentences))


def means(points: Sequence[Point], p: float, column: str = "val_loss") -> list[tuple[int, float, float, float]]:
    """Size, mean, lowest and highest over the seeds of a column of `Point`, smallest size first.

    >>> means([Point(250, 0.0, seed, 10, 10, 2.0, 1.0, loss) for seed, loss in ((0, 3.0), (1, 4.0))], 0.0)
    [(250, 3.5, 3.0, 4.0)]
    """
    rows = []
    for size in sorted({point.sentences for point in points if point.p == p}):
        values = [getattr(point, column) for point in points if point.p == p and point.sentences == size]
        rows.append((size, sum(values) / len(values), min(values), max(values)))
    return rows
