"""The training page's moving picture: what its runs record, and the figures that the recordings fill."""

import math
from functools import cached_property, lru_cache, partial

import streamlit as st

from lib.curves import Ending, GrowingSeries, ending
from lib.datasets import Dataset
from lib.figures.curves import CurveLabels, curves_figure
from lib.figures.decision_map import MapLabels, decision_map_figure
from lib.figures.figure import Figure
from lib.recorded import RecordedTraining, recorded_training
from lib.training import MAP_SIZE, History, Trainer, TrainingConfig, draw_dataset, plane_extent
from lib.web.elements.drawn_once import drawn_once
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, decimal, percent
from lib.web.runs.recordings import Panels, Recording, recording_player
from lib.web.runs.status import run_status
from lib.web.runs.stepwise import StepwiseJob
from lib.web.runs.worker_pool import Run, RunStore, session_watcher
from lib.web.training.settings import Settings


class TrainingJob(StepwiseJob[Trainer | RecordedTraining]):
    """A training as a background run, or a recorded one, with what everybody who watches it is shown."""

    def __init__(self, config: TrainingConfig, recorded: RecordedTraining | None = None) -> None:
        super().__init__(lambda: recorded or Trainer(config))
        self.config = config
        self._curves = GrowingSeries()

    def advance(self) -> None:
        """Train for a moment; a run that is over keeps its history only."""
        super().advance()
        if self.done:
            self.work.forget_networks()

    @property
    def history(self) -> History:
        """What is recorded so far."""
        return self._whole if self.done else self.work.history

    @cached_property
    def _whole(self) -> History:
        return self.work.history

    @cached_property
    def ending(self) -> Ending:
        """How the run ended; ask when it is done."""
        return ending(self._whole)

    def series(self, history: History) -> dict[str, list[float | None]]:
        """Every curve of what is recorded in ``history``, by name, as `lib.curves.series` names them."""
        return self._curves.between(history, 0, len(history.step))


@st.cache_resource(show_spinner=False)
def training_runs() -> RunStore[TrainingJob]:
    """All training runs of this server."""
    return RunStore("training", keep=5)  # of at most 7 MB


def first_run(config: TrainingConfig) -> Run[TrainingJob]:
    """What is seen before anybody has pressed Train: the run that ships with the program, or an empty picture."""
    recorded = recorded_training(config)
    if recorded is None:
        return _place_for(config)
    return training_runs().watch(
        ("recorded", config),
        session_watcher(),
        partial(TrainingJob, config),
        recorded_job=partial(TrainingJob, config, recorded),
    )


@lru_cache(maxsize=64)  # without a job, each is a few hundred bytes, beside its table
def _place_for(config: TrainingConfig) -> Run[TrainingJob]:
    """A run that nobody has asked for: points, axes and floor."""
    return Run(partial(TrainingJob, config))


def training_run(config: TrainingConfig) -> Run[TrainingJob]:
    """The run of this config, started or queued if need be; this session no longer watches another."""
    return training_runs().watch(config, session_watcher(), partial(TrainingJob, config))


@aside
def training_player(run: Run[TrainingJob], config: TrainingConfig, settings: Settings, *, live: bool) -> None:
    """Draw the recording of a run as far as it is, and keep drawing while it grows. Only this runs again meanwhile.

    ``live`` says that the run was not over when the page was drawn.
    """
    recording_player("training_player", run, recording_of(run, config, settings))
    if live and run.over:
        st.rerun()  # the verdict and the numbers stand outside of this fragment


def recording_of(run: Run[TrainingJob], config: TrainingConfig, settings: Settings) -> Recording:
    """What the run has recorded so far, and the figures for it that the settings ask for."""
    history = run.job.history if run.job else None  # None before the run has started
    return Recording(
        step=history.step.tolist() if history else [],
        series=run.job.series(history) if run.job and history else {},
        maps=history.maps if history else None,
        panels=_panels(history.dataset if history else _dataset(config), config, settings),
        panels_id=f"{settings.metric} {settings.log} {settings.noisy}",
        metric=settings.metric,
        status=status(run),
    )


@lru_cache(maxsize=4)  # of at most 7 MB, digits of MNIST; each is drawn again where its run is made
def _dataset(config: TrainingConfig) -> Dataset:
    """The data of a run that has not started: what there is to see while it waits."""
    return draw_dataset(config)


def _panels(data: Dataset, config: TrainingConfig, settings: Settings) -> Panels:
    """The figures of all arms with all that is known before the training: axes, floor and points."""
    metric = settings.metric
    labels = curve_labels(_("loss (nats)") if metric == "loss" else _("accuracy"), _("floor, the best possible"))
    floor = None
    if data.floor:
        floor = data.floor.loss if metric == "loss" else data.floor.accuracy
    # Before the first point: up to a little more than the loss of one who knows nothing.
    highest = round(1.2 * math.log(len(data.classes)), 3) if metric == "loss" else 1.0
    return [
        {
            "title": arm_name(rate),
            "arm": arm,
            "curves": drawn_once(
                curves_figure,
                arm,
                labels,
                metric=metric,
                steps=config.steps,
                floor=floor,
                logarithmic=settings.log,
                with_dropout=settings.noisy,
            ),
            "map": _map(data) if len(data.features) == 2 else None,
            "range": [0.01 if settings.log else 0.0, highest],
        }
        for arm, rate in enumerate(config.rates)
    ]


def _map(data: Dataset) -> Figure:
    return drawn_once(
        decision_map_figure,
        data.train_x,
        data.train_y,
        data.flipped,
        plane_extent(data.train_x),
        MAP_SIZE,
        MapLabels(
            classes=tuple(_("class {name}", name=name) for name in data.classes),
            flipped=_("flipped label"),
            features=(data.features[0], data.features[1]),
        ),
    )


def curve_labels(value: str, floor: str) -> CurveLabels:
    """The words in a figure of training and validation curves, with those for its ``value`` axis and its ``floor``."""
    return CurveLabels(
        step=_("training step"),
        value=value,
        train=_("training"),
        val=_("validation"),
        train_dropout=_("training, dropout on"),
        gap=_("gap"),
        floor=floor,
        best=_("best step"),
    )


def arm_name(rate: float) -> str:
    """What an arm is called on the page."""
    return _("Without dropout") if rate == 0 else _("With dropout, p = {p}", p=decimal(rate, 2))


def status(run: Run[TrainingJob]) -> str:
    """One line on how far the run is; empty before it has begun and once it is over."""
    if not run.begun:
        return ""

    def text(job: TrainingJob, left: str) -> str:
        config = job.config
        return _(
            "{done} · {left} s left · {speed} network steps per second",
            done=percent(run.progress, 0),
            left=left,
            speed=decimal(len(config.rates) * config.members * run.steps_per_second, 0),
        )

    return run_status(training_runs(), run, text)
