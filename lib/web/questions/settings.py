"""What a link to the page of questions repeats."""

from dataclasses import dataclass

from lib.questions.threads import THREADS
from lib.web.elements.settings import choice, flag, number, text


@dataclass(frozen=True)
class Settings:
    """Everything on this page that a link repeats."""

    question: str = choice(next(iter(THREADS)), tuple(THREADS))
    shown: bool = flag(False)  # the experiment, before anybody has guessed
    seed: int = number(0, 0, 9999, 1)
    find: str | None = text(60)  # only questions with these words are in the list
