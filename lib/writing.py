"""How the words of a storybook become a text, and how a text that somebody types becomes words again.

Four rules of typesetting do for all languages, so that none has to be named here: words are parted by spaces, but not
between two Chinese or Japanese characters; a word that ends in an apostrophe (French ``l’``) joins the next one; a
sentence begins with a capital; and it ends with the full stop of its script.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

ELISION = "’"
_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f"  # kanji and hanzi, hiragana, katakana
_NO_SPACE = re.compile(f"(?<=[{_CJK}]) (?=[{_CJK}])|(?<={ELISION}) ")
_HAS_CJK = re.compile(f"[{_CJK}]")
_ELIDED = re.compile(f"(?<={ELISION})(?=.)")
_STOPS = str.maketrans({"'": ELISION, ".": " ", "。": " ", "，": " ", "、": " ", ",": " "})
_UNKNOWN = 100  # pieces: what an unknown character costs, more than any way to cut what is known


def joined(words: Sequence[str]) -> str:
    """Words in a row, as they are written within a sentence.

    >>> joined(["the", "fox"]), joined(["l’", "ours", "dort"]), joined(["小白兔", "吃了", "一個", "蘋果"])
    ('the fox', 'l’ours dort', '小白兔吃了一個蘋果')
    """
    return _NO_SPACE.sub("", " ".join(words))


def spaced(words: Sequence[str]) -> list[str]:
    """Each word with what parts it from the next, for a text that grows; the last as if one of its kind followed.

    >>> spaced(["the", "fox"]), spaced(["l’", "ours"]), spaced(["小白兔", "吃了"])
    (['the ', 'fox '], ['l’', 'ours '], ['小白兔', '吃了'])
    """
    following = [*words[1:], *words[-1:]]
    return [joined([word, after])[: -len(after)] for word, after in zip(words, following, strict=True)]


def sentence(words: Sequence[str]) -> str:
    """A whole sentence.

    >>> sentence(["the", "fox", "met", "Anna"]), sentence(["小白兔", "睡著了"])
    ('The fox met Anna.', '小白兔睡著了。')
    """
    text = joined(words)
    return text[:1].upper() + text[1:] + ("。" if _HAS_CJK.match(text[-1:]) else ".")


def pieces(text: str) -> list[str]:
    """What stands between the spaces, apostrophes and stops of a text that somebody typed.

    >>> pieces("L'ours  dort."), pieces("小白兔睡著了。")
    (['L’', 'ours', 'dort'], ['小白兔睡著了'])
    """
    typed = unicodedata.normalize("NFC", text).translate(_STOPS)
    return [part for piece in typed.split() for part in _ELIDED.split(piece)]


def is_unspaced(piece: str) -> bool:
    """Whether this is written in a script without spaces, so that it may be several words.

    >>> is_unspaced("小白兔睡著了"), is_unspaced("ours")
    (True, False)
    """
    return bool(_HAS_CJK.search(piece))


def ways_to_cut(text: str, words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Which of the ``words`` the text can begin with, each with the rest of the text; the longest first.

    >>> list(ways_to_cut("蘋果樹很高", ["蘋果", "蘋果樹", "高"]))
    [('蘋果樹', '很高'), ('蘋果', '樹很高')]
    """
    for word in sorted((word for word in words if text.startswith(word)), key=len, reverse=True):
        yield word, text[len(word) :]


def fewest_words(text: str, known: Mapping[str, object]) -> list[str]:
    """Cut a text into as few words as possible; what is not ``known`` stays together as one unknown word.

    >>> fewest_words("小白兔吃了蘋果", {"小白兔": 0, "吃了": 1, "蘋果": 2, "蘋": 3})
    ['小白兔', '吃了', '蘋果']
    >>> fewest_words("小白兔騎腳踏車", {"小白兔": 0, "騎": 1})
    ['小白兔', '騎', '腳踏車']
    """
    longest = max(map(len, known), default=1)
    cost, last = [0], [0]  # of the first 0, 1, 2, ... characters: the lowest cost, and where its last word begins
    for end in range(1, len(text) + 1):
        ways = [(cost[end - 1] + _UNKNOWN, end - 1)]
        ways += [(cost[start] + 1, start) for start in range(max(0, end - longest), end) if text[start:end] in known]
        best, start = min(ways)
        cost.append(best)
        last.append(start)
    words: list[str] = []
    end = len(text)
    while end:
        word = text[last[end] : end]
        unknown = word not in known
        if unknown and words and words[-1] not in known:
            words[-1] = word + words[-1]
        else:
            words.append(word)
        end = last[end]
    return words[::-1]
