"""How much of what a model says is copied, token by token, from the text that it learned from.

>>> matches = longest_matches([7, 1, 2, 3, 9], [1, 2, 3, 4])
>>> matches, max(matches), share_copied(matches, 2), copied_tokens(matches, 3)
([0, 3, 2, 1, 0], 3, 0.5, [False, True, True, True, False])
"""

from collections.abc import Sequence

_LETTER = 0x4E00  # tokens become letters, so that Python's own search for a string finds them; 20,000 are in a row here


def longest_matches(said: Sequence[int], source: Sequence[int], *, unknown: int | None = None) -> list[int]:
    """For each place in ``said``, how many tokens from there on stand in one piece in ``source``.

    Tokens are numbers from 0 to 20,000. One that is ``unknown`` is equal to none.
    """
    in_source = "".join(chr(_LETTER + each) for each in source)
    letters = "".join("\0" if each == unknown else chr(_LETTER + each) for each in said)
    matches, end = [], 0
    for start in range(len(letters)):
        end = max(end, start)  # what matched from the token before also matches from here
        while end < len(letters) and letters[start : end + 1] in in_source:
            end += 1
        matches.append(end - start)
    return matches


def share_copied(matches: Sequence[int], n: int) -> float:
    """The share of all runs of n tokens that stand in the source; 0 where there is no such run."""
    runs = matches[: max(0, len(matches) - n + 1)]
    return sum(each >= n for each in runs) / len(runs) if runs else 0.0


def copied_tokens(matches: Sequence[int], least: int) -> list[bool]:
    """Whether each token is in a copied run of at least so many."""
    marked = [False] * len(matches)
    for start, length in enumerate(matches):
        if length >= least:
            marked[start : start + length] = [True] * length
    return marked
