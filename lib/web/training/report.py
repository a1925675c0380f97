"""The text under the curves: the verdict, the numbers, and the digits on which the arms disagree."""

import functools
import io
from functools import partial
from math import ceil, isfinite, isqrt

import numpy as np
import streamlit as st

from lib.curves import Ending, to_csv
from lib.statistics.comparison import NEGLIGIBLE_LOSS
from lib.training import History, TrainingConfig
from lib.web.elements.table import table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_parts, in_sentences, percent, prose, signed
from lib.web.runs.worker_pool import Run
from lib.web.training.player import TrainingJob, arm_name

# How many digits the gallery shows.
_SHOWN = 10
MOST_DIGITS = 200  # pictures of digits that are kept for the next one who sees them


def verdict(run: Run[TrainingJob], config: TrainingConfig) -> None:
    """One sentence, computed from a finished run: dropout helped, hurt, or made no difference that can be told."""
    if run.job is None or not run.done:
        return
    end = run.job.ending
    loss, accuracy = end.loss, end.accuracy
    change = _(
        "Validation loss at the end: {before} without, {after} with dropout; accuracy {from_} and {to} "
        "(means of {n} networks each).",
        before=decimal(loss.baseline_value),
        after=decimal(loss.arm_value),
        from_=percent(accuracy.baseline_value),
        to=percent(accuracy.arm_value),
        n=config.members,
    )
    headline, show = {
        "helped": (_("Dropout helped here."), st.success),
        "no_difference": (_("Dropout made no clear difference here."), st.info),
        "hurt": (_("Dropout hurt here."), st.warning),
        "unknown": (_("No verdict: with one network in each arm, an effect cannot be told from luck."), st.info),
    }[loss.outcome]
    if config.members > 1 and loss.outcome == "unknown":
        headline = _("No verdict: a loss is no longer a number. A smaller learning rate helps.")
    interval = ""
    if loss.outcome != "unknown":
        interval = _(
            "Difference in loss {difference}, 95% interval {low} to {high}.",
            difference=signed(loss.difference),
            low=signed(loss.low),
            high=signed(loss.high),
        )
    show(f"**{headline}** {in_sentences(change, interval, _early_stopping(end))}")


def _early_stopping(end: Ending) -> str:
    """What the lowest loss on the way says: dropout is not the only way not to memorise."""
    without, with_dropout = end.arms[0], end.arms[1]
    if not (isfinite(without.best_val_loss) and isfinite(with_dropout.best_val_loss)):
        return ""
    lowest = _(
        "Along the way, the lowest was {without} (step {step}) without dropout and {with_dropout} with it.",
        without=decimal(without.best_val_loss),
        step=decimal(without.best_step, 0),
        with_dropout=decimal(with_dropout.best_val_loss),
    )
    if end.loss.outcome == "helped" and without.best_val_loss <= with_dropout.best_val_loss + NEGLIGIBLE_LOSS:
        return in_sentences(lowest, _("So stopping early would have worked just as well here."))
    return lowest


def report(run: Run[TrainingJob], config: TrainingConfig) -> None:
    """The numbers of a finished run, to read, to take away as a file, and to share."""
    job = run.job
    if job is None or not run.done:
        return
    st.subheader(_("The numbers"), anchor=False)
    numbers(job.ending, config)
    if not run.recorded:
        how_fast(config, run.steps_per_second)
    about_floor(job.ending, config)
    disagreements(job.history)
    with st.container(horizontal=True):
        st.download_button(
            _("All curves as CSV"),
            partial(to_csv, job.history, config.rates),
            "two-dice-training.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        lesson.link_here()


def numbers(end: Ending, config: TrainingConfig) -> None:
    """The end and the best point of each arm, means over the members, as in the curves and in the verdict."""
    arms = end.arms
    rows = [
        [_("Training loss at the end"), *(decimal(arm.train_loss) for arm in arms)],
        [_("Validation loss at the end"), *(decimal(arm.val_loss) for arm in arms)],
        [_("Gap between the two"), *(signed(arm.gap) for arm in arms)],
        [
            _("Lowest validation loss, and when"),
            *(
                _("{loss} at step {step}", loss=decimal(arm.best_val_loss), step=decimal(arm.best_step, 0))
                for arm in arms
            ),
        ],
        [_("Training accuracy at the end"), *map(percent, end.train_accuracy)],
        [_("Validation accuracy at the end"), *map(percent, end.val_accuracy)],
    ]
    table(["", *(arm_name(rate) for rate in config.rates)], rows, "l" + "r" * len(arms))


def how_fast(config: TrainingConfig, steps_per_second: float) -> None:
    """How many networks were trained, and in what time."""
    networks = len(config.rates) * config.members
    st.caption(
        _(
            "{networks} networks trained side by side: {steps} steps in {seconds} s, {speed} network steps per second.",
            networks=networks,
            steps=decimal(config.steps, 0),
            seconds=decimal(config.steps / steps_per_second, 1),
            speed=decimal(networks * steps_per_second, 0),
        )
    )


def about_floor(end: Ending, config: TrainingConfig) -> None:
    """The floor under the losses, and who went below it; or why nobody knows it."""
    if end.loss_floor is None or end.accuracy_ceiling is None:
        train, val = end.looked_at
        st.caption(prose("training", "floor-unknown", train=decimal(train, 0), val=decimal(val, 0)))
        if config.label_noise:
            st.caption(prose("training", "labels-clean"))
        return
    floor = _(
        "The floor: on new points nobody can expect a loss below {loss} or an accuracy above {accuracy}.",
        loss=decimal(end.loss_floor, 3),
        accuracy=percent(end.accuracy_ceiling),
    )
    below = [arm_name(rate) for rate, arm in zip(config.rates, end.arms, strict=True) if arm.memorised]
    memorised = (
        _("Training loss below the floor means memorising: {arms}.", arms=in_parts(below))
        if below
        else _("No arm's training loss went below it.")
    )
    st.caption(in_sentences(floor, memorised))


def disagreements(history: History) -> None:
    """A gallery of the validation digits to which the two arms give different answers."""
    if history.validation_predictions is None or history.dataset.name not in ("digits", "mnist"):
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
            pixels = (255 - 255 * data.val_x[index]).astype(np.uint8).tobytes()
            st.image(_picture_of(pixels), caption=caption, width=104, alt=caption)


@functools.lru_cache(maxsize=MOST_DIGITS)  # of some 300 to 1,500 bytes
def _picture_of(pixels: bytes) -> bytes:
    """A digit as a PNG, ink on white; each pixel is several wide, about 100 in all, so that no browser blurs it."""
    from PIL import Image

    file, side = io.BytesIO(), isqrt(len(pixels))
    each = ceil(96 / side)
    wide = np.kron(np.frombuffer(pixels, np.uint8).reshape(side, side), np.ones((each, each), np.uint8))
    Image.fromarray(wide).save(file, "PNG")
    return file.getvalue()
