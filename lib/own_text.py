"""A text of your own, for the small GPT to learn: read from bytes, cut into words or characters, and into passages.

A passage is a sentence, or a part of one that is longer than the model reads at once. The last tenth of the passages is
kept back for validation. What is beyond the commonest 2,000 words or characters is learned as `RARE`.

>>> text = own_text("The cat sat on the mat. The dog saw the cat. " * 50)
>>> text.unit, len(text.training), len(text.validation), text.written(text.training[0])
('words', 90, 10, 'The cat sat on the mat.')
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from charset_normalizer import from_bytes

from lib.writing import is_unspaced, joined

Unit = Literal["words", "characters"]
UNITS: Final[tuple[Unit, ...]] = ("words", "characters")
MAX_BYTES: Final = 200_000
MIN_PASSAGES: Final = 20  # two of them are kept back
MIN_WORDS: Final = 400  # of a text that is cut into words; a shorter one is cut into characters
MAX_KINDS: Final = 2_000  # different words or characters that the model tells apart
LONGEST: Final = {"words": 23, "characters": 47}  # of a passage: with its end the model reads 24 or 48 at once
END, RARE = "⏎", "▯"  # what every passage begins and ends with, and what is too rare to learn
_ENCODINGS = ["cp1252", "shift_jis", "euc_jp", "big5", "gb18030"]  # what people save these languages in, beside Unicode
_ENDS = re.compile(r"(?<=[.!?。！？…])\s*|\n+")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\ufffd]")
_BEFORE_STOP = re.compile(r" (?=[.,;:!?…)\]])")
_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")

Code = Literal["too_large", "not_text", "too_short"]
MESSAGES: Final[dict[Code, str]] = {
    "too_large": "This text has {found} bytes. Accepted: up to {expected}.",
    "not_text": "This is not text that can be read. Accepted: plain text, as a text editor saves it.",
    "too_short": "This text has {found} sentences or lines. Accepted: {expected} or more.",
}


class OwnTextError(ValueError):
    """A text that is not accepted: ``code`` is a key of `MESSAGES`, and the numbers are what stands in its braces."""

    def __init__(self, code: Code, found: int = 0, expected: int = 0) -> None:
        super().__init__(MESSAGES[code].format(found=found, expected=expected))
        self.code, self.found, self.expected = code, found, expected


@dataclass(frozen=True)
class OwnText:
    """A text as the model reads it. Passages are rows of ids, in the order of the text, without what ends them."""

    unit: Unit
    vocabulary: tuple[str, ...]  # of V entries; the first two are `END` and `RARE`
    training: tuple[tuple[int, ...], ...]
    validation: tuple[tuple[int, ...], ...]

    @cached_property
    def digest(self) -> str:
        """What names this text and no other, and tells nothing of it."""
        return hashlib.sha256(repr((self.unit, self.vocabulary, self.training, self.validation)).encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def written(self, ids: Sequence[int]) -> str:
        """A passage as it is read."""
        entries = [self.vocabulary[i] for i in ids]
        return "".join(entries) if self.unit == "characters" else _BEFORE_STOP.sub("", joined(entries))


def decoded(raw: bytes) -> str:
    """The text in a file: Unicode, or one of the older encodings of the app's languages.

    Raises:
        OwnTextError: it is too large, or no text.

    >>> decoded("Käse".encode("utf-16")), decoded("日本語のテキストです。".encode("shift_jis"))
    ('Käse', '日本語のテキストです。')
    >>> decoded(bytes([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00]))
    Traceback (most recent call last):
    lib.own_text.OwnTextError: This is not text that can be read. Accepted: plain text, as a text editor saves it.
    """
    if len(raw) > MAX_BYTES:
        raise OwnTextError("too_large", len(raw), MAX_BYTES)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", "replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            best = None if b"\0" in raw else from_bytes(raw, cp_isolation=_ENCODINGS).best()
            text = "\0" if best is None else str(best)
    # A file of another kind may be read as text by accident, but then it has characters that no text has.
    if _UNREADABLE.search(text):
        raise OwnTextError("not_text")
    return text


def suits(text: str) -> Unit:
    """Characters where the script has no spaces, and where there are too few words to learn any.

    >>> suits("小白兔睡著了。" * 300), suits("The end. " * 100), suits("The end. " * 300)
    ('characters', 'characters', 'words')
    """
    letters = [letter for letter in text if letter.isalpha()]
    unspaced = sum(map(is_unspaced, letters))
    return "characters" if 2 * unspaced > len(letters) or len(_WORD.findall(text)) < MIN_WORDS else "words"


def own_text(text: str, unit: Unit | None = None) -> OwnText:
    """Cut a text into passages of words or of characters; by default, what `suits` it.

    Raises:
        OwnTextError: there are fewer than 20 passages.
    """
    unit = unit or suits(text)
    longest, sentences = LONGEST[unit], [" ".join(each.split()) for each in _ENDS.split(text)]
    cut = [list(each) if unit == "characters" else _WORD.findall(each) for each in sentences]
    passages = [each[start : start + longest] for each in cut for start in range(0, len(each), longest)]
    if len(passages) < MIN_PASSAGES:
        raise OwnTextError("too_short", len(passages), MIN_PASSAGES)
    counts = Counter(entry for passage in passages for entry in passage)
    vocabulary = (END, RARE, *(entry for entry, _count in counts.most_common(MAX_KINDS)))
    number = {entry: i for i, entry in enumerate(vocabulary)}
    rows = tuple(tuple(number.get(entry, 1) for entry in passage) for passage in passages)
    kept_back = max(2, len(rows) // 10)
    return OwnText(unit, vocabulary, rows[:-kept_back], rows[-kept_back:])
