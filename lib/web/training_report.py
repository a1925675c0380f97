"""What is said under the curves: the verdict, the numbers, and the digits on which the arms disagree."""

import numpy as np
import streamlit as st

from lib.comparison import compare, summarise
from lib.curves import Floats
from lib.training import History, TrainingConfig
from lib.web.language import _, decimal, percent, prose
from lib.web.table import table
from lib.web.training_player import arm_name

# How many digits the gallery shows.
_SHOWN = 10


def verdict(history: History, config: TrainingConfig) -> None:
    """One sentence, computed from this run: dropout helped, hurt, or made no difference that can be told."""
    loss, accuracy = compare(history), compare(history, metric="val_accuracy")
    change = _(
        "Validation loss at the end: {before} without, {after} with dropout; accuracy {from_} and {to} "
        "(means of {n} networks each).",
        before=decimal(loss.baseline_value),
        after=decimal(loss.arm_value),
        from_=percent(accuracy.baseline_value),
        to=percent(accuracy.arm_value),
        n=config.members,
    )
    said, show = {
        "helped": (_("Dropout helped here."), st.success),
        "no_difference": (_("Dropout made no difference here that these networks can show."), st.info),
        "hurt": (_("Dropout hurt here."), st.warning),
        "unknown": (_("No verdict: one network in each arm says nothing about luck."), st.info),
    }[loss.outcome]
    if config.members > 1 and loss.outcome == "unknown":
        said = _("No verdict: a loss is no longer a number. A smaller learning rate helps.")
    interval = ""
    if loss.outcome != "unknown":
        interval = _(
            "Difference in loss {difference}, 95 % interval {low} to {high}.",
            difference=_signed(loss.difference),
            low=_signed(loss.low),
            high=_signed(loss.high),
        )
    show(f"**{said}** {change} {interval}")


def numbers(history: History, config: TrainingConfig, steps_per_second: float) -> None:
    """The end and the best point of each arm beside the floor, medians over the members; and how fast it went."""
    arms = [summarise(history, arm) for arm in range(len(config.rates))]

    def at_the_end(curves: Floats) -> list[str]:
        return [percent(float(np.median(curves[-1, arm]))) for arm in range(len(arms))]

    rows = [
        [_("Training loss at the end"), *(decimal(arm.train_loss) for arm in arms)],
        [_("Validation loss at the end"), *(decimal(arm.val_loss) for arm in arms)],
        [_("Gap between the two"), *(_signed(arm.gap) for arm in arms)],
        [
            _("Lowest validation loss, and when"),
            *(
                _("{loss} at step {step}", loss=decimal(arm.best_val_loss), step=decimal(arm.best_step, 0))
                for arm in arms
            ),
        ],
        [_("Training accuracy at the end"), *at_the_end(history.train_accuracy)],
        [_("Validation accuracy at the end"), *at_the_end(history.val_accuracy)],
    ]
    table(["", *(arm_name(rate) for rate in config.rates)], rows, "l" + "r" * len(arms))
    networks = len(config.rates) * config.members
    st.caption(
        _(
            "{networks} networks trained side by side: {steps} steps in {seconds} s, {speed} network-steps a second.",
            networks=networks,
            steps=decimal(config.steps, 0),
            seconds=decimal(config.steps / steps_per_second, 1),
            speed=decimal(networks * steps_per_second, 0),
        )
    )
    if history.loss_floor is None or history.accuracy_ceiling is None:
        train, val = history.looked_at
        st.caption(prose("training", "floor-unknown", train=decimal(train, 0), val=decimal(val, 0)))
        return
    floor = _(
        "The floor: on new points nobody can expect a loss below {loss} or an accuracy above {accuracy}.",
        loss=decimal(history.loss_floor, 3),
        accuracy=percent(history.accuracy_ceiling),
    )
    below = [arm_name(rate) for rate, arm in zip(config.rates, arms, strict=True) if arm.memorised]
    memorised = (
        _("Training loss below the floor means memorising: {arms}.", arms="; ".join(below))
        if below
        else _("No arm's training loss went below it.")
    )
    st.caption(f"{floor} {memorised}")


def disagreements(history: History) -> None:
    """A gallery of the validation digits to which the two arms give different answers."""
    if history.validation_predictions is None or history.dataset.name != "digits":
        return
    data, predicted = history.dataset, history.validation_predictions  # (A, M)
    differ = np.flatnonzero(predicted[0] != predicted[1])
    total = predicted.shape[1]
    if not len(differ):
        st.markdown(prose("training", "gallery-none", total=decimal(total, 0)))
        return
    st.markdown(prose("training", "gallery", count=decimal(len(differ), 0), total=decimal(total, 0)))
    with st.container(horizontal=True, gap="small"):
        for index in differ[:_SHOWN]:
            truth, without, with_dropout = (
                data.classes[label] for label in (data.val_y[index], predicted[0, index], predicted[1, index])
            )
            caption = _(
                "{truth}: without {without}, with {with_dropout}",
                truth=truth,
                without=without,
                with_dropout=with_dropout,
            )
            # Ink on white, each pixel twelve times as wide, so that the browser does not blur it.
            pixels = (255 - 255 * data.val_x[index].reshape(8, 8)).astype(np.uint8)
            st.image(np.kron(pixels, np.ones((12, 12), np.uint8)), caption=caption, width=104, alt=caption)


def _signed(value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + decimal(abs(value))
