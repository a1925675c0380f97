"""The comments of the programs, in any language: what to translate, and where it goes.

The programs are written in English. Their names and what they print stay so; only their comments are replaced, in the
finished program. Numbers in a comment stay as Python writes them, with a point, as in the code beside it.
"""

import functools
import re
import tokenize
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final

WIDTH: Final = 88  # of a translated comment that has lines of its own; a wide character (CJK) counts as two

_LOSSES = (
    "One network of each kind is trained here and {n} on screen, from other first weights and with other batches and "
    "masks. Expect losses within a third of the screen's, and a training loss below 0.2, where examples are memorised, "
    "within a factor of four."
)
_MEASURED = "are measured here; the curves on screen use 100 training and 300 validation examples."

# Every comment, in the order of the modules. The first that fits is taken. What a program fills in has {braces}.
MESSAGES: Final = (
    # lib/listings/parts.py
    "the folder of the source code: unpack the zip from the foot of any page",
    # lib/listings/dropout.py
    "nothing is dropped, and nothing is scaled",
    "kept units are scaled up, so the mean stays",
    "after training, all units are scaled down",
    "by hand, whatever the die says",
    "kept units are left as they are",
    "this way of scaling needs larger weights",
    "The network on screen, trained with p = {p}: its weights and biases as text, layer by layer.",
    "The numbers are those on screen: the same input and the same masks. But the weights are rounded here, which "
    "changes the eval pass and the mean by at most 0.003, and one pass by 0.05.",
    "nn.Dropout(p) with its own generator, so that the masks are those on screen",
    "16 bits each",
    "dropout on: every pass is a different network",
    "(passes, classes), every row with its own masks",
    "dropout off: the whole network, the same every time",
    "a point in the plane",
    "8 x 8 pixels, from 0 (white) to 16 (black)",
    "28 x 28 pixels, with two hexadecimal digits for each: 00 is white, ff is black",
    # lib/listings/training.py
    "two half circles",
    "a ring inside a ring",
    "two arms, one turn each",
    f"The points and their labels are those on screen. {_LOSSES}",
    f"The rows and their labels are those on screen. {_LOSSES}",
    f"The rows and their labels are those on screen. {_LOSSES} All rows {_MEASURED}",
    f"The digits and their labels are those on screen. {_LOSSES} All digits {_MEASURED}",
    "Three generators, so that drawing other labels does not move the points.",
    "Shuffle after shuffle, split into batches. They have their own generator: whatever dropout draws, every network "
    "sees the same examples in the same order.",
    "the same first weights for each p",
    "dropout on",
    "dropout off",
    "The first and the last of each class go to the two ends, so that every class is in both parts.",
    "any class but the true one",
    "8 x 8 pixels, from 0 to 16",
    "Your table: put the path of your file here.",
    'some files separate columns by ";" or "\\t"',
    # lib/listings/top_k.py
    *(
        f"top-k: remove every word below the {{k}}{ending}; words that tie with it all stay"
        for ending in ("st", "nd", "rd", "th")
    ),
    "top-p: remove the unlikeliest words, as long as their probabilities sum to no more than 1 - {p}",
    "min-p: remove every word that is less than {p} times as likely as the likeliest",
    "The numbers are those on screen: the same scores, the same cuts, the same roll of the die.",
    "The numbers are almost those on screen: the {n} unlikeliest of the {all} words are left out here. They hold "
    "{percent}% together, and the other words get that much more.",
    "What may come after the start of a sentence: the scores (logits) of the model trained with p = {p}.",
    "What may come after {words}: the scores (logits) of the model trained with p = {p}.",
    "logits / temperature",
    "renormalised: a word that was removed has probability 0",
    "The die is a number between 0 and 1. Each word has a stretch of the line from 0 to 1, as long as its probability; "
    "the word on whose stretch the number falls is drawn.",
    "where each word's stretch ends: the cumulative distribution",
    "Another model: GPT-2 has read the web, not the storybook. So its numbers and words are not those on screen; only "
    "the settings and the order of the steps are the same.",
    "downloads 500 MB the first time",
    "The temperature comes first, then top-k, top-p and min-p; each works on what the previous one left.",
    "This asks the model itself, in the folder of the source code, after pip install -r requirements-llm.txt and "
    "python -m scripts.fetch_llm. The numbers are those on screen, except beyond the 200 likeliest tokens, where the "
    "screen shows a line between recorded ranks.",
    "everything is in the folder",
    "the tokens of the recorded path so far",
    "the tokens said since",
    "write here where it is on your computer",
    "This asks the model on screen, after pip install torch transformers. The numbers are those on screen: the same "
    "weights, the same cuts, the same roll of the die.",
    # lib/listings/decoding.py
    "The numbers are those on screen: the same scores, and the same steps in the same order.",
    "the repetition penalty: a word that was said gets a score above 0 divided, one below 0 multiplied",
    "the temperature divides all scores",
    "typical: keep the words whose surprise is nearest to the entropy, until they hold {mass}",
    "top-n-sigma: remove every word more than {n} standard deviations below the best",
    "greedy: only the likeliest word stays; temperature and cuts have no say",
    "The cuts do not see each other: each looks at all words, and a word stays if all of them keep it.",
    # lib/listings/continuations.py
    "The numbers are those on screen: the same model, the same cuts at every word, and the same sentences.",
    "No continuation is likelier than what it continues. So taking the likeliest one again and again finds the "
    "likeliest of all.",
    "less would be too thin to draw",
    "The storybook knows how likely each sentence truly is; a positive number says that the model finds it too likely.",
    # lib/listings/two_dice.py
    "The numbers are those on screen: the same models generate the same sentences.",
    "On a machine like the server, the numbers are those on screen. Another machine may round differently in training. "
    "Then the models generate other sentences, and a share of {n} changes by chance, by up to {percent}%.",
    "the same sentences and the same first weights; dropout is the only difference",
    "the models are too small to share",
    "The first die was rolled here, while the models learned: p is the probability of dropping.",
    "the second die is rolled here, at every word; None is no cut",
    "every cell's own, as on screen",
    "training=True would be a forgotten model.eval(): dropout left on while speaking",
    "the full stop is a word",
    # lib/listings/your_text.py
    "With the storybook, the numbers are those on screen on a machine like the server. To use a text of your own, put "
    "it into a file and write its name here:",
    "tokens in a row that stand in the part it learned from",
    "the same tokens and the same first weights; dropout is the only difference",
    # lib/listings/today.py
    "None of these numbers is on screen. This shows, in PyTorch, what the corrections say about scaling.",
    "p is the probability of dropping; in the 2014 paper it is the probability of keeping",
    "kept values are divided by 1 - p = {keep}, so the mean is unchanged",
    "The picture's block is trained; this one has random weights. So none of the numbers is on screen, but you can "
    "compare where dropout acts, and whether two passes differ.",
    "on the attention weights",
    "after the projection",
    "after the projection of the MLP",
    "on the sum of word and position embedding",
    "different in every pass",
    "the same in every pass",
    "On a machine like the server, the losses after the last step are those of “Train this point”. Another machine may "
    "round differently, which changes them by up to 0.05. The curves are means over several seeds.",
    "share: how much of the training is over, from 0 to 1",
    "down in {n} steps",
    "the same first weights for each schedule",
    'More data: write {more} for {n} above, and run "nothing" again.',
    "the same first weights for each arm",
    "One network of each kind is trained here, and some on screen, from other first weights and with other batches and "
    "masks. Each takes about ten minutes on one core. MNIST is fetched by python -m scripts.fetch_mnist, in the folder "
    "of the source code.",
    "c = 0: without max-norm",
    "nn.Dropout doubles what it keeps at p = 0.5: so c is halved there",
    "early stopping would keep the network of the lowest step",
    # lib/listings/questions.py
    "The same in a few lines. The numbers on screen come from more passes, or from trained models: expect others.",
    "only training labels are wrong",
    "one row for each pass",
    "nothing is scaled",
    "out of 200 units, to one output",
    "batch normalisation notes the variance",
    "some labels are wrong",
    "two clouds of points",
    "dropout stays on: nobody calls eval()",
    "two moons",
    "how many words stay in",
    "a model that knows its sentence by heart",
)


