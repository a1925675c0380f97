"""Lessons in steps: each is a file of prose, ``content/<language>/lessons/<name>.md``, and its sections are the steps.

A section begins with the page that the step opens and its settings, as a link says them; what follows is said there:

    ## bench
    `dropout?p=0.9`

    **Bench nine in ten.** Very little is left to answer with.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from lib.web.frame.language import LANGUAGES, ROOT, folder_of, read_sections

_NAME = re.compile(r"[a-z0-9_-]{1,60}")
_OPENS = re.compile(r"`(?P<page>\w+)(?:\?(?P<query>[^`]*))?`\n(?P<text>.*)", re.DOTALL)


class LessonError(ValueError):
    """A file of a lesson has a section that is no step."""


@dataclass(frozen=True)
class Step:
    """One step of a lesson: the page that it opens, the settings that are not at their default, and what is said."""

    page: str
    settings: Mapping[str, str]
    text: str


def step_in(section: str) -> Step:
    """The step that a section of a lesson describes.

    Raises:
        LessonError: it does not begin with the page that it opens.

    >>> step_in("`dropout?p=0.9&mode=eval`\\n\\n**Bench nine in ten.** Little is left.")
    Step(page='dropout', settings={'p': '0.9', 'mode': 'eval'}, text='**Bench nine in ten.** Little is left.')
    """
    found = _OPENS.match(section)
    if found is None:
        raise LessonError(f"a step begins with the page that it opens, `dropout?p=0.9` say, not with {section[:40]!r}")
    return Step(found["page"], dict(parse_qsl(found["query"] or "")), found["text"].strip())


def has_path(page: str) -> bool:
    """Whether there is a lesson of the page's own. (Its file may have a mistake: nobody reads it here.)"""
    return _file(page, "en").exists()


def steps_of(lesson: str, language: str) -> tuple[Step, ...]:
    """The steps of a lesson, in this language as far as it is translated; none where there is no such lesson.

    Raises:
        LessonError: a section of its file is no step.
    """
    if not _NAME.fullmatch(lesson):
        return ()
    # English says which steps there are, or else the language that the lesson is written in.
    written = next((steps for each in ("en", *LANGUAGES) if (steps := _read(_file(lesson, each)))), {})
    translated = _read(_file(lesson, language))
    return tuple(translated.get(name, step) for name, step in written.items())


def _file(lesson: str, language: str) -> Path:
    return ROOT / "content" / folder_of(language) / "lessons" / f"{lesson}.md"


def _read(path: Path) -> dict[str, Step]:
    return _read_at(path, path.stat().st_mtime_ns) if path.exists() else {}


@functools.lru_cache(maxsize=100)  # of some 2 kB each
def _read_at(path: Path, _changed: int) -> dict[str, Step]:
    """The steps in a file. It is read again when it has changed: a teacher writes and looks, and restarts nothing."""
    steps = {}
    for name, (text, _mark) in read_sections(path).items():
        try:
            steps[name] = step_in(text)
        except LessonError as error:
            raise LessonError(f"{path.relative_to(ROOT)}, section {name}: {error}") from None
    return steps
