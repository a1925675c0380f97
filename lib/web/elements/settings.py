"""How a page declares its settings, each once, and how a link writes them.

A page's settings are one frozen dataclass. In a link, numbers and choices have short names that mean the same in every
language (``dropout-layer=hidden1``); what an option is called on screen stands where its control is drawn.

>>> @dataclass(frozen=True)
... class Settings:
...     p: float = number(0.5, 0.0, 1.0, 0.05)
...     layer: str = choice("hidden1", ("input", "hidden1", "hidden2"))
>>> settings = read(Settings, {"p": "0.30", "layer": "nonsense"})
>>> settings
Settings(p=0.3, layer='hidden1')
>>> written(settings)
{'p': '0.3'}
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

S = TypeVar("S")


@dataclass(frozen=True)
class Number:
    """What a number may be: between two bounds; whole where its default is written whole."""

    low: float
    high: float
    step: float

    def read(self, text: str, default: Any) -> Any:
        """The number that a link says; ValueError where it is none, or out of bounds."""
        value = float(text)
        if not self.low <= value <= self.high:  # NaN is not
            raise ValueError(f"{text} is not between {self.low} and {self.high}")
        if not isinstance(default, int):
            return value
        if not value.is_integer():
            raise ValueError(f"{text} is not a whole number")
        return int(value)

    def stops(self, value: float) -> list[float]:
        """Where a slider that stands at this value can stop: at each step, and at a value between two of them, which a
        link may have. Of two stops that two decimals do not tell apart, there is only the value.

        >>> Number(0.0, 0.3, 0.1).stops(0.25), Number(0.0, 0.3, 0.1).stops(0.201)
        ([0.0, 0.1, 0.2, 0.25, 0.3], [0.0, 0.1, 0.201, 0.3])
        """
        count = round((self.high - self.low) / self.step) + 1
        steps = [round(self.low + i * self.step, 2) for i in range(count)]
        return sorted(({step: step for step in steps} | {round(value, 2): value}).values())


@dataclass(frozen=True)
class Choice:
    """What a choice may be: one of a few options."""

    options: tuple[Any, ...]

    def read(self, text: str, default: Any) -> Any:
        """The option that a link says, a number in any way of writing it; ValueError where there is no such option."""
        for option in self.options:
            if text == in_link(option) or (isinstance(option, int | float) and _is_number(text, option)):
                return option
        raise ValueError(f"{text} is not one of {self.options}")


@dataclass(frozen=True)
class Arrangement:
    """What an arrangement may be: some items in any order, with dots between them, or the name of one."""

    names: tuple[str, ...]
    items: tuple[str, ...]

    def read(self, text: str, default: Any) -> str:
        """What a link says; ValueError where it is no name, and has not each item once."""
        if text in self.names or sorted(text.split(".")) == sorted(self.items):
            return text
        raise ValueError(f"{text} is not one of {self.names}, nor an arrangement of {self.items}")


@dataclass(frozen=True)
class Flag:
    """On or off."""

    def read(self, text: str, default: Any) -> bool:
        """What a link says; ValueError where that is neither."""
        return {"true": True, "false": False}[text.lower()]


@dataclass(frozen=True)
class Text:
    """What somebody types, up to so many characters."""

    most: int

    def read(self, text: str, default: Any) -> str:
        """What a link says, cut off where it is too long."""
        return text[: self.most]


def number(default: float, low: float, high: float, step: float) -> Any:
    """A setting that is a number between two bounds. Whole where the default is written whole."""
    return field(default=default, metadata={"accepts": Number(low, high, step)})


def choice(default: Any, options: Sequence[Any]) -> Any:
    """A setting that is one of a few options."""
    return field(default=default, metadata={"accepts": Choice(tuple(options))})


def arrangement(default: str, names: Sequence[str], items: Sequence[str]) -> Any:
    """A setting that is an order of some items; ``default`` is one of the names."""
    return field(default=default, metadata={"accepts": Arrangement(tuple(names), tuple(items))})


def flag(default: bool) -> Any:
    """A setting that is on or off."""
    return field(default=default, metadata={"accepts": Flag()})


def text(most: int) -> Any:
    """A setting that somebody types, None before anybody does."""
    return field(default=None, metadata={"accepts": Text(most)})


def declared(settings: type[Any]) -> dict[str, Field[Any]]:
    """The settings of a page by name."""
    return {each.name: each for each in fields(settings)}


def read(settings: type[S], link: Mapping[str, str]) -> S:
    """The settings that a link asks for. What it leaves out, and what cannot be, has its default."""
    values = {}
    for name, each in declared(settings).items():
        value = read_one(each, link.get(name))
        values[name] = each.default if value is None else value
    return settings(**values)


def read_one(setting: Field[Any], text: str | None) -> Any:
    """What a link says about one setting, or None where it says nothing that can be."""
    if text is None:
        return None
    try:
        return setting.metadata["accepts"].read(text, setting.default)
    except (ValueError, KeyError, OverflowError):
        return None


def written(settings: Any) -> dict[str, str]:
    """What a link says about these settings: those that have another value than their default."""
    values = {name: (getattr(settings, name), each.default) for name, each in declared(type(settings)).items()}
    return {name: in_link(value) for name, (value, default) in values.items() if not is_same(value, default)}


def is_same(one: Any, other: Any) -> bool:
    """Whether a link would say the same of both values; None is what it says nothing about."""
    return one is other or (one is not None and other is not None and in_link(one) == in_link(other))


def in_link(value: Any) -> str:
    """A value as a link writes it.

    >>> in_link(True), in_link(0.30000000000000004), in_link(2000), in_link(0.0), in_link("hidden1")
    ('true', '0.3', '2000', '0', 'hidden1')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _is_number(text: str, option: float) -> bool:
    try:
        return math.isclose(float(text), option)
    except ValueError:
        return False