@dataclass(frozen=True)
class Comment:
    """A comment behind code, or one that has the lines from ``first`` to before ``end`` to itself."""

    text: str
    first: int
    end: int
    column: int
    alone: bool


def comments(program: str) -> Iterator[Comment]:
    """The comments of a program from top to bottom; comment lines below each other are one.

    >>> [each.text for each in comments("# Two lines,\\n# one comment.\\nx = '#'  # an x\\n")]
    ['Two lines, one comment.', 'an x']
    """
    lines, found = program.split("\n"), None
    for token in tokenize.generate_tokens(StringIO(program).readline):
        if token.type != tokenize.COMMENT:
            continue
        row, column = token.start[0] - 1, token.start[1]
        text, alone = token.string.removeprefix("#").strip(), not lines[row][:column].strip()
        if found and found.alone and alone and (found.end, found.column) == (row, column):
            space = "" if re.search(r"\w-$", found.text) else " "  # a word may be parted at its hyphen
            found = Comment(found.text + space + text, found.first, row + 1, column, alone)
            continue
        if found:
            yield found
        found = Comment(text, row, row + 1, column, alone)
    if found:
        yield found


def message_of(comment: str) -> tuple[str, dict[str, str]] | None:
    """The message that a comment says, and what fills its braces; None for one that is the same in every language.

    >>> message_of("down in 5 steps")
    ('down in {n} steps', {'n': '5'})
    """
    for message in MESSAGES:
        found = _pattern(message).fullmatch(comment)
        if found:
            return message, found.groupdict()
    return None


