"""How much of what a model writes is copied word for word from what it has read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Ids = Sequence[int]


@dataclass(frozen=True)
class Copied:
    """What passages have in common with a text: the longest run of entries that stands in it, where that is, and the
    share of the passages' n-grams that do."""

    longest: int
    passage: int  # which of the passages has it
    start: int  # and from where
    share: float
    n: int


def copied_runs(passage: Ids, text: "Text") -> list[tuple[int, int]]:
    """The runs of a passage that stand in a text and cannot be made longer, as (start, stop).

    >>> copied_runs([7, 1, 2, 3, 8], Text([[0, 1, 2, 3], [7, 1]]))
    [(0, 2), (1, 4)]
    """
    written, runs, stop = _as_text(passage), [], 0
    for start in range(len(written)):
        longer = max(stop, start)
        while longer < len(written) and written[start : longer + 1] in text.written:
            longer += 1
        if longer > max(stop, start):
            runs.append((start, longer))
            stop = longer
    return runs


def copied(passages: Iterable[Ids], text: "Text", n: int) -> Copied:
    """What the passages have copied from a text, at most.

    >>> copied([[7, 1, 2, 3, 8], [1, 2]], Text([[0, 1, 2, 3], [7, 1]]), n=2)
    Copied(longest=3, passage=0, start=1, share=0.8, n=2)
    """
    longest = at = begins = known = grams = 0
    for i, passage in enumerate(passages):
        written = _as_text(passage)
        inside = [written[j : j + n] in text.written for j in range(len(written) - n + 1)]
        known, grams = known + sum(inside), grams + len(inside)
        for start, stop in copied_runs(passage, text):
            if stop - start > longest:
                longest, at, begins = stop - start, i, start
    return Copied(longest, at, begins, known / grams if grams else 0.0, n)


class Text:
    """Passages in which runs can be looked up quickly: a character for each id, so that Python's ``in`` finds them."""

    def __init__(self, passages: Iterable[Ids]) -> None:
        self.written = "\n".join(map(_as_text, passages))


def _as_text(passage: Ids) -> str:
    return "".join(chr(0xE000 + i) for i in passage)  # private characters, none of which is a line break
