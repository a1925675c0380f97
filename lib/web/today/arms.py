"""Schedules of dropout, and other regularisers beside it: arms of one training, side by side."""

from collections.abc import Callable, Iterable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lib.figures.lines import Line, Spot, lines_figure
from lib.listings.today import regularisers_listing, schedule_listing
from lib.recorded import recorded_regularisers, recorded_schedules
from lib.statistics.comparison import NEGLIGIBLE_LOSS, paired_interval
from lib.studies.facts import load_facts
from lib.studies.regularisers import ArmResult, RegularisersConfig, RegularisersTrainer
from lib.studies.schedules import SCHEDULES, ScheduleConfig, ScheduledTrainer
from lib.training import History, TrainingConfig
from lib.web.elements.chart import chart
from lib.web.elements.citation import citation, corrected
from lib.web.elements.controls import Controls
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_parts, listed, prose, quoted, signed
from lib.web.today.runs import computed
from lib.web.today.settings import Settings


def training_of(controls: Controls[Settings]) -> TrainingConfig:
    """The controls that both parts share: which data, how much of it, and the seed."""
    data = controls.segmented("toy", _("Data"), {"moons": _("two moons"), "digits": _("digits")})
    explained = {
        "moons": _("Two half moons, one label in ten wrong"),
        "digits": _("Handwritten digits, one label in five wrong"),
    }
    st.caption(explained[data])
    with controls.more() as drawn:
        if drawn:
            controls.steps("few", _("Training examples"))
            controls.number("seed", _("Seed"))
    n, seed = controls.settings().few, controls.settings().seed
    if data == "digits":
        return TrainingConfig(
            dataset="digits",
            n_train=n,
            label_noise=0.2,
            hidden=(256, 256),
            members=3,
            batch_size=64,
            learning_rate=0.001,
            steps=600,
            seed=seed,
            recordings=60,
        )
    return TrainingConfig(n_train=n, seed=seed)


def schedules_part() -> Callable[[], str]:
    """Five schedules from the same start: their rates, their curves, and where they end."""
    with lesson.picture(Settings) as (controls, stage):
        p = controls.slider("peak", _("p, while dropout is on"))
        switch = controls.slider("switch", _("When “early” stops and “late” starts (share of the steps)"))
        show = controls.segmented("curves", _("Curves"), {"validation": _("validation"), "training": _("training")})
        training = training_of(controls)
        config = ScheduleConfig(training, p, switch)
    with stage:
        trainer = computed(config, lambda: ScheduledTrainer(config), recorded_schedules(config))
        if trainer:
            _schedule_curves(trainer.history, show)
    if trainer:
        st.subheader(_("The numbers"), anchor=False)
        _schedule_table(trainer.history)
    for name in ("early-vision", "early-language"):
        claim = load_facts().claim(name)
        st.markdown(f"- {_(claim.text)} {citation(claim)}")
        corrected(claim)
    st.caption(prose("today", "schedules-honest"))
    return lambda: schedule_listing(config)


def _curve_names() -> dict[str, str]:
    return {"validation": _("Validation loss"), "training": _("Training loss, dropout off")}


def schedule_names() -> dict[str, str]:
    """What the page calls the schedules."""
    return {
        "none": _("no dropout"),
        "constant": _("constant"),
        "early": _("early only"),
        "late": _("late only"),
        "falling": _("falling linearly"),
    }


def _schedule_curves(history: History, show: str) -> None:
    table = history.train_loss if show == "training" else history.val_loss  # (T, A, E)
    mean = table.mean(axis=-1)  # (T, A)
    lines = [
        Line(schedule_names()[schedule], history.step.tolist(), mean[:, arm].tolist(), style=arm, markers=False)
        for arm, schedule in enumerate(SCHEDULES)
    ]
    chart(
        drawn_once(lines_figure, lines, x_label=_("training step"), y_label=_("loss (nats)"), floor=_floor(history)),
        key="schedules",
        alt=_ends(show, ((line.name, line.y[-1]) for line in lines)),
    )


def _floor(history: History) -> tuple[str, float] | None:
    return None if history.loss_floor is None else (_("floor, the best possible"), history.loss_floor)


def _schedule_table(history: History) -> None:
    train, val = history.train_loss[-1], history.val_loss[-1]  # (A, E)
    rows = []
    for arm, schedule in enumerate(SCHEDULES):
        differences = val[arm] - val[0]  # (E,)
        low, high = paired_interval(differences.tolist())
        rows.append(
            (
                schedule_names()[schedule],
                decimal(float(train[arm].mean())),
                decimal(float(val[arm].mean())),
                *_difference(arm == 0, float(differences.mean()), low, high),
            )
        )
    table((_("schedule"), _("training loss"), _("validation loss"), *_difference_headings()), rows, "lrrrrl")
    st.markdown(
        prose(
            "today",
            "schedules-end",
            best=_lowest(val.mean(-1)),
            loss=decimal(float(val.mean(-1).min())),
            fitted=_lowest(train.mean(-1)),
            train=decimal(float(train.mean(-1).min())),
            n=history.config.members,
        )
    )


