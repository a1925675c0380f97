"""What is copied, compared with looking at every run of every length."""

import numpy as np
import pytest

from lib.copying import Text, copied, copied_runs


def brute_force(passage: list[int], text: list[list[int]]) -> set[tuple[int, int]]:
    def stands(run: list[int]) -> bool:
        return any(run == row[i : i + len(run)] for row in text for i in range(len(row) - len(run) + 1))

    n = len(passage)
    found = [(a, b) for a in range(n) for b in range(a + 1, n + 1) if stands(passage[a:b])]
    return {(a, b) for a, b in found if not any((c <= a and b <= d) and (c, d) != (a, b) for c, d in found)}


@pytest.mark.parametrize("seed", range(20))
def test_the_runs_are_those_that_cannot_be_made_longer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    text = [rng.integers(0, 4, rng.integers(1, 12)).tolist() for _ in range(6)]
    passages = [rng.integers(0, 5, rng.integers(0, 15)).tolist() for _ in range(10)]
    known = Text(text)
    for passage in passages:
        assert set(copied_runs(passage, known)) == brute_force(passage, text)
    found = copied(passages, known, n=3)
    runs = [run for passage in passages for run in brute_force(passage, text)]
    assert found.longest == max((stop - start for start, stop in runs), default=0)
    grams = [passage[i : i + 3] for passage in passages for i in range(len(passage) - 2)]
    inside = [any(gram == row[i : i + 3] for row in text for i in range(len(row) - 2)) for gram in grams]
    assert found.share == pytest.approx(np.mean(inside))


def test_nothing_written_has_nothing_copied() -> None:
    assert copied([[], [1]], Text([[1, 2]]), n=2).share == 0
    assert copied([], Text([]), n=2).longest == 0
