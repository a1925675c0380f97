"""Settings that are not accepted: one error for all of them, and the checks that raise it.

A page catches `InvalidSetting` and says in the person's language which setting it is and what is accepted. The checks
also turn NumPy's numbers into Python's, which hash, compare and print the same everywhere.
"""

import math
from collections.abc import Collection
from typing import Any

import numpy as np


class InvalidSetting(ValueError):  # noqa: N818 - the name says it all
    """A setting that is not accepted: its ``name``, the ``value`` given, and what would be ``accepted``, in English.

    >>> raise InvalidSetting("p", 1.5, "a number from 0 to 1")
    Traceback (most recent call last):
    lib.settings.InvalidSetting: p must be a number from 0 to 1, but is 1.5
    """

    def __init__(self, name: str, value: object, accepted: str) -> None:
        super().__init__(f"{name} must be {accepted}, but is {value!r}")
        self.name, self.value, self.accepted = name, value, accepted


def is_whole(value: object) -> bool:
    """Whether this is a whole number, Python's or NumPy's. True and False do not count.

    >>> is_whole(3), is_whole(np.int64(3)), is_whole(3.0), is_whole(True)
    (True, True, False, False)
    """
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_real(value: Any) -> bool:
    """Whether this is a finite number. NaN does not count, nor does a whole number too large for a float.

    >>> is_real(0.5), is_real(np.float32(2)), is_real(math.nan), is_real(10**400), is_real("1")
    (True, True, False, False, False)
    """
    if not (is_whole(value) or isinstance(value, (float, np.floating))):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def whole_number(name: str, value: Any, low: int, high: int) -> int:
    """The value as an int, if it is a whole number from ``low`` to ``high``; else `InvalidSetting`.

    >>> whole_number("members", np.int64(8), 1, 64)
    8
    """
    if is_whole(value) and low <= value <= high:
        return int(value)
    raise InvalidSetting(name, value, f"a whole number from {low:,} to {high:,}")


def real_number(name: str, value: Any, low: float, high: float) -> float:
    """The value as a float, if it is a number from ``low`` to ``high``; else `InvalidSetting`.

    >>> real_number("noise", 0, 0, 0.5)
    0.0
    """
    if is_real(value) and low <= value <= high:
        return float(value)
    raise InvalidSetting(name, value, f"a number from {low:g} to {high:g}")


def one_of(name: str, value: Any, options: Collection[Any]) -> Any:
    """The value, if it is one of the options; else `InvalidSetting`.

    >>> one_of("corpus", "small", ("small", "large"))
    'small'
    """
    if value in options:
        return value
    raise InvalidSetting(name, value, f"one of {', '.join(map(str, options))}")
