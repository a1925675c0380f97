"""The training page's moving picture: sends a run's recording in pieces and lets the browser play it.

The browser asks for the piece that starts where its own recording ends, and for the next one 300 ms later, until it has
everything. So a lost or doubled message does no harm, any number of students can be anywhere in the same run, and a
closed tab asks no more.
"""

import base64
import time
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import streamlit as st

from lib.curves import series
from lib.figures.curves import CurveLabels, curves_figure
from lib.figures.decision_map import MapLabels, decision_map_figure
from lib.training import History, Trainer, TrainingConfig
from lib.web.component import moving_picture
from lib.web.language import _, current_language, decimal
from lib.web.plotly_script import plotly_script
from lib.web.run_status import run_status
from lib.web.runs import Run, RunPool
from lib.web.transport import transport_labels

_mount = moving_picture("training_player")

# Points sent at once: with two maps of 50 x 50 cells a piece stays below 100 kB.
_PIECE = 12


class TrainingJob:
    """A Trainer as a background run: `Job` in lib/web/runs.py."""

    def __init__(self, config: TrainingConfig) -> None:
        self.trainer = Trainer(config)
        self.steps = config.steps
        self.step = 0
        self.panels: dict[Hashable, list[dict[str, Any]]] = {}  # drawn once for each look, for all who watch
        self._portion = 1  # steps at once

    @property
    def done(self) -> bool:
        """All steps are trained."""
        return self.trainer.done

    def advance(self) -> None:
        """Train for some 20 ms, so that a run that nobody watches any more stops at once, however large it is."""
        began = time.perf_counter()
        self.trainer.advance(self._portion)
        self.step = min(self.steps, self.step + self._portion)
        self._portion = max(1, round(self._portion * min(2.0, 0.02 / (time.perf_counter() - began))))


@st.cache_resource(show_spinner=False)
def training_runs() -> RunPool[TrainingJob]:
    """All training runs of this server."""
    return RunPool(keep=8)


def training_player(
    run: Run[TrainingJob], config: TrainingConfig, *, metric: str, log: bool, with_dropout: bool
) -> None:
    """Draw the recording of a run as far as it is, and keep drawing while it grows.

    Call it inside a fragment: the browser's wish for the next piece reruns only that.
    """
    wish = st.session_state.get("training_wish") or {}
    start = int(wish.get("from", 0)) if wish.get("run") == run.number else 0
    history = history_of(run)
    count = len(history.step) if history is not None else 0
    start = min(max(start, 0), count)
    stop = min(count, start + _PIECE)
    _mount(
        key="training_player",
        data={
            "run": run.number,
            "start": start,
            "count": count,
            "complete": run.over,
            "progress": run.progress,
            "status": status(run),
            "locale": current_language(),
            "metric": metric,
            "mapSize": history.maps.shape[-1] if history is not None and history.maps is not None else 0,
            **_piece(history, start, stop),
            "panels": _panels(run, config, metric=metric, log=log, with_dropout=with_dropout),
            "labels": {
                "transport": {**transport_labels(), "follow": _("Follow live")},
                "progress": _("Training progress"),
                "numbers": _("Step {step}: training {train}, validation {val}"),
                "map": _("The plane as this network divides it between the two classes."),
                "plotly": plotly_script(),
            },
        },
        on_want_change=_keep_wish,
    )


def history_of(run: Run[TrainingJob]) -> History | None:
    """What is recorded so far; None before the run has started."""
    return run.job.trainer.history if run.job else None


def _keep_wish() -> None:
    wish = st.session_state["training_player"].get("want")
    if isinstance(wish, Mapping):
        st.session_state["training_wish"] = dict(wish)


def _piece(history: History | None, start: int, stop: int) -> dict[str, Any]:
    if history is None:
        return {"step": [], "series": {}, "maps": None}
    maps = history.maps
    return {
        "step": history.step[start:stop].tolist(),
        "series": {name: [_short(value) for value in values] for name, values in series(history, start, stop).items()},
        "maps": None
        if maps is None
        else [base64.b64encode(maps[start:stop, arm].tobytes()).decode() for arm in range(maps.shape[1])],
    }


def _short(value: float) -> float | None:
    """Four digits are more than a screen shows, and a third of the bytes; JSON has no NaN."""
    return None if np.isnan(value) else float(f"{value:.4g}")


def _panels(
    run: Run[TrainingJob], config: TrainingConfig, *, metric: str, log: bool, with_dropout: bool
) -> list[dict[str, Any]]:
    """The empty figures of all arms. Making them takes time that every rerun would take from the run."""
    if run.job is None:
        return _drawn_panels(None, config, metric=metric, log=log, with_dropout=with_dropout)
    look = (current_language(), metric, log, with_dropout)
    if look not in run.job.panels:
        run.job.panels[look] = _drawn_panels(
            run.job.trainer.history, config, metric=metric, log=log, with_dropout=with_dropout
        )
    return run.job.panels[look]


def _drawn_panels(
    history: History | None, config: TrainingConfig, *, metric: str, log: bool, with_dropout: bool
) -> list[dict[str, Any]]:
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
    if history is not None:
        floor = history.loss_floor if metric == "loss" else history.accuracy_ceiling
    maps = history is not None and history.maps is not None
    return [
        {
            "title": arm_name(rate),
            "arm": arm,
            "curves": curves_figure(
                arm,
                labels,
                metric=metric,
                steps=config.steps,
                floor=floor,
                logarithmic=log,
                with_dropout=with_dropout,
            ).to_plotly_json(),
            "map": _map(history) if history is not None and maps else None,
        }
        for arm, rate in enumerate(config.rates)
    ]


def _map(history: History) -> dict[str, Any]:
    data = history.dataset
    assert history.maps is not None
    assert history.map_extent is not None
    figure = decision_map_figure(
        data.train_x,
        data.train_y,
        data.flipped,
        history.map_extent,
        history.maps.shape[-1],
        MapLabels(
            classes=tuple(_("class {name}", name=name) for name in data.classes),
            flipped=_("flipped label"),
            features=(data.features[0], data.features[1]),
        ),
    )
    return dict(figure.to_plotly_json())


def arm_name(rate: float) -> str:
    """What an arm is called on the page."""
    return _("Without dropout") if rate == 0 else _("With dropout, p = {p}", p=decimal(rate, 2))


def status(run: Run[TrainingJob]) -> str:
    """One line on how far the run is; empty once it is over."""

    def tell(job: TrainingJob, left: str) -> str:
        config = job.trainer.config
        return _(
            "{done} % · {left} s left · {speed} network-steps a second",
            done=decimal(100 * run.progress, 0),
            left=left,
            speed=decimal(len(config.rates) * config.members * run.steps_per_second, 0),
        )

    return run_status(training_runs(), run, tell)
