"""All experiments by the name of their question, in the order of the page."""

from collections.abc import Callable

from lib.questions import (
    another_answer,
    batch_norm,
    before_activation,
    channels,
    drop_or_keep,
    dropped_updated,
    empty_row,
    functional_dropout,
    hurts_small,
    knows_not,
    mask_per_example,
    scale_at_test,
    smaller_network,
    temperature_ignored,
    temperature_order,
    temperature_zero,
    top_k_50,
    validation_below,
    which_cut,
    why_dropout,
)
from lib.questions.result import Result
from lib.threads import one_fast_thread

EXPERIMENTS: dict[str, Callable[[int], Result]] = {
    "validation_below": validation_below.experiment,
    "scale_at_test": scale_at_test.experiment,
    "drop_or_keep": drop_or_keep.experiment,
    "another_answer": another_answer.experiment,
    "functional_dropout": functional_dropout.experiment,
    "mask_per_example": mask_per_example.experiment,
    "dropped_updated": dropped_updated.experiment,
    "before_activation": before_activation.experiment,
    "batch_norm": batch_norm.experiment,
    "smaller_network": smaller_network.experiment,
    "knows_not": knows_not.experiment,
    "empty_row": empty_row.experiment,
    "channels": channels.experiment,
    "hurts_small": hurts_small.experiment,
    "top_k_50": top_k_50.experiment,
    "temperature_ignored": temperature_ignored.experiment,
    "temperature_zero": temperature_zero.experiment,
    "temperature_order": temperature_order.experiment,
    "which_cut": which_cut.experiment,
    "why_dropout": why_dropout.experiment,
}
RECORDED = ("smaller_network",)  # the others are computed when somebody asks


def answer(question: str, seed: int) -> Result:
    """Do the experiment of a question; the same seed gives the same numbers.

    >>> answer("drop_or_keep", 0).verdict
    'yes'
    """
    with one_fast_thread():
        return EXPERIMENTS[question](seed)
