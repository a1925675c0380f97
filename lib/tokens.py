"""The tokens of a real language model, as something to look at.

A storybook's model knows whole words. A real one knows *tokens*: common words with the space before them, pieces of
rarer words, line breaks, and single bytes, since it must be able to write anything. A letter such as é is two bytes in
UTF-8, and an emoji four, so a token may be only a part of a character.
"""

import re
import unicodedata

_MARKS = {" ": "␣", "\n": "↵", "\t": "⇥"}
# One character, or several bytes that are none, as Python's "surrogateescape" holds them.
_PIECE = re.compile("[\udc80-\udcff]+|.", re.DOTALL)
_UNSEEN = ("C", "Z")  # Unicode's categories of what has no picture of its own: control characters and spaces


def visible(token: bytes) -> str:
    """A token with a mark for each space, line break and tab; what cannot be seen as its number in hexadecimal.

    >>> visible(b" Paris"), visible(b"\\n\\n  x"), visible("é".encode()), visible(" é".encode()[:2])
    ('␣Paris', '↵↵␣␣x', 'é', '␣⟨C3⟩')
    >>> visible("\\u200e".encode()), visible(b"")  # a mark that only tells in which direction to read
    ('⟨U+200E⟩', '')
    """
    return "".join(map(_seen, _PIECE.findall(token.decode("utf-8", "surrogateescape"))))


def _seen(piece: str) -> str:
    if piece in _MARKS:
        return _MARKS[piece]
    category = unicodedata.category(piece[0])
    if category == "Cs":
        return f"⟨{piece.encode('utf-8', 'surrogateescape').hex(' ').upper()}⟩"
    if category.startswith(_UNSEEN):
        return f"⟨U+{ord(piece):04X}⟩"
    return f"◌{piece}" if category.startswith("M") else piece  # an accent alone stands on a circle


def readable(tokens: bytes) -> str:
    """Several tokens in a row as the text that they are, with ↵ for a line break; a part of a character as �.

    >>> readable(b"def f(x):\\n    return")
    'def f(x):↵    return'
    """
    return tokens.decode("utf-8", "replace").replace("\n", "↵")
