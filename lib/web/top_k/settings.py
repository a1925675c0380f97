"""What a link to the Top-k page repeats."""

import functools
from dataclasses import dataclass

from lib.sampling_settings import SamplingSettings
from lib.web.elements.settings import choice, flag, number, text

FEW = (*range(1, 21), 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500)

LONGEST = 200  # characters that anyone may type

# What the page opens with, by the storybook's language. After the first beginning the model gives impossible words some
# probability, and the cut takes exactly those away. After the second the same cut takes away good words.
K = 15
CUT_HELPS = {"en": "the lamb ate"}
CUT_HURTS = {"en": "after supper the"}


@dataclass(frozen=True)
class Settings:
    """Everything on the Top-k page that a link repeats."""

    text: str | None = text(LONGEST)  # what the sentence begins with
    k: int = choice(K, FEW)
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
        k: int = choice(K, (*(k for k in FEW if k < V), V))

    return OfStorybook


def sampling_of(settings: Settings, V: int) -> SamplingSettings:
    """How the next of V words is drawn. A cut that cuts nothing is none.

    >>> sampling_of(Settings(k=5, min_p=0.1), V=670)
    SamplingSettings(temperature=1.0, top_k=5, top_p=None, min_p=0.1)
    """
    return SamplingSettings(
        temperature=settings.temp,
        top_k=settings.k if settings.k < V else None,
        top_p=settings.top_p if settings.top_p < 1 else None,
        min_p=settings.min_p or None,
    )
