"""Read a story grammar from its file, and name the line of a mistake.

A grammar is a set of rules. A rule gives a symbol some alternatives, each with a weight; an alternative is a sequence
of words and further symbols. To generate a sentence, start from ``<sentence>`` and keep replacing symbols by one of
their alternatives, drawn by weight, until only words are left. This is a probabilistic context-free grammar (Jurafsky
and Martin, "Speech and Language Processing", 3rd ed., appendix C). No symbol may lead back to itself, so every sentence
ends and the language is finite.

The format is made for teachers; the head of ``data/stories/en.txt`` explains it. In short::

    sentence:                               the rule of <sentence>, one alternative a line
        3 | the <animal> sleeps             weight 3: three times as likely as the next line
        the <animal> eats <food>            no weight: 1
    animal: ranked                          a list with commas; the weights are 1/2, 1/3, 1/4, ... (like Zipf's law)
        dog, cat, polar bear
    food: equal                             a list with commas; all entries have the same weight
        bread, cheese
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

START = "<sentence>"
NOTHING = "-"  # how the file writes an alternative without words

_HEADER = re.compile(r"(?P<name>\w[\w-]*):(?P<kind>.*)")
_SYMBOL = re.compile(r"<\w[\w-]*>")
_WEIGHT = re.compile(r"[1-9][0-9]{0,5}")


class GrammarError(ValueError):
    """A mistake in a grammar file.

    Attributes:
        code: what is wrong, for a page that translates it: "bad_syntax", "bad_weight", "duplicate_rule",
            "duplicate_alternative", "empty_rule", "no_start", "unknown_symbol", "loop" or "unreachable".
        line: its line, counted from 1; 0 if the mistake has no line (a file without ``sentence:``).
        symbol: the symbol or the text the mistake is about.
    """

    def __init__(self, code: str, line: int, symbol: str, explanation: str) -> None:
        super().__init__(f"line {line}: {explanation}" if line else explanation)
        self.code, self.line, self.symbol = code, line, symbol


@dataclass(frozen=True)
class Alternative:
    """One way to replace a symbol: the items (words and ``<symbols>``), the weight, and its line in the file."""

    items: tuple[str, ...]
    weight: float
    line: int


@dataclass
class Rule:
    """All alternatives of one symbol, and the line on which the rule begins."""

    line: int
    kind: str = ""
    alternatives: list[Alternative] = field(default_factory=list)
    goes_on: bool = True  # a list: its last line ended with a comma

    def probabilities(self) -> list[float]:
        """Return the probability of each alternative; they sum to 1."""
        total = sum(alternative.weight for alternative in self.alternatives)
        return [alternative.weight / total for alternative in self.alternatives]


Grammar = dict[str, Rule]  # by symbol, brackets included; each symbol comes after all symbols that its rule uses


def is_symbol(item: str) -> bool:
    """Tell a ``<symbol>`` from a word."""
    return item.startswith("<")


def load_grammar(path: Path) -> Grammar:
    """Read the grammar file ``path``, which is UTF-8 text.

    Raises:
        GrammarError: as `parse_grammar`.
        OSError: there is no such file.
    """
    content = path.read_bytes()
    try:
        return parse_grammar(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise GrammarError("bad_syntax", line, path.name, "this is not UTF-8 text; save the file as UTF-8") from None


def parse_grammar(text: str) -> Grammar:
    r"""Read a grammar, check it, and return its rules, each after the rules it uses.

    Raises:
        GrammarError: naming the first mistake and its line.

    >>> grammar = parse_grammar("sentence:\n  3 | the <animal> sleeps\n  it rains\nanimal: ranked\n  dog, cat")
    >>> grammar["<sentence>"].probabilities()
    [0.75, 0.25]
    >>> [alternative.weight for alternative in grammar["<animal>"].alternatives]
    [0.5, 0.3333333333333333]
    >>> parse_grammar("sentence:\n  the <dragon> sleeps")
    Traceback (most recent call last):
    lib.grammar.GrammarError: line 2: <dragon> has no rule; write a line 'dragon:' or correct the name
    """
    grammar = _read(text)
    _check_rules(grammar)
    return _in_order(grammar)


def _read(text: str) -> Grammar:
    """Read line by line: a line at the margin opens a rule, an indented line belongs to the rule above."""
    grammar: Grammar = {}
    rule: Rule | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        content = raw.split("#")[0].rstrip()
        if not content:
            continue
        if not content[0].isspace():
            rule = _open_rule(grammar, content, number)
        elif rule is None:
            raise GrammarError("bad_syntax", number, content.strip(), "an indented line needs a rule 'name:' above it")
        else:
            _add_line(rule, content.strip(), number)
    return grammar


def _open_rule(grammar: Grammar, content: str, line: int) -> Rule:
    match = _HEADER.fullmatch(content)
    kind = match["kind"].strip() if match else ""
    if match is None or kind not in ("", "ranked", "equal"):
        expected = (
            "a line at the margin must be 'name:', 'name: ranked' or 'name: equal' (indent what belongs to a rule)"
        )
        raise GrammarError("bad_syntax", line, content, f"{expected}, not {content!r}")
    symbol = f"<{match['name']}>"
    if symbol in grammar:
        explanation = f"{symbol} already has a rule on line {grammar[symbol].line}; join the two"
        raise GrammarError("duplicate_rule", line, symbol, explanation)
    grammar[symbol] = Rule(line, kind)
    return grammar[symbol]


def _add_line(rule: Rule, content: str, line: int) -> None:
    """Add what one indented line says: one alternative, or several entries of a list."""
    if not rule.kind:
        before, bar, after = content.rpartition("|")
        _add(rule, after, _weight(before.strip(), line) if bar else 1.0, line)
        return
    if not rule.goes_on:  # else a line broken in the middle of "polar bear" would be two entries
        end = rule.alternatives[-1].line
        raise GrammarError("bad_syntax", end, content, "this line needs a comma at its end, for the list goes on")
    rule.goes_on = content.endswith(",")
    entries = content.removesuffix(",").split(",")
    for entry in entries:
        rank = len(rule.alternatives) + 1
        _add(rule, entry, 1 / (rank + 1) if rule.kind == "ranked" else 1.0, line)


def _weight(text: str, line: int) -> float:
    if not _WEIGHT.fullmatch(text):
        raise GrammarError("bad_weight", line, text, f"a weight is a whole number from 1 to 999999, not {text!r}")
    return float(text)


def _add(rule: Rule, text: str, weight: float, line: int) -> None:
    items = tuple(text.split())
    if not items:
        raise GrammarError("bad_syntax", line, text, f"words are missing here; write {NOTHING!r} for no words at all")
    for item in items:
        # "." ends every sentence by itself, and the other characters have a meaning of their own in this file.
        if not _SYMBOL.fullmatch(item) and (
            any(character in item for character in "<>|:,.") or (item == NOTHING and len(items) > 1)
        ):
            explanation = f"{item!r} is neither a word nor a <symbol>; words have none of the marks < > | : , ."
            raise GrammarError("bad_syntax", line, item, explanation)
    if items == (NOTHING,):
        items = ()
    if any(items == other.items for other in rule.alternatives):
        alternative = " ".join(items) or NOTHING
        raise GrammarError("duplicate_alternative", line, alternative, f"{alternative!r} is in this rule twice")
    rule.alternatives.append(Alternative(items, weight, line))


def _check_rules(grammar: Grammar) -> None:
    if START not in grammar:
        raise GrammarError("no_start", 0, START, "there is no rule 'sentence:', with which every story begins")
    for symbol, rule in grammar.items():
        if not rule.alternatives:
            raise GrammarError("empty_rule", rule.line, symbol, f"{symbol} has no alternatives; add an indented line")
        for used, line in _uses(rule):
            if used not in grammar:
                name = used.strip("<>")
                explanation = f"{used} has no rule; write a line '{name}:' or correct the name"
                raise GrammarError("unknown_symbol", line, used, explanation)


def _uses(rule: Rule) -> Iterator[tuple[str, int]]:
    """Yield every symbol that the rule uses, with the line."""
    for alternative in rule.alternatives:
        yield from ((item, alternative.line) for item in alternative.items if is_symbol(item))


def _in_order(grammar: Grammar) -> Grammar:
    """Sort the rules so that each comes after those it uses; refuse loops and rules that no story reaches."""
    sorter = TopologicalSorter({symbol: {used for used, _ in _uses(rule)} for symbol, rule in grammar.items()})
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        loop = list(reversed(error.args[1]))  # each symbol uses the next one; the last is the first again
        line = next(line for used, line in _uses(grammar[loop[0]]) if used == loop[1])
        explanation = f"{' -> '.join(loop)} goes round in a loop, so a story might never end"
        raise GrammarError("loop", line, loop[0], explanation) from None
    reached = {START}
    for symbol in reversed(order):  # a symbol comes before those that its rule uses
        if symbol in reached:
            reached.update(used for used, _ in _uses(grammar[symbol]))
    for symbol, rule in grammar.items():
        if symbol not in reached:
            raise GrammarError("unreachable", rule.line, symbol, f"no story ever uses {symbol}; use it or delete it")
    return {symbol: grammar[symbol] for symbol in order}
