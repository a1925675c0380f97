"""What is known about both dice, their history and who uses them: data/facts.toml, read and checked.

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

PATH = Path(__file__).resolve().parents[2] / "data" / "facts.toml"
KINDS = ("paper", "code", "model card", "talk", "discussion", "encyclopedia")
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

    @property
    def heading(self) -> str:
        """What stands in front of its row in a picture: its name, and its year if it has one."""
        year = getattr(self, "year", None)
        return f"{self.label}, {year}" if year else self.label

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
class Rated(Sourced):
    """Something that learns with dropout at this `rate`, or without; None where its source is silent or sources
    conflict."""

    name: str
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
class Model(Rated):
    """A model and its dropout rate in (pre-)training."""

    year: int


@dataclass(frozen=True, kw_only=True)
class Tuning(Rated):
    """A library, a script or a paper, and its dropout rate while fine-tuning a model that has learned before."""


@dataclass(frozen=True, kw_only=True)
class Shipped(Sourced):
    """A model and the settings with which its own makers let it speak.

    Without a `temperature` they do not roll a die: they decode greedily. Without `top_k` or `top_p` there is no such
    cut in what they ship.

    >>> [each.name for each in load_facts().shipped if each.temperature is None]
    ['T5']
    >>> [each.name for each in load_facts().shipped if each.temperature and not each.cuts]
    ['DeepSeek-V3', 'gpt-oss']
    """

    name: str
    year: int
    note: str
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.temperature is not None and not self.temperature > 0:
            raise FactError(self.name, "temperature", "a number above 0, or absent")
        if self.top_k is not None and self.top_k < 1:
            raise FactError(self.name, "top_k", "a number from 1, or absent")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise FactError(self.name, "top_p", "a number above 0 and up to 1, or absent")
        if self.temperature is None and (self.top_k or self.top_p):
            raise FactError(self.name, "temperature", "given where there is a cut")

    @property
    def cuts(self) -> tuple[str, ...]:
        """Which of "top_k" and "top_p" take words away; top-p = 1 keeps all of them."""
        return tuple(name for name, on in (("top_k", self.top_k), ("top_p", self.top_p and self.top_p < 1)) if on)

    @property
    def settings(self) -> SamplingSettings:
        """The same as `lib.sampling` takes them; who decodes greedily keeps one word."""
        if self.temperature is None:
            return SamplingSettings(top_k=1)
        return SamplingSettings(self.temperature, self.top_k, self.top_p if "top_p" in self.cuts else None)


@dataclass(frozen=True, kw_only=True)
class Reading(Sourced):
    """Something to read or to watch: its `title`, and `what` one finds there if somebody has looked."""

    id: str
    title: str
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim(Sourced):
    """A sentence that the page states."""

    id: str
    text: str


@dataclass(frozen=True)
class Facts:
    """Everything in the file, in its order."""

    events: tuple[Event, ...]
    models: tuple[Model, ...]
    tunings: tuple[Tuning, ...]
    shipped: tuple[Shipped, ...]
    claims: tuple[Claim, ...]
    readings: tuple[Reading, ...]

    def claim(self, name: str) -> Claim:
        """The claim with this id."""
        return next(claim for claim in self.claims if claim.id == name)

    def trained(self, name: str) -> Model | None:
        """What is known of the training of the model with this name."""
        return next((model for model in self.models if model.name == name), None)

    @property
    def entries(self) -> list[Sourced]:
        """Everything, in the order of the file."""
        return [*self.events, *self.models, *self.tunings, *self.shipped, *self.claims, *self.readings]

    @property
    def corrections(self) -> list[Event | Claim]:
        """Every entry that corrects a common claim."""
        entries: tuple[Event | Claim, ...] = (*self.events, *self.claims)
        return [entry for entry in entries if entry.correction]

    def sentences(self) -> list[str]:
        """Every text that a person reads and a translator translates."""
        texts = [text for event in self.events for text in (event.short, event.what, event.number, event.correction)]
        rows: tuple[Rated | Shipped, ...] = (*self.models, *self.tunings, *self.shipped)
        texts += [row.note for row in rows]
        texts += [text for claim in self.claims for text in (claim.text, claim.correction)]
        texts += [reading.what for reading in self.readings]
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

    return Facts(
        read(Event, "event"),
        read(Model, "model"),
        read(Tuning, "tuning"),
        read(Shipped, "shipped"),
        read(Claim, "claim"),
        read(Reading, "reading"),
    )


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
