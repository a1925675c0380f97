"""A text of one's own: from bytes to text, from text to tokens, and a part of it kept aside for validation.

A token is a word with the space before it, or one character. Tokens in a row are the text again, letter by letter.

>>> own = cut_text("The fox met the cat." + " The fox met the cat." * 49)
>>> own.unit, len(own.training), len(own.validation), "".join(own.tokens[:4])
('words', 240, 60, 'The fox met the')
"""

import codecs
import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Literal

from charset_normalizer import from_bytes

MOST_BYTES = 200_000
FEWEST = 200  # tokens: with fewer, nothing of worth can be kept aside
MOST_DIFFERENT = 2_000  # tokens in the vocabulary; what is rarer counts as unknown
UNKNOWN = "□"
UNITS = ("words", "characters")
Unit = Literal["words", "characters"]

# Beside Unicode: Western Europe, Japan and Taiwan.
_OLD_ENCODINGS = ["cp1252", "cp932", "euc_jp", "big5"]
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NO_SPACES = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")  # kana, kanji and hanzi
_WORD = re.compile(r"\n| ?(?:\w+(?:['’]\w+)*['’]?|[^\w\s])| ")
_FEW_WORDS = 300  # fewer words than these say too little of each other; characters say more


class Refusal(Enum):
    """Why a text is not accepted."""

    TOO_LARGE = "too-large"
    NOT_TEXT = "not-text"
    TOO_SHORT = "too-short"


class TextRefused(ValueError):  # noqa: N818 - the name says it all
    """A text that is not accepted, with the ``reason``."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def read_text(data: bytes) -> str:
    """The text in these bytes, in NFC, with one kind of line break and no run of spaces.

    UTF-8 is tried first, or what a byte order mark names; then the older encodings of the six languages.

    Raises:
        TextRefused: there are more than 200,000 bytes, or they are no text.

    >>> read_text("Füchse  schlafen.\\r\\n".encode("cp1252"))
    'Füchse schlafen.'
    """
    if len(data) > MOST_BYTES:
        raise TextRefused(Refusal.TOO_LARGE)
    text = unicodedata.normalize("NFC", _decoded(data))
    if any(unicodedata.category(each) in ("Cc", "Cn", "Cs", "Co") and each not in "\t\n\r\f\v\x85" for each in text):
        raise TextRefused(Refusal.NOT_TEXT)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip()


def _decoded(data: bytes) -> str:
    mark = next((mark for mark in _MARKS if data.startswith(mark)), None)
    try:
        return data.decode(_MARKS[mark] if mark else "utf-8")
    except UnicodeDecodeError:
        best = None if mark or b"\0" in data else from_bytes(data, cp_isolation=_OLD_ENCODINGS).best()
    if best is None:
        raise TextRefused(Refusal.NOT_TEXT)
    return str(best)


@dataclass(frozen=True)
class OwnText:
    """A text in tokens. The last fifth of it is kept aside: ``training`` comes before it, ``validation`` is it."""

    tokens: tuple[str, ...]
    unit: Unit

    @property
    def training(self) -> tuple[str, ...]:
        """The tokens that are learned from."""
        return self.tokens[: len(self.tokens) * 4 // 5]

    @property
    def validation(self) -> tuple[str, ...]:
        """The tokens that no model reads while it learns."""
        return self.tokens[len(self.tokens) * 4 // 5 :]

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The unknown token, and the most frequent ones of the training part."""
        return (UNKNOWN, *(token for token, _count in Counter(self.training).most_common(MOST_DIFFERENT - 1)))

    def ids(self, tokens: tuple[str, ...]) -> list[int]:
        """The place of each token in the vocabulary; 0 is unknown."""
        place = {token: i for i, token in enumerate(self.vocabulary) if i}
        return [place.get(token, 0) for token in tokens]

    @cached_property
    def digest(self) -> str:
        """What names a run on this text: it says nothing of the text to whoever does not have it."""
        return hashlib.sha256("\0".join((self.unit, *self.tokens)).encode("utf-8", "surrogatepass")).hexdigest()


def unit_for(text: str) -> Unit:
    """Characters where the script has no spaces, and for short texts; words for all others.

    >>> unit_for("小白兔吃了一個蘋果。"), unit_for("The fox met the cat. " * 100)
    ('characters', 'words')
    """
    letters = sum(each.isalpha() for each in text)
    unspaced = 5 * len(_NO_SPACES.findall(text)) > letters
    return "characters" if unspaced or len(_WORD.findall(text)) < _FEW_WORDS else "words"


def cut_text(text: str, unit: Unit | None = None) -> OwnText:
    """Cut a text into words or characters, whichever suits it or is asked for.

    Raises:
        TextRefused: there are fewer than 200 tokens.
    """
    unit = unit or unit_for(text)
    tokens = tuple(text) if unit == "characters" else tuple(_WORD.findall(text))
    if len(tokens) < FEWEST:
        raise TextRefused(Refusal.TOO_SHORT)
    return OwnText(tokens, unit)
