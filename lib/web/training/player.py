"""The training page's moving picture: what its runs record, in pieces, and the figures that the pieces fill."""

import base64
import math
from functools import cached_property, lru_cache, partial
from typing import Any

import streamlit as st

from lib.curves import Ending, GrowingSeries, ending
from lib.datasets import Dataset, make_dataset
from lib.figures.curves import CurveLabels, curves_figure
from lib.figures.decision_map import MapLabels, decision_map_figure
from lib.training import MAP_SIZE, History, Trainer, TrainingConfig, plane_extent
from lib.web.elements.drawn_once import drawn_once
from lib.web.frame.language import _, decimal
from lib.web.runs.recordings import Panels, Piece, recording_player
from lib.web.runs.status import run_status
from lib.web.runs.stepwise import StepwiseJob
from lib.web.runs.worker_pool import Run, RunStore


class TrainingJob(StepwiseJob[Trainer]):
    """A Trainer as a background run, with what everybody who watches it is shown, worked out once for all of them."""

    def __init__(self, config: TrainingConfig) -> None:
        super().__init__(partial(Trainer, config))
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

    def piece(self, history: History, start: int, stop: int) -> Piece:
        """The recording from point ``start`` to before point ``stop``, as the browser takes it."""
        maps = history.maps
        return {
            "step": history.step[start:stop].tolist(),
            "series": self._curves.between(history, start, stop),
            "maps": None
            if maps is None
            else [base64.b64encode(maps[start:stop, arm].tobytes()).decode() for arm in range(maps.shape[1])],
        }


@st.cache_resource(show_spinner=False)
def training_runs() -> RunStore[TrainingJob]:
    """All training runs of this server."""
    return RunStore(keep=5)  # of at most 7 MB


def training_player(
    run: Run[TrainingJob], config: TrainingConfig, *, metric: str, log: bool, with_dropout: bool
) -> None:
    """Draw the recording of a run as far as it is, and keep drawing while it grows; call it inside a fragment."""
    history = run.job.history if run.job else None  # None before the run has started
    data = history.dataset if history else _dataset(config)

    def piece(start: int, stop: int) -> Piece:
        return run.job.piece(history, start, stop) if run.job and history else {"step": [], "series": {}, "maps": None}

    recording_player(
        "training_player",
        run,
        count=len(history.step) if history is not None else 0,
        piece=piece,
        panels=lambda: _panels(data, config, metric=metric, log=log, with_dropout=with_dropout),
        panels_id=f"{metric} {log} {with_dropout}",
        metric=metric,
        status=status(run),
        map_size=MAP_SIZE if _in_plane(data) else 0,
    )


@lru_cache(maxsize=4)  # of at most 4 MB, a table of one's own; each is drawn again where its run is made
def _dataset(config: TrainingConfig) -> Dataset:
    """The data of a run that has not started: what there is to see while it waits."""
    return make_dataset(
        config.dataset,
        n_train=config.n_train,
        noise=config.noise,
        label_noise=config.label_noise,
        seed=config.seed,
        table=config.table,
    )


def _in_plane(data: Dataset) -> bool:
    """Whether the data have two features, so that there is a map to draw."""
    return len(data.features) == 2


def _panels(data: Dataset, config: TrainingConfig, *, metric: str, log: bool, with_dropout: bool) -> Panels:
    """The figures of all arms with all that is known before the training: axes, floor and points."""
    labels = CurveLabels(
        step=_("training step"),
        value=_("loss (nats)") if metric == "loss" else _("accuracy"),
        train=_("training"),
        val=_("validation"),
        train_dropout=_("training, dropout on"),
        gap=_("gap"),
        floor=_("floor, the best possible"),
        best=_("best step"),
    )
    floor = None
    if data.floor:
        floor = data.floor.loss if metric == "loss" else data.floor.accuracy
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
                logarithmic=log,
                with_dropout=with_dropout,
            ).to_dict(),
            "map": _map(data) if _in_plane(data) else None,
            # Before the first point: up to a little more than the loss of one who knows nothing.
            "range": [0.01 if log else 0.0, round(1.2 * math.log(len(data.classes)), 3) if metric == "loss" else 1.0],
        }
        for arm, rate in enumerate(config.rates)
    ]


def _map(data: Dataset) -> dict[str, Any]:
    figure = drawn_once(
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
    return dict(figure.to_dict())


def arm_name(rate: float) -> str:
    """What an arm is called on the page."""
    return _("Without dropout") if rate == 0 else _("With dropout, p = {p}", p=decimal(rate, 2))


def status(run: Run[TrainingJob]) -> str:
    """One line on how far the run is; empty once it is over."""

    def tell(job: TrainingJob, left: str) -> str:
        config = job.config
        return _(
            "{done} % · {left} s left · {speed} network-steps a second",
            done=decimal(100 * run.progress, 0),
            left=left,
            speed=decimal(len(config.rates) * config.members * run.steps_per_second, 0),
        )

    return run_status(training_runs(), run, tell)