def with_comments(program: str, translate: Callable[[str], str]) -> str:
    """The program with its comments translated; a comment whose translation is the English stays as it stands.

    >>> with_comments("x = 0.5  # a point in the plane\\n", {"a point in the plane": "ein Punkt in der Ebene"}.get)
    'x = 0.5  # ein Punkt in der Ebene\\n'
    """
    lines = program.split("\n")
    for comment in reversed(list(comments(program))):  # from the bottom, because the number of lines may change
        message, values = message_of(comment.text) or ("", {})
        translated = translate(message) if message else ""
        if translated in ("", message):
            continue
        text, before = translated.format(**values), lines[comment.first][: comment.column]
        texts = wrapped(text, WIDTH - len(before) - len("# ")) if comment.alone else [text]
        lines[comment.first : comment.end] = [f"{before}# {each}" for each in texts]
    return "\n".join(lines)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most this width, unless one word is longer.

    Lines of Chinese or Japanese end almost anywhere, but not within katakana, and none starts with what closes a phrase
    or ends with what opens one.

    >>> wrapped("骰子是 0 和 1 之間的數。", 14)
    ['骰子是 0 和 1', '之間的數。']
    """
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and _columns(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


def unwrapped(lines: Iterable[str]) -> str:
    """The text that was wrapped into these lines: the counterpart of `wrapped`.

    >>> unwrapped(["骰子是 0 和 1", "之間的", "數，a well-", "known one"])
    '骰子是 0 和 1 之間的數，a well-known one'
    """
    return re.sub(rf"(?<=\w-)\n|(?<=[{_WIDE}])\n(?=[{_WIDE}])", "", "\n".join(lines)).replace("\n", " ")


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


_WIDE = "\u3000-\u30ff\u3400-\u9fff\uff00-\uff60"
_OPENS, _CLOSES = "（「『《", "、。，；：！？）」』》ーっゃゅょッャュョァィゥェォ"
_WORD, _KATAKANA = rf"[^ {_WIDE}]+", "[ァ-ヺー]+"
# A word or a term such as p = 0.3, a run of katakana, or one other wide character; with the space before it and the
# signs that may not be parted from it.
_PIECE = re.compile(rf" *[{_OPENS}]*(?:{_WORD}(?: [=-] {_WORD})*|{_KATAKANA}|[{_WIDE}])[{_CLOSES}]*")


@functools.cache  # one for each message
def _pattern(message: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(message)))
