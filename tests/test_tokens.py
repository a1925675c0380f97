"""Tokens as something to look at: nothing invisible is left, and nothing is lost."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.recorded_llm import load_recorded_llm
from lib.tokens import readable, visible


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        (b" the", "␣the"),
        (b"the", "the"),
        (b"\n", "↵"),
        (b"\n\n    ", "↵↵␣␣␣␣"),
        (b"\t", "⇥"),
        (b"\x00", "⟨U+0000⟩"),
        ("é".encode(), "é"),
        ("é".encode()[:1], "⟨C3⟩"),
        ("é".encode()[1:], "⟨A9⟩"),
        (" 日".encode()[:3], "␣⟨E6 97⟩"),
        ("🎲".encode(), "🎲"),
        ("🎲".encode()[:3], "⟨F0 9F 8E⟩"),
        ("\N{NO-BREAK SPACE}".encode(), "⟨U+00A0⟩"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}x".encode(), "⟨U+202E⟩x"),
        ("\N{COMBINING ACUTE ACCENT}".encode(), "◌\N{COMBINING ACUTE ACCENT}"),
        (b"<b>$x$</b>", "<b>$x$</b>"),  # whoever shows it in HTML or Markdown escapes it
        (b"<|im_end|>", "<|im_end|>"),
    ],
)
def test_every_kind_of_token(token: bytes, shown: str) -> None:
    assert visible(token) == shown


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=12))
def test_whatever_the_bytes_nothing_is_invisible(token: bytes) -> None:
    shown = visible(token)
    assert not any(unicodedata.category(each)[0] in "CZ" for each in re.sub("⟨[0-9A-F ]+⟩", "", shown))
    assert not shown or unicodedata.category(shown[0])[0] != "M"
    assert readable(token) == token.decode("utf-8", "replace").replace("\n", "↵")


def bytes_of(shown: str) -> bytes:
    """The way back, from what is seen of a token to its bytes."""

    def one(part: str) -> bytes:
        if found := re.fullmatch("⟨U\\+([0-9A-F]+)⟩", part):
            return chr(int(found[1], 16)).encode()
        if found := re.fullmatch("⟨([0-9A-F ]+)⟩", part):
            return bytes.fromhex(found[1])
        return {"␣": " ", "↵": "\n", "⇥": "\t", "◌": ""}.get(part, part).encode()

    return b"".join(map(one, re.findall("⟨(?:U\\+)?[0-9A-F ]+⟩|.", shown)))


def test_every_recorded_token_is_visible_and_its_own() -> None:
    """No two tokens of the model look alike: from what is shown one gets back to the bytes."""
    tokens = load_recorded_llm().tokens
    assert len(tokens) > 10_000
    for token in tokens.values():
        assert bytes_of(visible(token)) == token, token
