"""What is known about dropout's history and about who uses it: data/facts.toml, read and checked.

An entry without a source, a kind of evidence or a confidence is refused, so that the page cannot show one. Two more
rules: nothing is in there only from memory, and where sources conflict there is no number to draw.

>>> facts = load_facts()
>>> facts.events[0].year, facts.events[0].kind
(2012, 'paper')
>>> [model.name for model in facts.models if model.rate is None]
['GPT-2', 'GPT-3', 'LLaMA']
"""

import functools
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from lib.sampling_settings import SamplingSettings
from lib.settings import InvalidSetting

PATH = Path(__file__).resolve().parents[2] / "data" / "facts.toml"
KINDS = ("paper", "code", "model card")
CONFIDENCES = ("seen", "quoted", "conflict")
DICE = ("learn", "speak")


class FactError(ValueError):
    """An entry that may not be shown: `entry` is its id or name, `field` what is wrong with it."""

    def __init__(self, entry: str, field: str, accepted: str) -> None:
        super().__init__(f"{entry}: {field} must be {accepted}")
        self.entry, self.field, self.accepted = entry, field, accepted


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """Where a fact comes from: the address of the `source`, the `kind` of evidence, and the `confidence`.

    `correction` says what is often claimed instead, or is empty.
    """

    source: str
    kind: str
    confidence: str
    correction: str = ""

    @property
    def label(self) -> str:
        """The name of this entry in messages."""
        return str(getattr(self, "id", "") or getattr(self, "name", ""))

    def __post_init__(self) -> None:
        if not self.source.startswith("https://"):
            raise FactError(self.label, "source", "a web address that starts with https://")
        if self.kind not in KINDS:
            raise FactError(self.label, "kind", f"one of {', '.join(KINDS)}")
        if self.confidence not in CONFIDENCES:
            raise FactError(self.label, "confidence", f"one of {', '.join(CONFIDENCES)}")


@dataclass(frozen=True, kw_only=True)
class Event(Sourced):
    """Something on the time line: `who` are its authors, `die` says which die it is about, `number` is the number that
    mattered, and `short` is its name in the picture."""

    id: str
    short: str
    year: int
    die: str
    who: str
    title: str
    what: str
    number: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.die not in DICE:
            raise FactError(self.id, "die", f"one of {', '.join(DICE)}")
        if not self.who or self.who.casefold() in f"{self.title} {self.short}".casefold():
            raise FactError(self.id, "who", "the authors, not the title or the name of their work")


@dataclass(frozen=True, kw_only=True)
class Model(Sourced):
    """A model and its dropout `rate` in (pre-)training; None where its source is silent or sources conflict."""

    name: str
    year: int
    note: str
    rate: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rate is not None and not 0 <= self.rate < 1:
            raise FactError(self.name, "rate", "a number from 0 to below 1, or absent")
        if self.rate is not None and self.confidence == "conflict":
            raise FactError(self.name, "rate", "absent where sources conflict")

    @property
    def status(self) -> str:
        """ "with" or "without" dropout, "not stated", or "conflicting".

        >>> {model.name: model.status for model in load_facts().models}["GPT-3"]
        'not stated'
        """
        if self.rate is None:
            return "conflicting" if self.confidence == "conflict" else "not stated"
        return "with" if self.rate > 0 else "without"


@dataclass(frozen=True, kw_only=True)
class Claim(Sourced):
    """A sentence that the page states."""

    id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Shipped(Sourced):
    """The sampling settings with which a model comes: a `top_k` or `top_p` that is None is no cut."""

    id: str
    name: str
    temperature: float
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            assert self.settings  # making them checks them
        except InvalidSetting as error:
            raise FactError(self.id, error.name, error.accepted) from error

    @property
    def settings(self) -> SamplingSettings:
        """The same as `lib.sampling` takes them."""
        return SamplingSettings(self.temperature, self.top_k, self.top_p)


@dataclass(frozen=True)
class Facts:
    """Everything in the file, in its order."""

    events: tuple[Event, ...]
    models: tuple[Model, ...]
    claims: tuple[Claim, ...]
    shipped: tuple[Shipped, ...]

    def claim(self, name: str) -> Claim:
        """The claim with this id."""
        return next(claim for claim in self.claims if claim.id == name)

    @property
    def corrections(self) -> list[Event | Claim]:
        """Every entry that corrects a common claim."""
        entries: tuple[Event | Claim, ...] = (*self.events, *self.claims)
        return [entry for entry in entries if entry.correction]

    def sentences(self) -> list[str]:
        """Every text that a person reads and a translator translates."""
        texts = [text for event in self.events for text in (event.short, event.what, event.number, event.correction)]
        texts += [model.note for model in self.models]
        texts += [text for claim in self.claims for text in (claim.text, claim.correction)]
        return [text for text in dict.fromkeys(texts) if text]


E = TypeVar("E", bound=Sourced)


def parse_facts(text: str) -> Facts:
    """Read a facts file.

    Raises:
        FactError: (a ValueError) an entry lacks something, or says something that is not accepted.

    >>> parse_facts('[[claim]]\\nid = "x"\\ntext = "y"')
    Traceback (most recent call last):
    lib.studies.facts.FactError: x: source must be given
    """
    tables = tomllib.loads(text)

    def read(kind: type[E], name: str) -> tuple[E, ...]:
        return tuple(_entry(kind, table) for table in tables.get(name, []))

    return Facts(read(Event, "event"), read(Model, "model"), read(Claim, "claim"), read(Shipped, "shipped"))


def _entry(kind: type[E], table: dict[str, Any]) -> E:
    label = str(table.get("id", table.get("name", kind.__name__)))
    known = {each.name: each for each in fields(kind)}
    for name, each in known.items():
        if name not in table and each.default is MISSING:
            raise FactError(label, name, "given")
    for name in table:
        if name not in known:
            raise FactError(label, name, f"one of {', '.join(known)}")
    return kind(**table)


@functools.cache  # one file, 0.1 MB
def load_facts() -> Facts:
    """The facts of this program, read once."""
    return parse_facts(PATH.read_text(encoding="utf-8"))
