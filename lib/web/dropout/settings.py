"""What a link to the Dropout page repeats, and the passes that its settings ask for."""

from dataclasses import dataclass

from lib.pictured_network import PICTURED_DATA, TRAINED_RATES, PassSettings
from lib.web.elements.settings import choice, flag, number


@dataclass(frozen=True)
class Settings:
    """Everything on this page that a link repeats."""

    p: float = number(0.5, 0.0, 1.0, 0.05)
    p_in: float = number(0.0, 0.0, 1.0, 0.05)
    each: bool = flag(False)  # does the second hidden layer have a p of its own?
    p2: float = number(0.5, 0.0, 1.0, 0.05)
    mode: str = choice("train", ("train", "eval"))
    scale: str = choice("inverted", ("inverted", "at-test"))
    x: int = choice(1, tuple(range(16)))  # a digit on which the passes differ from the first on
    data: str = choice("digits", PICTURED_DATA)
    net: float = choice(0.5, TRAINED_RATES)
    n: int = choice(100, (10, 25, 50, 100, 200, 500, 1000))
    seed: int = number(0, 0, 9999, 1)
    layer: str = choice("hidden1", ("input", "hidden1", "hidden2"))
    at: int = number(1, 1, 1000, 1)


def passes_of(settings: Settings) -> PassSettings:
    """The passes that these settings ask for.

    >>> passes_of(Settings(p=0.3, each=True)).rates, passes_of(Settings(p=0.3)).rates
    ((0.0, 0.3, 0.5), (0.0, 0.3, 0.3))
    """
    return PassSettings(
        rates=(settings.p_in, settings.p, settings.p2 if settings.each else settings.p),
        training=settings.mode == "train",
        scaling="inverted" if settings.scale == "inverted" else "at_test",
        passes=settings.n,
        seed=settings.seed,
    )
