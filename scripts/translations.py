"""What is missing in a language: ``python -m scripts.translations [LANGUAGE ...]``.

It lists every message and every section of prose that has no translation, an empty or an uncertain one, one made from
an older English text, or one with other placeholders, links, formulas or code than the English; and every message that
has another word for a term of locale/glossary.toml. A language of the menu has nothing on this list, or the tests fail.

    python -m scripts.translations fr            list what is left to do
    python -m scripts.translations fr --made     mark the prose of a language as made from the present English

docs/translating.md walks through it.
"""

import argparse
import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from lib.web.frame.language import LANGUAGES, SECTION, folder_of, read_sections
from lib.web.frame.navigation import PAGES
from lib.web.frame.steps import has_path
from scripts.messages import gathered, translated

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = ROOT / "locale" / "glossary.toml"
_KEPT = {  # what a translation has as often as the English
    "placeholder": re.compile(r"\{\w*\}"),
    "link": re.compile(r"\]\([^)]*\)"),
    "formula": re.compile(r"\$[^$]+\$"),
    "code": re.compile(r"`[^`]+`"),
}
_OPTION = re.compile(r"^- (\[[ x]\]) ", re.MULTILINE)  # of a question of the quiz: wrong or right


def mark_of(english: str) -> str:
    """Eight hexadecimal digits that change with the text.

    >>> mark_of("Press Train.")
    'ab973a5f'
    """
    return hashlib.sha256(english.strip().encode()).hexdigest()[:8]


def differences(english: str, text: str) -> list[str]:
    """Which placeholders, links, formulas or code a translation has too few or too many of.

    >>> differences("Press **{name}** or [read](https://example.org).", "Drücke **{nom}** oder [lies](https://example.org).")
    ['placeholder {name} missing', 'placeholder {nom} not in English']
    """
    found = []
    for kind, pattern in _KEPT.items():
        wanted, given = Counter(pattern.findall(english)), Counter(pattern.findall(text))
        found += [f"{kind} {each} missing" for each in (wanted - given)]
        found += [f"{kind} {each} not in English" for each in (given - wanted)]
    if _OPTION.findall(english) != _OPTION.findall(text):
        found.append("the options of the question are not as many, or another one is right")
    return found


def glossary() -> dict[str, dict[str, list[str]]]:
    """The terms: by English term and language, the forms that a translation may use, in lower case."""
    return tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))


def other_terms(english: str, text: str, language: str, terms: dict[str, dict[str, list[str]]]) -> list[str]:
    """The ``terms`` of the glossary that the English has and the translation calls something else."""
    spoken = re.sub(r"\{\w*\}|\]\([^)]*\)|`[^`]+`", " ", english)
    return [
        f"“{term}” is called {' or '.join(forms[language])} (locale/glossary.toml)"
        for term, forms in terms.items()
        if re.search(rf"\b{re.escape(term)}s?\b", spoken, re.IGNORECASE)
        and language in forms
        and not any(form in text.casefold() for form in forms[language])
    ]


def _forms(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    english = message.id if isinstance(message.id, tuple) else (str(message.id),)
    text = message.string if isinstance(message.string, tuple) else (str(message.string or ""),)
    return english, text


def of_messages(language: str) -> Iterator[str]:
    """What is wrong in the catalogue."""
    path = ROOT / "locale" / folder_of(language) / "LC_MESSAGES" / "messages.po"
    catalogue = {}
    if path.exists():
        with path.open("rb") as file:
            catalogue = {message.id: message for message in read_po(file) if message.id}
    terms = glossary()
    for wanted in gathered():
        if not wanted.id:
            continue
        english, _nothing = _forms(wanted)
        message = catalogue.get(wanted.id)
        if message is None or not translated(message):
            yield f"message not translated: {english[0]}"
            continue
        if message.fuzzy:
            yield f"message uncertain (fuzzy): {english[0]}"
        for text in _forms(message)[1]:
            # One form of several may leave out a number that it says in words.
            wrong = differences(english[-1], text) + other_terms(english[-1], text, language, terms)
            yield from (f"{each}: {english[-1]}" for each in wrong)


def prose() -> list[Path]:
    """The English prose that is translated: of the pages and their lessons. A teacher's own lesson need not be."""
    english = ROOT / "content" / "en"
    lessons = (english / "lessons" / f"{page.id}.md" for page in PAGES if has_path(page.id))
    return sorted([*english.glob("*.md"), *lessons])


def of_prose(language: str) -> Iterator[str]:
    """What is wrong in the prose."""
    for path in prose():
        made = ROOT / "content" / folder_of(language) / path.relative_to(ROOT / "content" / "en")
        sections, english = read_sections(made) if made.exists() else {}, read_sections(path)
        yield from (f"{path.name}: section {name} is not in English" for name in sections if name not in english)
        for name, (text, _mark) in english.items():
            given, mark = sections.get(name, ("", ""))
            if not given:
                yield f"{path.name}: section {name} not translated"
                continue
            if mark != mark_of(text):
                yield f"{path.name}: section {name} made from an older English text"
            yield from (f"{path.name}: section {name}: {each}" for each in differences(text, given))


def problems(language: str) -> list[str]:
    """All that keeps a language from being complete; nothing for English."""
    return [] if language == "en" else [*of_messages(language), *of_prose(language)]


def _marked(english: dict[str, tuple[str, str]], head: re.Match[str]) -> str:
    name = head[1]
    return f"## {name} (en {mark_of(english[name][0])})\n" if name in english else head[0]


def mark_as_made(language: str) -> None:
    """Write into the prose of a language which English its sections were made from: the present one."""
    for path in prose():
        english = read_sections(path)
        made = ROOT / "content" / folder_of(language) / path.relative_to(ROOT / "content" / "en")
        if made.exists():
            marked = SECTION.sub(partial(_marked, english), made.read_text(encoding="utf-8"))
            made.write_text(marked, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Print the list; the exit status says whether there is nothing on it."""
    parser = argparse.ArgumentParser(prog="python -m scripts.translations", description="What is left to translate.")
    parser.add_argument("languages", nargs="*", help="fr, say; those of the menu if none is named")
    parser.add_argument("--made", action="store_true", help="mark the prose as made from the present English")
    options = parser.parse_args(arguments)
    left = 0
    for language in options.languages or LANGUAGES:
        if options.made and language != "en":
            mark_as_made(language)
        found = problems(language)
        left += len(found)
        print(f"{language}: {len(found) or 'nothing'} left", *found, sep="\n  ")
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main())
