"""What a live model said may come next, by rank: as `lib.recorded_llm.RecordedStep` has it of a recorded one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from lib.live_llm.vocabulary import Vocabulary
from lib.sampling_input import Floats, Ids, Probabilities

T = TypeVar("T")


class _ByRank(Mapping[int, T]):
    """Something of each token, by its rank: looked up when it is asked for."""

    def __init__(self, order: Ids, of: Callable[[int], T]) -> None:
        self._order, self._of = order, of

    def __getitem__(self, rank: int) -> T:
        if not 0 <= rank < len(self._order):
            raise KeyError(rank)
        return self._of(int(self._order[rank]))

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._order)))


@dataclass(frozen=True)
class LiveStep:
    """What may come after a ``beginning`` and the tokens ``said_ids`` since.

    ``logits`` (V,) are by rank: entry 0 is the likeliest token, and ``order`` (V,) says which that is.

    >>> words = Vocabulary.of([b" cat", b" dog", b""])
    >>> step = LiveStep.of(np.log([0.2, 0.7, 0.1]), words, "The", (0,))
    >>> step.text, step.tokens[0], step.ids[0], step.tokens[2]  # the tokenizer has no token 2
    (b'The cat', b' dog', 1, b'#2')
    """

    beginning: str
    said_ids: tuple[int, ...]
    logits: Probabilities
    order: Ids
    vocabulary: Vocabulary

    @classmethod
    def of(cls, logits: Floats, vocabulary: Vocabulary, beginning: str, said: tuple[int, ...]) -> "LiveStep":
        """From the logits (V,) in the order of the vocabulary."""
        order = np.argsort(-logits, kind="stable")
        return cls(beginning, said, logits[order].astype(np.float64), order, vocabulary)

    @property
    def said(self) -> tuple[bytes, ...]:
        """The tokens after the beginning."""
        return tuple(map(self._bytes, self.said_ids))

    @property
    def text(self) -> bytes:
        """The beginning and what was said since, in UTF-8."""
        return self.beginning.encode() + b"".join(self.said)

    @property
    def tokens(self) -> Mapping[int, bytes]:
        """The bytes of a token by its rank."""
        return _ByRank(self.order, self._bytes)

    @property
    def ids(self) -> Mapping[int, int]:
        """The number of a token in the vocabulary, by its rank."""
        return _ByRank(self.order, int)

    def _bytes(self, number: int) -> bytes:
        return self.vocabulary[number] or f"#{number}".encode()
