"""What a link to the Today page repeats."""

from dataclasses import dataclass

from lib.studies.data_size import SIZES, STUDIED_RATES
from lib.studies.digits_figures import FIGURE_10_SIZES, LABEL_NOISE
from lib.studies.facts import load_facts
from lib.studies.paper_mnist import FIGURES
from lib.web.elements.settings import choice, flag, number, text

# The page in seven parts, each with a picture and its controls: what happened, who does it, where, and when it helps.
PARTS = ("history", "models", "places", "data", "paper", "schedules", "instead")


@dataclass(frozen=True)
class Settings:
    """Everything on this page that a link repeats; each part uses its own."""

    part: str = choice("history", PARTS)
    seed: int = number(0, 0, 9999, 1)
    # history
    event: str = choice(load_facts().events[0].id, [event.id for event in load_facts().events])
    # models
    die: str = choice("learn", ("learn", "tune", "speak"))
    show: str = choice("all", ("all", "with", "without", "silent"))
    kind: str = choice("any", ("any", "paper", "code", "card"))
    # places
    mode: str = choice("train", ("train", "eval"))
    emb: bool = flag(True)
    att: bool = flag(True)
    proj: bool = flag(True)
    mlp: bool = flag(True)
    p: float = number(0.3, 0.0, 1.0, 0.05)
    text: str | None = text(200)  # the sentence that the block reads
    block: int = choice(1, (1, 2))
    n: int = choice(50, (10, 25, 50, 100))
    # data
    loss: str = choice("end", ("end", "best", "training"))
    size: int = choice(500, SIZES)
    rate: float = choice(0.3, STUDIED_RATES)
    # paper
    fig: int = choice(4, FIGURES)
    images: str = choice("mnist", ("mnist", "digits"))
    flips: float = choice(LABEL_NOISE[0], LABEL_NOISE)
    digits: int = choice(500, FIGURE_10_SIZES)
    drop: float = number(0.5, 0.05, 0.9, 0.05)
    # schedules and instead
    toy: str = choice("moons", ("moons", "digits"))
    few: int = choice(100, (50, 100, 200, 500, 1000))
    curves: str = choice("validation", ("validation", "training"))
    peak: float = number(0.5, 0.05, 0.9, 0.05)
    switch: float = number(0.5, 0.1, 0.9, 0.1)
    decay: float = choice(0.3, (0.01, 0.1, 0.3, 1.0, 3.0))
    times: int = choice(10, (2, 5, 10))
