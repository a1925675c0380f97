"""What the tokens of a model stand for: bytes, since a token may be half a character."""

import importlib
import json
import re
from collections.abc import Iterable
from typing import Any

_BYTE = re.compile("<0x([0-9A-F]{2})>")  # how the tokenizers of Llama 2 and Gemma write a single byte


def token_bytes(tokenizer: Any, ids: Iterable[int]) -> dict[int, bytes]:
    """The bytes of each token of a tokenizer of transformers; none for a number that it does not know.

    There are two ways of writing a token. GPT-2's writes each byte as a character that can be seen: " the" is "Ġthe".
    SentencePiece's writes a space as "▁" and a byte that is no character as "<0xE2>". Special tokens are plain text.
    """
    gpt2: Any = importlib.import_module("transformers.convert_slow_tokenizer")
    byte_of = {character: byte for byte, character in gpt2.bytes_to_unicode().items()}
    special = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    by_bytes = "ByteLevel" in _steps(tokenizer)
    found = {}
    for i in map(int, ids):
        text = tokenizer.convert_ids_to_tokens(i) if i < len(tokenizer) else None
        if text is None:
            found[i] = b""
        elif i in special:
            found[i] = text.encode()
        elif by_bytes:
            found[i] = bytes(map(byte_of.__getitem__, text))
        elif byte := _BYTE.fullmatch(text):
            found[i] = bytes.fromhex(byte[1])
        else:
            found[i] = text.replace("▁", " ").encode()
    return found


def _steps(tokenizer: Any) -> set[str]:
    """The steps by which a tokenizer makes a text of tokens again, by their names."""
    decoder = json.loads(tokenizer.backend_tokenizer.to_str())["decoder"] or {}
    return {step["type"] for step in (decoder, *decoder.get("decoders", ()))}
