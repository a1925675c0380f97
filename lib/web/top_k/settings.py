"""What a link to the Top-k page repeats."""

import functools
from dataclasses import dataclass

from lib.web.elements.controls import choice, flag, number

FEW = (*range(1, 21), 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500)


@dataclass(frozen=True)
class Settings:
    """Everything on the Top-k page that a link repeats, but for the beginning of the sentence (``text``)."""

    k: int = choice(50, FEW)
    temp: float = number(1.0, 0.1, 3.0, 0.1)
    top_p: float = number(1.0, 0.05, 1.0, 0.05)
    min_p: float = number(0.0, 0.0, 0.5, 0.01)
    p: float = choice(0.3, (0.0, 0.3))
    all: bool = flag(False)
    seed: int = number(0, 0, 9999, 1)
    n: int = choice(100, (1, 100, 10000))
    tell: bool = flag(False)


@functools.cache  # one for each storybook
def settings_for(V: int) -> type[Settings]:
    """The settings for a storybook of V words: the last choice for k is all of them."""

    @dataclass(frozen=True)
    class OfStorybook(Settings):
        k: int = choice(50, (*(k for k in FEW if k < V), V))

    return OfStorybook
