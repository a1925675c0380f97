"""How a word is drawn: all sampling settings in one value."""

from dataclasses import dataclass

from lib.settings import InvalidSetting, is_real, is_whole


@dataclass(frozen=True)
class SamplingSettings:
    """What decides how likely each word is; the steps are in `lib.sampling`.

    Args:
        temperature: > 0; divides the logits. Below 1, likely words become likelier; above 1, all become more alike.
        top_k: >= 1; keep this many of the likeliest words, and those that tie with the last of them.
        top_p: in (0, 1]; keep the fewest of the likeliest words whose probabilities sum to at least this.
        min_p: in [0, 1]; keep the words that are at least this many times as likely as the likeliest.

    None switches a cut off.

    Raises:
        InvalidSetting: (a ValueError) naming the setting and what is accepted.

    >>> SamplingSettings(top_k=0)
    Traceback (most recent call last):
    lib.settings.InvalidSetting: top_k must be a whole number >= 1 or None, but is 0
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None

    def __post_init__(self) -> None:
        if not (is_real(self.temperature) and self.temperature > 0):
            raise InvalidSetting("temperature", self.temperature, "a finite number > 0")
        if self.top_k is not None and not (is_whole(self.top_k) and self.top_k >= 1):
            raise InvalidSetting("top_k", self.top_k, "a whole number >= 1 or None")
        if self.top_p is not None and not (is_real(self.top_p) and 0 < self.top_p <= 1):
            raise InvalidSetting("top_p", self.top_p, "a number in (0, 1] or None")
        if self.min_p is not None and not (is_real(self.min_p) and 0 <= self.min_p <= 1):
            raise InvalidSetting("min_p", self.min_p, "a number in [0, 1] or None")


UNCUT = SamplingSettings()
"""No cut and temperature 1: every word is as likely as the model says."""