def _lowest(losses: NDArray[np.float64]) -> str:
    """The schedule with the lowest loss, and every other that is as good for all that matters."""
    near = np.flatnonzero(losses <= losses.min() + NEGLIGIBLE_LOSS)
    return listed(quoted(schedule_names()[SCHEDULES[arm]]) for arm in near)


def _difference_headings() -> tuple[str, str, str]:
    return _("difference from the first row"), _("95% interval"), _("verdict")


def _difference(is_baseline: bool, mean: float, low: float, high: float) -> tuple[str, str, str]:
    if is_baseline:
        return "", "", ""
    verdict = _("helped") if high < 0 else _("hurt") if low > 0 else _("no clear difference")
    if abs(mean) < NEGLIGIBLE_LOSS:
        verdict = _("negligible difference")
    return signed(mean), _("{low} to {high}", low=signed(low), high=signed(high)), verdict


def instead_part() -> Callable[[], str]:
    """Dropout, weight decay, early stopping and more data against the same memorising network."""
    with lesson.picture(Settings) as (controls, stage):
        p = controls.slider("drop", _("p, the dropout rate"))
        decay = controls.steps("decay", _("Weight decay"))
        times = controls.steps("times", _("More data: how many times as many examples"))
        show = controls.segmented("curves", _("Curves"), {"validation": _("validation"), "training": _("training")})
        config = RegularisersConfig(training_of(controls), p, decay, times)
    with stage:
        trainer = computed(config, lambda: RegularisersTrainer(config), recorded_regularisers(config))
        results = trainer.results() if trainer else []
        if trainer:
            _regulariser_curves(trainer.histories, results, show)
    if trainer:
        st.subheader(_("The numbers"), anchor=False)
        _regulariser_table(results, trainer.histories)
    st.caption(prose("today", "instead-honest"))
    return lambda: regularisers_listing(config)


def arm_names(histories: dict[str, History]) -> dict[str, str]:
    """What the page calls the arms."""
    more = histories["more_data"].config.n_train
    return {
        "nothing": _("nothing"),
        "dropout": _("dropout"),
        "decay": _("weight decay"),
        "early_stopping": _("early stopping"),
        "more_data": _("more data: {n}", n=decimal(more, 0)),
    }


def _regulariser_curves(histories: dict[str, History], results: list[ArmResult], show: str) -> None:
    names = arm_names(histories)
    styles = {"nothing": 0, "dropout": 2, "decay": 4, "more_data": 5}
    lines = []
    for arm, history in histories.items():
        table = history.train_loss if show == "training" else history.val_loss
        y = table[:, 0].mean(-1).tolist()
        lines.append(Line(names[arm], history.step.tolist(), y, style=styles[arm], markers=False))
    stopped = next(each for each in results if each.arm == "early_stopping")
    value = stopped.train_loss if show == "training" else stopped.val_loss
    chart(
        drawn_once(
            lines_figure,
            lines,
            x_label=_("training step"),
            y_label=_("loss (nats)"),
            floor=_floor(histories["nothing"]),
            spots=[Spot(names["early_stopping"], stopped.step, value)],
        ),
        key="instead",
        alt=_ends(show, [*((line.name, line.y[-1]) for line in lines), (names["early_stopping"], value)]),
    )


def _ends(show: str, ends: Iterable[tuple[str, float]]) -> str:
    """What the picture of these curves shows in words: where each ends."""
    return _(
        "{name}: {values}",
        name=_curve_names()[show],
        values=in_parts(f"{name} {decimal(value)}" for name, value in ends),
    )


def _regulariser_table(results: list[ArmResult], histories: dict[str, History]) -> None:
    names = arm_names(histories)
    rows = [
        (
            names[each.arm],
            decimal(each.step, 0),
            decimal(each.train_loss),
            decimal(each.val_loss),
            *_difference(each.arm == "nothing", each.difference, each.low, each.high),
        )
        for each in results
    ]
    head = (_("arm"), _("step"), _("training loss"), _("validation loss"), *_difference_headings())
    table(head, rows, "lrrrrrl")
    helped = [names[each.arm] for each in results[1:] if each.high < 0]
    words = {"helped": listed(helped) or _("none of them"), "count": len(helped), "dropout": names["dropout"]}
    others = any(each.high < 0 for each in results[1:] if each.arm != "dropout")
    st.markdown(prose("today", "instead-end" if others else "instead-none", **words))
