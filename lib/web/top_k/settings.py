"""What a link to the Top-k page repeats."""

import functools
from dataclasses import dataclass

from lib.sampling_settings import SamplingSettings
from lib.web.elements.settings import choice, flag, number, text

FEW = (*range(1, 21), 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500)

LONGEST = 200  # characters that anyone may type


@dataclass(frozen=True)
class Opening:
    """What the page opens with. After ``helps`` the model gives impossible words some probability, and a cut at ``k``
    takes exactly those away. After ``hurts`` the same cut takes away good words (scripts/find_beginnings.py)."""

    helps: str | None = None
    hurts: str | None = None
    k: int = 15


OPENINGS = {  # by the storybook's language
    "en": Opening("the lamb ate", "after supper the"),
    "de": Opening("Paul fand im Schloss eine", "nach dem Regen"),
    "es": Opening("había un erizo en el", "por la mañana", k=8),
    "fr": Opening("la chèvre gambada dans la", "un jour le", k=5),
    "ja": Opening("お父さんが植木ばちに", "うさぎは", k=6),
    "zh-Hant": Opening("小馬送給大野狼", "阿嬤在", k=5),
}


@dataclass(frozen=True)
class Settings:
    """Everything on the Top-k page that a link repeats."""

    text: str | None = text(LONGEST)  # what the sentence begins with
    k: int = choice(Opening.k, FEW)
    temp: float = number(1.0, 0.1, 3.0, 0.1)
    top_p: float = number(1.0, 0.05, 1.0, 0.05)
    min_p: float = number(0.0, 0.0, 0.5, 0.01)
    p: float = choice(0.3, (0.0, 0.3))
    all: bool = flag(False)
    seed: int = number(0, 0, 9999, 1)
    n: int = choice(100, (1, 100, 10000))
    tell: bool = flag(False)


@functools.cache  # one for each storybook
def settings_for(V: int, opening: int = Opening.k) -> type[Settings]:
    """The settings for a storybook of V words: the page opens with k = ``opening``; the last choice is all words."""
    choices = (*(each for each in FEW if each < V), V)

    @dataclass(frozen=True)
    class OfStorybook(Settings):
        k: int = choice(opening, choices)

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
