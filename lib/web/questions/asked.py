"""The questions as the prose has them, content/<language>/questions.md, and those among them that have some words.

A question has three sections: itself, as in the quiz; "-tried", what is tried and what its rows are called; and "-yes",
the verdict where the numbers bear the answer out.
"""

import re
import unicodedata

from lib.questions.threads import THREADS
from lib.web.frame.language import prose
from lib.web.quiz.questions import Question, question_in

_ROW = re.compile(r"^- (.+)$", re.MULTILINE)


def asked(name: str) -> Question:
    """The question of this name in the person's language.

    >>> asked("top_k_50").text
    'Why is `top_k = 50` the default?'
    """
    return question_in(name, prose("questions", name))


def rows_of(name: str) -> list[str]:
    """What the rows of the experiment's result are called, in their order.

    >>> rows_of("drop_or_keep")
    ['as in `nn.Dropout`', 'as in the paper of 2014']
    """
    return _ROW.findall(prose("questions", f"{name}-tried"))


def tried(name: str, **setup: str) -> str:
    """What is tried, without the names of the rows."""
    return _ROW.sub("", prose("questions", f"{name}-tried", **setup)).strip()


def found(words: str) -> list[str]:
    """The names of the questions that have all of these words: in the question, a guess, the answer, or what is tried.

    Upper case and accents do not count, and a part of a word will do.

    >>> found("SOFTMAX row"), found("no such words"), len(found("")) == len(THREADS)
    (['empty_row'], [], True)
    """
    wanted = _folded(words).split()
    return [name for name in THREADS if all(word in _text_of(name) for word in wanted)]


def _text_of(name: str) -> str:
    question = asked(name)
    return _folded(" ".join((question.text, *question.options, question.why, prose("questions", f"{name}-tried"))))


def _folded(text: str) -> str:
    """Letters without accents, all of them small."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()
