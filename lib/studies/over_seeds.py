"""The results of a study as a curve: at each place the mean over the seeds, and how far they lie apart."""

from collections.abc import Iterable
from typing import Any


def over_seeds(values: Iterable[Any], *, over: str, **where: object) -> list[tuple[float, float, float, float]]:
    """Rows of x, mean, lowest and highest, sorted by x.

    Each of ``values`` has a number ``value``; ``over`` names the attribute that is x, and the seed is what else differs
    between those that are left by ``where``, the attributes that are given.

    >>> from types import SimpleNamespace
    >>> values = [SimpleNamespace(p=p, seed=seed, value=p + seed) for p in (0.5, 0.0) for seed in (0, 1)]
    >>> over_seeds(values, over="p"), over_seeds(values, over="p", seed=1)
    ([(0.0, 0.5, 0.0, 1.0), (0.5, 1.0, 0.5, 1.5)], [(0.0, 1.0, 1.0, 1.0), (0.5, 1.5, 1.5, 1.5)])
    """
    found: dict[float, list[float]] = {}
    for each in values:
        if all(getattr(each, name) == wanted for name, wanted in where.items()):
            found.setdefault(getattr(each, over), []).append(each.value)
    return [(x, sum(all_) / len(all_), min(all_), max(all_)) for x, all_ in sorted(found.items())]
