"""The questions of the quiz: a file of prose, ``content/<language>/quiz.md``, and each of its sections is a question.

A section begins with the page whose picture shows the answer and its settings, as a link says them. Then come the
question, its options, of which one is right, and why:

    ## after-training
    `dropout?mode=eval`

    **Training is over. How many neurons take part?**

    - [ ] Half of them
    - [x] All of them

    No die is rolled any more.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lib.web.frame.language import ROOT, folder_of, read_sections
from lib.web.frame.steps import LessonError, step_in

FEWEST, MOST = 2, 4  # options
_OPTION = re.compile(r"- \[([ x])\] (.+)\n")
_PARTS = re.compile(r"(?P<text>.+?)\n\n(?P<options>(?:- \[[ x]\] [^\n]+\n)+)\n(?P<why>.+)", re.DOTALL)


class QuestionError(ValueError):
    """A file of questions has a section that is no question."""


@dataclass(frozen=True)
class Question:
    """One question: its name; the page that shows the answer, and the settings that are not at their default; what is
    asked; the options in their order, and which of them is right, from 0; and why."""

    name: str
    page: str
    settings: Mapping[str, str]
    text: str
    options: tuple[str, ...]
    right: int
    why: str


def question_in(name: str, section: str) -> Question:
    """The question that a section describes.

    Raises:
        QuestionError: it does not begin with a page, has too few or too many options, not exactly one right one, or
            does not say why.

    >>> section = "`dropout?mode=eval`\\n\\n**How many play?**\\n\\n- [ ] Half\\n- [x] All\\n\\nNo die is rolled."
    >>> question = question_in("after-training", section)
    >>> question.page, question.settings, question.text, question.options, question.right, question.why
    ('dropout', {'mode': 'eval'}, 'How many play?', ('Half', 'All'), 1, 'No die is rolled.')
    """
    try:
        step = step_in(section)
    except LessonError:
        raise QuestionError(
            f"a question begins with the page that shows the answer, `dropout?p=0.9` say, not with {section[:40]!r}"
        ) from None
    parts = _PARTS.fullmatch(step.text)
    if parts is None:
        raise QuestionError(
            "after the page come the question, its options, each a line with “- [ ]” or “- [x]” before it, and why; "
            "an empty line parts them"
        )
    marks, options = zip(*_OPTION.findall(parts["options"]), strict=True)
    if not FEWEST <= len(options) <= MOST:
        raise QuestionError(f"a question has {FEWEST} to {MOST} options, not {len(options)}")
    if marks.count("x") != 1:
        raise QuestionError(f"one option is the right one, “- [x]”, not {marks.count('x')}")
    text = parts["text"].removeprefix("**").removesuffix("**")
    return Question(name, step.page, step.settings, text, options, marks.index("x"), parts["why"])


@functools.cache  # one for each language, 20 kB
def questions(language: str) -> tuple[Question, ...]:
    """The questions, in this language as far as they are translated.

    Raises:
        QuestionError: a section of the file is no question.

    >>> questions("en")[0].text
    'When does each of the two dice roll?'
    """
    translated = _read(_file(language))
    return tuple(translated.get(name, question) for name, question in _read(_file("en")).items())


def _file(language: str) -> Path:
    return ROOT / "content" / folder_of(language) / "quiz.md"


def _read(path: Path) -> dict[str, Question]:
    found = {}
    for name, (text, _mark) in read_sections(path).items() if path.exists() else ():
        try:
            found[name] = question_in(name, text)
        except QuestionError as error:
            raise QuestionError(f"{path.relative_to(ROOT)}, section {name}: {error}") from None
    return found
