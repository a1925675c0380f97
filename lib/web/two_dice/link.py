"""The way from another page to the Two dice page, with that page's settings as far as the table has them."""

from collections.abc import Sequence

from lib.experiment import KS, TABLE_RATES
from lib.web.frame.navigation import link_to


def link_to_two_dice(label: str, *, p: float | None = None, k: int | None = None) -> None:
    """A link that opens the table with the row nearest to ``p`` and the column nearest to ``k``."""
    settings: dict[str, str] = {}
    if p is not None:
        settings["p"] = f"{nearest(p, TABLE_RATES[1:]):g}"
    if k is not None:
        settings["k"] = f"{nearest(k, [each for each in KS if each]):g}"
    link_to("two_dice", label, settings)


def nearest(value: float, options: Sequence[float]) -> float:
    """The option nearest to a value.

    >>> nearest(0.45, TABLE_RATES[1:]), nearest(500, (1, 3, 10, 50))
    (0.5, 50)
    """
    return min(options, key=lambda option: abs(option - value))
