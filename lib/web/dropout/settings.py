"""What a link to the Dropout page repeats, and the passes that its settings ask for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lib.pictured_network import PICTURED_DATA, TRAINED_RATES, PassSettings
from lib.web.elements.settings import choice, flag, number, text

LONGEST = 120  # characters: all hidden neurons fit


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
    out: str | None = text(LONGEST)  # neurons that are benched by hand: "1.3 2.16" as layer.neuron, counted from 1


def passes_of(settings: Settings, sizes: Sequence[int] = ()) -> PassSettings:
    """The passes that these settings ask for, in a network with layers of these sizes.

    >>> passes_of(Settings(p=0.3, each=True)).rates, passes_of(Settings(p=0.3)).rates
    ((0.0, 0.3, 0.5), (0.0, 0.3, 0.3))
    """
    return PassSettings(
        rates=(settings.p_in, settings.p, settings.p2 if settings.each else settings.p),
        training=settings.mode == "train",
        scaling="inverted" if settings.scale == "inverted" else "at_test",
        passes=settings.n,
        seed=settings.seed,
        benched=benched_in(settings.out or "", sizes),
    )


def benched_in(text: str, sizes: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The hidden neurons that somebody has benched by hand, as (layer, unit); what is none is left out.

    >>> benched_in("1.3 2.16 1.99 x", (64, 16, 16, 10))
    ((1, 2), (2, 15))
    """
    neurons = {(int(layer), int(unit) - 1) for layer, unit in re.findall(r"\b(\d)\.(\d{1,3})\b", text, re.ASCII)}
    return tuple(sorted((i, j) for i, j in neurons if 1 <= i < len(sizes) - 1 and 0 <= j < sizes[i]))


def bench_or_bring_back(text: str, layer: int, unit: int, sizes: Sequence[int]) -> str:
    """The text after somebody has tapped a neuron.

    >>> bench_or_bring_back("1.3", 2, 0, (64, 16, 16, 10)), bench_or_bring_back("1.3 2.1", 1, 2, (64, 16, 16, 10))
    ('1.3 2.1', '2.1')
    """
    neurons = sorted(set(benched_in(text, sizes)) ^ set(benched_in(f"{layer}.{unit + 1}", sizes)))
    return " ".join(f"{i}.{j + 1}" for i, j in neurons)
