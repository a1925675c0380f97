"""What the server keeps: scales that weigh right, figures that are drawn once, and a paper that names every cache."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lib.web.elements import drawn_once as figures
from lib.web.elements.drawn_once import drawn_once
from scripts.measure_caches import weigh

ROOT = Path(__file__).resolve().parents[2]


def test_numbers_are_weighed_once_however_many_look_at_them():
    numbers = np.zeros(1_000_000)  # 8 MB
    views = [numbers, numbers[:10], torch.from_numpy(numbers), torch.from_numpy(numbers)[5:]]
    assert 8 <= weigh(numbers) < 8.001
    assert 8 <= weigh(views) < 8.01
    assert 8 <= weigh({"a": (each for each in views)}) < 8.01  # what a generator holds counts
    assert weigh(views, shared=[numbers]) < 0.01
    assert 8 <= weigh(torch.zeros(2_000_000)) < 8.01


class Drawing:
    """Counts how often it is drawn."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, values: object, *, label: str) -> dict[str, Any]:
        self.drawn += 1
        return {"data": [], "layout": {"title": {"text": f"{label} {values}"}}}


def test_a_figure_is_drawn_once_for_the_same_numbers_and_words():
    draw = Drawing()
    first = drawn_once(draw, np.arange(3.0), label="loss")
    assert drawn_once(draw, np.arange(3.0), label="loss") is first
    assert drawn_once(draw, np.arange(3.0), label="perte") is not first
    assert drawn_once(draw, np.arange(4.0), label="loss") is not first
    assert draw.drawn == 3
    assert drawn_once(Drawing(), np.arange(3.0), label="loss") is not first


def test_figures_are_kept_but_not_without_bound():
    draw = Drawing()
    for i in range(figures.MOST + 1):
        drawn_once(draw, i, label="")
    drawn_once(draw, figures.MOST, label="")
    assert draw.drawn == figures.MOST + 1
    drawn_once(draw, 0, label="")  # the one not asked for longest
    assert draw.drawn == figures.MOST + 2


def test_every_cache_with_room_for_several_has_a_bound():
    """A cached function with parameters says how many results it keeps, unless its comment says why it cannot grow."""
    cache = re.compile(
        r"^@(?:functools\.)?(?:st\.)?(cache\w*|lru_cache)\b(.*)\n(?:@.*\n)*def (\w+)\((.*)\)", re.MULTILINE
    )
    found = 0
    for path in (ROOT / "lib").rglob("*.py"):
        for kind, rest, name, parameters in cache.findall(path.read_text(encoding="utf-8")):
            found += 1
            bounded = "max_entries=" in rest or "maxsize=" in rest or "#" in rest
            assert bounded or not parameters, (path.name, kind, name)
    assert found > 15
