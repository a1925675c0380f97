"""Every page in every language: no English is left, nothing breaks, and the settings stay."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from babel import Locale
from babel.numbers import format_decimal, parse_decimal
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from lib.web.frame.language import LANGUAGES
from lib.web.frame.navigation import PAGES
from lib.web.today.settings import PARTS
from tests.support.apptest import healthy, open_app_page
from tests.support.english import OTHERS, english

# Pages and parts, and what shows the sentences that a page's default does not.
STATES = [
    ("app.py", {}),
    ("dropout", {}),
    ("dropout", {"data": "moons", "mode": "eval", "each": "true", "net": "0", "n": "77777"}),
    ("training", {}),
    ("training", {"data": "digits", "n": "200", "flips": "0", "metric": "accuracy"}),
    ("training", {"data": "csv"}),
    ("top_k", {}),
    ("top_k", {"text": "xyzzy", "tell": "true", "k": "1", "p": "0"}),
    ("top_k", {"bench": "true", "tree": "true", "temp": "2", "top_p": "0.9", "order": "gemma", "greedy": "true"}),
    ("top_k", {"bench": "true", "order": "top_p.temperature.penalty.top_k.min_p.typical.sigma"}),
    ("top_k", {"model": "llm"}),
    ("top_k", {"model": "llm", "k": "1000", "path": "greedy", "at": "3"}),
    ("top_k", {"model": "llm", "beginning": "the-meaning-of-life-is", "temp": "2", "k": "49152"}),
    ("two_dice", {}),
    ("two_dice", {"all": "true", "forgot": "true", "measure": "log_probability"}),
    ("your_text", {}),
    ("your_text", {"source": "paste"}),
    ("your_text", {"source": "file"}),
    *(("today", {"part": part}) for part in PARTS),
    ("questions", {"find": "xyzzy"}),
    ("questions", {"question": "smaller_network", "shown": "true"}),
    ("questions", {"question": "temperature_order", "shown": "true"}),
    ("quiz", {"q": "1"}),
    ("quiz", {"q": "26"}),
    *(("app.py" if page.id == "home" else page.id, {"step": "1"}) for page in PAGES),
    ("dropout", {"left": "2", "p": "0.2"}),
]
_PACKED = re.compile(r"[\w+/=:;,.-]{100,}")  # numbers, in base64
# What is no text for people: keys, addresses, code.
KEYS = {"id", "key", "url", "href", "icon", "type", "name", "anchor", "run", "kind", "js_content", "css_content"}


def protos(app: AppTest) -> Iterator[Message]:
    """What the page sent, element by element, except code."""

    def walk(block: Any) -> Iterator[Any]:
        for child in block.children.values():
            if hasattr(child, "children"):
                if child.proto is not None:
                    yield child.proto
                yield from walk(child)
            elif child.type != "code":
                yield child.proto

    yield from walk(app._tree)


def texts(value: Any, name: str = "") -> Iterator[str]:
    """All texts in a message, in the data of a picture, and in lists and dictionaries."""
    if isinstance(value, Message):
        for field, content in value.ListFields():
            yield from texts(content, field.name)
    elif isinstance(value, dict):
        for key, content in value.items():
            yield from texts(content, str(key))
    elif isinstance(value, str):
        if name == "json":
            yield from texts(json.loads(value))
        elif name not in KEYS:
            yield value
    elif hasattr(value, "__iter__") and not isinstance(value, bytes):
        for each in value:
            yield from texts(each, name)


def words_for_people(app: AppTest) -> set[str]:
    """Every text that somebody may read or hear, without tags, links and formulas."""
    found = set()
    for proto in protos(app):
        for text in texts(proto):
            plain = re.sub(r"<[^>]*>|https?://\S+|\]\([^)]*\)|`[^`]*`|\$[^$]*\$", " ", text)
            if re.search(r"[A-Za-z]{3}", plain) and not _PACKED.fullmatch(plain):
                found.add(" ".join(plain.split()))
    return found


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(
    ("page", "query"), STATES, ids=lambda value: value if isinstance(value, str) else "-".join(value.values())
)
def test_no_english_is_left(page, query, language):
    assert english(words_for_people(healthy(open_app_page(page, lang=language, **query)))) == set()


# What draws every slider there is over numbers, and how many.
SLIDERS = [
    ("dropout", {"each": "true"}, 5),
    ("training", {}, 10),
    ("top_k", {"bench": "true"}, 7),
    ("today", {"part": "places"}, 2),
    ("today", {"part": "data"}, 1),
    ("today", {"part": "paper", "fig": "9", "images": "digits"}, 1),
    ("today", {"part": "schedules"}, 3),
    ("today", {"part": "instead"}, 4),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("page", "query", "count"), SLIDERS)
def test_every_slider_writes_numbers_as_the_language_does(page, query, count, language):
    """Babel reads them, and would write them in the same way."""
    locale = Locale.parse(language, sep="-")
    app = healthy(open_app_page(page, lang=language, **query))
    assert len(app.slider) == 0  # Streamlit's own always has a point
    assert len(app.select_slider) == count
    for slider in app.select_slider:
        assert len(slider.options) <= 60  # each is sent
        numbers = [parse_decimal(option, locale=locale, strict=True) for option in slider.options]
        assert numbers == sorted(set(numbers))
        assert float(slider.value) in [float(number) for number in numbers]
        for number, option in zip(numbers, slider.options, strict=True):
            decimals = -number.as_tuple().exponent
            assert option == format_decimal(number, format=f"#,##0.{'0' * decimals}".strip("."), locale=locale)


def test_p_is_written_with_a_comma_in_french():
    p = healthy(open_app_page("dropout", lang="fr")).select_slider(key="dropout-p")
    assert (p.options[0], p.options[10], p.options[-1]) == ("0,00", "0,50", "1,00")
    assert p.proto.options[int(p.proto.default[0])] == "0,50"  # where the thumb is


def test_the_search_finds_english():
    assert english(words_for_people(open_app_page("dropout")))
    assert len(STATES) > len(PAGES) + len(PARTS)
