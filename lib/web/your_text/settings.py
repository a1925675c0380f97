"""What a link to the Your text page repeats: everything but the text, which stays in the session."""

from dataclasses import dataclass

from lib.own_text import MOST_DIFFERENT, UNITS
from lib.web.elements.settings import choice, number


@dataclass(frozen=True)
class Settings:
    """Everything on this page that a link repeats."""

    source: str = choice("story", ("story", "paste", "file"))
    unit: str = choice("auto", ("auto", *UNITS))
    p: float = number(0.3, 0.05, 0.7, 0.05)
    seed: int = number(0, 0, 9999, 1)
    k: int = choice(10, (1, 3, 10, 50, MOST_DIFFERENT))
    temp: float = number(1.0, 0.2, 2.0, 0.1)
    say: int = number(0, 0, 9999, 1)
