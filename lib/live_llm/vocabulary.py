"""The bytes of all tokens of a model, in as little memory as they take."""

import base64
from collections.abc import Sequence
from typing import overload

import numpy as np


class Vocabulary(Sequence[bytes]):
    """The bytes of each token, by its number: one row of bytes, and where each token ends in it.

    >>> words = Vocabulary.of([b" the", b"\\xe2\\x80", b""])
    >>> words[0], words[1], len(words), Vocabulary.read(words.written()) == words
    (b' the', b'\\xe2\\x80', 3, True)
    """

    def __init__(self, text: bytes, ends: np.ndarray) -> None:
        self._text, self._ends = text, ends  # ends: (V,), uint32

    @classmethod
    def of(cls, tokens: Sequence[bytes]) -> "Vocabulary":
        """From a list of tokens."""
        return cls(b"".join(tokens), np.cumsum([len(token) for token in tokens], dtype=np.uint32))

    @classmethod
    def read(cls, written: tuple[str, str]) -> "Vocabulary":
        """The counterpart of `written`."""
        text, ends = map(base64.b64decode, written)
        return cls(text, np.frombuffer(ends, dtype=np.uint32))

    def written(self) -> tuple[str, str]:
        """As two texts, for a line of JSON."""
        return base64.b64encode(self._text).decode(), base64.b64encode(self._ends.tobytes()).decode()

    def __len__(self) -> int:
        return len(self._ends)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.written() == other.written()

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, number: int) -> bytes: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes]:
        """The bytes of one token, or of several."""
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._text[int(self._ends[number - 1]) if number else 0 : int(self._ends[number])]
