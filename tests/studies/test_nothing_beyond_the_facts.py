"""No page says more about a model or a paper than data/facts.toml.

A program cannot read a sentence, but it can look at the names and the numbers in it, and at the links. So: every name
of a model that a page says is in the file; a number that stands with a name is one that the file has for it; every
link to a source is a source of the file; and a translation has the numbers of the English.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from lib.studies.facts import PATH, Event, Sourced, load_facts
from lib.web.frame.language import LANGUAGES, folder_of, read_sections

ROOT = Path(__file__).resolve().parents[2]
THE_FILE = PATH.read_text(encoding="utf-8")
PAPERS = ("README.md", "CHANGELOG.md", "docs/teaching.md", "docs/translating.md", "data/README.md")
# How models are written: GPT-2, T5, phi-1; nanoGPT, LLaMA; BLOOM, OLMo.
NAME = re.compile(
    r"(?<![A-Za-z0-9/.-])(?:[A-Za-z]+-?\d[A-Za-z0-9.-]*[A-Za-z0-9]|[A-Za-z]+-?\d|[A-Za-z]*[a-z][A-Z][A-Za-z0-9-]*"
    r"|[A-Z]{2,}[a-z]*(?:-[A-Z0-9][A-Za-z0-9]*)*)(?![A-Za-z])"
)
NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)?(?!\w|[.,]\d)", re.ASCII)
# What is written in the same way and is no model: programs, formats, and words of the subject.
NO_MODELS = {
    "Big5", "CSV", "CSV-Datei", "E2", "EUC-JP", "GIF", "GPU", "JIS", "MB", "MIT", "MIT-Lizenz", "PDF", "PDF-Datei",
    "PNG", "PyPI", "QR", "SHA-256", "SVG", "URL", "UTF-16", "UTF-8", "Windows-1252", "bfloat16", "kB",
}  # fmt: skip


def names_of(entry: Sourced) -> list[str]:
    """What an entry is about: a model, or more of them with commas between, or an event if it has a name."""
    if isinstance(entry, Event):
        return NAME.findall(entry.short)
    first, *others = str(getattr(entry, "name", "")).split(", ")
    return [name for name in (first, *filter(NAME.match, others)) if name]


def numbers_in(text: str) -> list[str]:
    """The numbers of a text, one way of writing for all languages: 0.1 for 0,1 and 10000 for 10,000 or 10 000."""
    text = re.sub(r"(?<=\d)[,.\u00a0\u202f ](?=\d{3}(?!\d))", "", text)
    return [f"{float(number.replace(',', '.')):g}" for number in NUMBER.findall(text)]


@functools.cache
def known_names() -> re.Pattern[str]:
    """Any name of a model in the file, the longer ones first."""
    names = sorted({name for entry in load_facts().entries for name in names_of(entry)}, key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z0-9-])(?:{'|'.join(map(re.escape, names))})(?![A-Za-z0-9-]|\.\d)")


def without_names(text: str) -> str:
    """The text with blanks for its known names, so that no digit of theirs counts."""
    return known_names().sub(lambda match: " " * len(match[0]), text)


@functools.cache
def known_numbers() -> dict[str, set[str]]:
    """By name, every number that the file has for it."""
    known: dict[str, set[str]] = {}
    for entry in load_facts().entries:
        fields = ("year", "rate", "temperature", "top_k", "top_p", "note", "number", "what")
        said = " ".join(str(getattr(entry, field, "")) for field in fields)
        for name in names_of(entry):
            known.setdefault(name, set()).update(numbers_in(without_names(said)))
    return known


def beyond(text: str) -> list[str]:
    """What a text says beyond the file: unknown names, and numbers that the file does not have for the name beside.

    A number belongs to the name before it in its sentence, or else to the first one.
    """
    found = []
    text = re.sub(r"\]\([^)]*\)|`[^`]*`|\{\w*\}", lambda match: " " * len(match[0]), text)
    for sentence in re.split(r"[.;:!?](?=\s|$)|[。；：！？]", text):
        rest = without_names(sentence)
        names = [(match.start(), match[0]) for match in known_names().finditer(sentence)]
        found += [name for name in NAME.findall(rest) if name not in NO_MODELS and name not in THE_FILE]
        for match in NUMBER.finditer(rest):
            beside = [name for place, name in names if place < match.start()][-1:] or [name for _, name in names[:1]]
            found += [
                f"{name}: {match[0]}" for name in beside if not set(numbers_in(match[0])) <= known_numbers()[name]
            ]
    return found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("BLOOM was trained with p = 0.2.", ["BLOOM: 0.2"]),
        ("LLaMA learned with a rate of 0.0.", ["LLaMA: 0.0"]),
        ("By default PEFT drops 0.05 and TRL 0.05.", ["PEFT: 0.05"]),
        ("Qwen3 ships 64 and Gemma 20.", ["Qwen3: 64", "Gemma: 20"]),
        ("OLMo 2 and T5 v1.1 learned with 0.0; AlexNet with 0.5 in 2012, and GPT-2 in 2019.", []),
        ("GPT-4 and FalconLM say nothing.", ["GPT-4", "FalconLM"]),
        ("Le modèle phi-1 : 0,1. Le modèle phi-2 : 0,1.", ["phi-2"]),
        ("Qwen3は20、Gemmaは100。", ["Gemma: 100"]),
    ],
)
def test_what_goes_beyond_the_file_is_found(text: str, says: list[str]) -> None:
    assert beyond(text) == says


def prose_of(language: str) -> Iterator[tuple[str, str]]:
    """Every section of the pages and their lessons."""
    for path in sorted((ROOT / "content" / folder_of(language)).glob("**/*.md")):
        for name, (text, _mark) in read_sections(path).items():
            yield f"{path.name}, {name}", text


def messages_of(language: str, *, facts: bool) -> Iterator[tuple[str, str]]:
    """The messages of the interface, or those of the file, with their translations (in English: themselves)."""
    path = ROOT / "locale" / ("messages.pot" if language == "en" else f"{folder_of(language)}/LC_MESSAGES/messages.po")
    with path.open("rb") as file:
        for message in read_po(file):
            if message.id and any(place == "data/facts.toml" for place, _line in message.locations) == facts:
                english = message.id if isinstance(message.id, tuple) else (str(message.id),)
                text = english if language == "en" else message.string
                yield from ((english[-1], each) for each in ((text,) if isinstance(text, str) else text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_prose_and_no_message_says_more_than_the_file(language: str) -> None:
    texts = {**dict(prose_of(language)), **dict(messages_of(language, facts=False))}
    assert len(texts) > 500
    assert {name: said for name, text in texts.items() if (said := beyond(text))} == {}


def test_the_file_does_not_contradict_itself() -> None:
    assert {text: said for text in load_facts().sentences() if (said := beyond(text))} == {}


@pytest.mark.parametrize("paper", PAPERS)
def test_the_papers_have_no_other_number_for_a_model(paper: str) -> None:
    assert [said for said in beyond((ROOT / paper).read_text(encoding="utf-8")) if ": " in said] == []


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_a_translated_fact_has_the_numbers_of_the_english(language: str) -> None:
    """Every one of them, and besides only small counts, which one language writes in words and another in digits."""
    translated = list(messages_of(language, facts=True))
    assert len(translated) >= len(load_facts().sentences())
    for english, text in translated:
        # 100 million may be 1 億, and 10,000 may be 1 万.
        counted = (re.sub(r"\d+\s[Mm]ill\w+", "", without_names(each)) for each in (english, text))
        wanted, given = (Counter(numbers_in(each)) for each in counted)
        missing = {number for number in wanted - given if float(number) < 1000}
        assert not missing, (english, text)
        assert all(float(number) in range(13) for number in given - wanted), (english, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_source_that_the_prose_links_to_is_in_the_file(language: str) -> None:
    sources = {entry.source for entry in load_facts().entries}
    links = {link for _name, text in prose_of(language) for link in re.findall(r"https://[^\s)>]+", text)}
    assert links <= sources
    assert links or language != "en"
