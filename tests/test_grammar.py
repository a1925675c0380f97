"""The grammar file: what it means, and that every mistake is named with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.grammar import GrammarError, load_grammar, parse_grammar
from lib.story import STORIES

GOOD = """\
# a remark
sentence:                     # another
    3 | the <animal> sleeps
    it rains
    -
animal: ranked
    dog, cat,
    polar bear, <bird>
bird: equal
    owl, duck
"""


def choices(text: str, symbol: str) -> list[tuple[tuple[str, ...], float]]:
    return [(each.items, each.weight) for each in parse_grammar(text)[symbol].alternatives]


def test_alternatives_have_the_weights_that_the_file_gives() -> None:
    assert choices(GOOD, "<sentence>") == [(("the", "<animal>", "sleeps"), 3), (("it", "rains"), 1), ((), 1)]


def test_a_ranked_list_goes_on_over_lines_with_falling_weights() -> None:
    assert choices(GOOD, "<animal>") == [
        (("dog",), 1 / 2),
        (("cat",), 1 / 3),
        (("polar", "bear"), 1 / 4),
        (("<bird>",), 1 / 5),
    ]


def test_an_equal_list_has_equal_weights() -> None:
    assert choices(GOOD, "<bird>") == [(("owl",), 1), (("duck",), 1)]


def test_probabilities_are_weights_over_their_sum() -> None:
    assert parse_grammar(GOOD)["<sentence>"].probabilities() == [0.6, 0.2, 0.2]


def test_rules_come_after_the_rules_they_use() -> None:
    assert list(parse_grammar(GOOD)) == ["<bird>", "<animal>", "<sentence>"]


def test_alternatives_remember_their_line() -> None:
    assert [each.line for each in parse_grammar(GOOD)["<animal>"].alternatives] == [7, 7, 8, 8]


MISTAKES = {
    "unknown symbol": ("sentence:\n    the <dog> sleeps", "unknown_symbol", 2, "<dog>"),
    "unknown symbol in a list": ("sentence:\n  <a>\na: ranked\n  x,\n  y, <b>", "unknown_symbol", 5, "<b>"),
    "zero weight": ("sentence:\n    it rains\n    0 | it snows", "bad_weight", 3, "0"),
    "negative weight": ("sentence:\n    -2 | it snows", "bad_weight", 2, "-2"),
    "broken weight": ("sentence:\n    0.5 | it snows", "bad_weight", 2, "0.5"),
    "a word as weight": ("sentence:\n    often | it snows", "bad_weight", 2, "often"),
    "other digits": ("sentence:\n    ２ | it snows", "bad_weight", 2, "２"),
    "a huge weight": ("sentence:\n    1000000 | it snows", "bad_weight", 2, "1000000"),
    "no weight before the bar": ("sentence:\n    | it snows", "bad_weight", 2, ""),
    "two bars": ("sentence:\n    2 | it | snows", "bad_weight", 2, "2 | it"),
    "loop of one": ("sentence:\n    it rains\n    and <sentence>", "loop", 3, "<sentence>"),
    "unreachable": ("sentence:\n    it rains\n\nbird:\n    owl", "unreachable", 4, "<bird>"),
    "only used by an unreachable one": ("sentence:\n  hi\na:\n  <b>\nb:\n  x", "unreachable", 3, "<a>"),
    "duplicate rule": ("sentence:\n    <a>\na:\n    x\na:\n    y", "duplicate_rule", 5, "<a>"),
    "duplicate alternative": ("sentence:\n    it rains\n    3 | it  rains", "duplicate_alternative", 3, "it rains"),
    "duplicate in a list": ("sentence: ranked\n  owl, cat,\n  owl", "duplicate_alternative", 3, "owl"),
    "duplicate nothing": ("sentence:\n    -\n    2 | -", "duplicate_alternative", 3, "-"),
    "empty rule": ("sentence:\n    <a>\na:\n# nothing\n", "empty_rule", 3, "<a>"),
    "no sentence": ("story:\n    it rains", "no_start", 0, "<sentence>"),
    "an empty file": ("", "no_start", 0, "<sentence>"),
    "no colon": ("sentence\n    it rains", "bad_syntax", 1, "sentence"),
    "unknown kind": ("sentence: sorted\n    it rains", "bad_syntax", 1, "sentence: sorted"),
    "margin forgotten": ("sentence:\nit rains", "bad_syntax", 2, "it rains"),
    "indented too early": ("    it rains\nsentence:\n    hi", "bad_syntax", 1, "it rains"),
    "full stop": ("sentence:\n    it rains .", "bad_syntax", 2, "."),
    "full stop on a word": ("sentence:\n    it rains.", "bad_syntax", 2, "rains."),
    "comma outside of a list": ("sentence:\n    owl, cat", "bad_syntax", 2, "owl,"),
    "open bracket": ("sentence:\n    the <dog sleeps", "bad_syntax", 2, "<dog"),
    "glued symbol": ("sentence:\n    the <dog>s\ndog:\n    dog", "bad_syntax", 2, "<dog>s"),
    "a list broken in the middle": ("sentence: equal\n    owl, polar\n    bear", "bad_syntax", 2, "bear"),
    "two commas": ("sentence: ranked\n    owl, , cat", "bad_syntax", 2, " "),
    "nothing among words": ("sentence:\n    it - rains", "bad_syntax", 2, "-"),
    "weight without words": ("sentence:\n    3 |", "bad_syntax", 2, ""),
}


@pytest.mark.parametrize(("text", "code", "line", "symbol"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_line(text: str, code: str, line: int, symbol: str) -> None:
    with pytest.raises(GrammarError) as caught:
        parse_grammar(text)
    error = caught.value
    assert (error.code, error.line, error.symbol) == (code, line, symbol)
    assert isinstance(error, ValueError)
    assert str(error).startswith(f"line {line}: ") == (line > 0)


def test_a_loop_of_several_rules_is_spelled_out_from_a_line_in_it() -> None:
    text = "sentence:\n    <a>\na:\n    x <b>\nb:\n    y\n    <c>\nc: equal\n    z, <a>"
    with pytest.raises(GrammarError) as caught:
        parse_grammar(text)
    line_of_step = {"<a>": 4, "<b>": 7, "<c>": 9}
    assert caught.value.code == "loop"
    assert caught.value.line == line_of_step[caught.value.symbol]
    assert any(way in str(caught.value) for way in ("<a> -> <b> -> <c>", "<b> -> <c> -> <a>", "<c> -> <a> -> <b>"))


@given(st.text(alphabet="ab<>:|,.-#3 \n", max_size=60) | st.text(max_size=60))
def test_any_text_gives_a_grammar_or_a_named_mistake(text: str) -> None:
    text = "sentence:\n" + text
    mistake = None
    try:
        grammar = parse_grammar(text)
    except GrammarError as error:
        mistake = error
    if mistake is None:
        assert "<sentence>" in grammar
    else:
        assert 1 <= mistake.line <= len(text.splitlines())


def test_every_missing_rule_of_the_english_storybook_is_noticed() -> None:
    """Rename one rule after the other: the first line that uses the old name must be named."""
    text = (STORIES / "en.txt").read_text(encoding="utf-8")
    lines = text.splitlines()
    for symbol in parse_grammar(text):
        name = symbol.strip("<>")
        renamed = ["renamed" + line if line.startswith(f"{name}:") else line for line in lines]
        with pytest.raises(GrammarError) as caught:
            parse_grammar("\n".join(renamed))
        if name == "sentence":
            assert caught.value.code == "no_start"
        else:
            assert (caught.value.code, caught.value.symbol) == ("unknown_symbol", symbol)
            assert symbol in lines[caught.value.line - 1]


@pytest.mark.parametrize(
    "content", [GOOD.encode(), b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()]
)
def test_files_from_any_editor_are_read(tmp_path, content: bytes) -> None:
    path = tmp_path / "story.txt"
    path.write_bytes(content)
    assert load_grammar(path) == parse_grammar(GOOD)


def test_a_file_that_is_not_utf8_is_a_mistake_with_a_line(tmp_path) -> None:
    path = tmp_path / "story.txt"
    path.write_bytes("sentence:\n    ein Apfel\n    ein Bär".encode("latin-1"))
    with pytest.raises(GrammarError) as caught:
        load_grammar(path)
    assert (caught.value.code, caught.value.line) == ("bad_syntax", 3)
