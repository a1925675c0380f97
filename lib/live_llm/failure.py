"""Why a live model does not answer. A page says it in the person's language."""

from enum import Enum


class Reason(Enum):
    """Every reason, by the name under which the worker sends it."""

    NOT_FOUND = "not_found"  # no such folder, or nothing of this name on the hub that everybody may have
    NOT_CAUSAL = "not_causal"  # a model, but none that goes on with a text
    NOT_SAFE = "not_safe"  # no safetensors, or it needs to run code of its own
    NO_MEMORY = "no_memory"
    HUB_UNREACHABLE = "hub_unreachable"
    NO_TRANSFORMERS = "no_transformers"
    BROKEN = "broken"  # files that are damaged or missing, or answers that are no numbers
    DIED = "died"
    SLOW = "slow"
    TOO_LONG = "too_long"  # the text, for this model
    BUSY = "busy"  # too many wait, or another model is in use


class Failure(Exception):  # noqa: N818 - the name says it all
    """There is no answer, for this ``reason``."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
