"""What a link to the quiz repeats."""

from dataclasses import dataclass

from lib.web.elements.settings import number
from lib.web.quiz.questions import questions


@dataclass(frozen=True)
class Settings:
    """Everything on this page that a link repeats."""

    q: int = number(1, 1, len(questions("en")) + 1, 1)  # which question; after the last comes the score
