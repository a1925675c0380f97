"""Logits of every odd kind, for tests of what cuts and draws."""

import math

import numpy as np

INF = math.inf


def odd_logits(V: int, rng: np.random.Generator) -> np.ndarray:
    """Rows that are random, steep, tied in a few levels, flat, one-hot, two-hot, and partly impossible."""
    random = rng.normal(0, 2, V)
    holes = random.copy()
    holes[rng.random(V) < 0.7] = -INF
    holes[rng.integers(V)] = 0.5
    only_one = np.full(V, -INF)
    only_one[rng.integers(V)] = -3.0
    one_hot = np.zeros(V)
    one_hot[rng.integers(V)] = 30.0
    underflow = np.where(rng.random(V) < 0.5, -2000.0, random)
    underflow[0] = 0.0
    levels = rng.integers(0, 4, V).astype(float)
    return np.stack([random, random * 10, levels, np.zeros(V), np.full(V, -7.5), one_hot, holes, only_one, underflow])
