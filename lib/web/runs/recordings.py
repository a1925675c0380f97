"""The moving picture of a run's curves and maps: sends a recording in pieces and lets the browser play it.

The browser requests the piece that starts where its own recording ends, and the next one 300 ms later, until it has
everything. So a lost or doubled message does no harm, any number of students can be anywhere in the same run, and a
closed tab requests no more. The empty figures, the panels, travel once: a request names those that the browser has.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from lib.web.elements.component import moving_picture
from lib.web.elements.transport import transport_labels
from lib.web.frame.language import _, current_language, percentage, separators
from lib.web.runs.worker_pool import Run

_mount = moving_picture("training")

# Points sent at once: with two maps of 48 x 48 cells some 60 kB. A rerun at the end of a run may carry a piece twice.
# The curves of a run that is over are sent all at once, 20 kB; only its maps come in pieces.
_PIECE = 8

Panels = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Recording:
    """What a run has recorded so far, and the empty figures that it fills."""

    step: Sequence[int]  # of the optimiser, one for each of the T recorded points
    series: Mapping[str, Sequence[float | None]]  # every curve by name, as long as ``step``
    maps: npt.NDArray[np.uint8] | None  # (T, A, size, size), where the data are points in a plane
    panels: Panels  # the empty figures, one for each arm
    panels_id: str  # names everything that the panels depend on beside the run and the language
    metric: str  # "loss" or "accuracy"
    status: str  # one line on how far the run is


def flat_series(arms: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, list[float | None]]:
    """Both losses of every arm, by name, from its records. There is one run in each, so the band has no width.

    >>> flat_series([[{"train_loss": 1.23456, "val_loss": 2.0}]])["train_loss.0.mean"]
    [1.235]
    """
    series: dict[str, list[float | None]] = {}
    for arm, records in enumerate(arms):
        for name in ("train_loss", "val_loss"):
            values: list[float | None] = [float(f"{record[name]:.4g}") for record in records]
            series |= {f"{name}.{arm}.{statistic}": values for statistic in ("mean", "low", "high")}
    return series


def recording_player(key: str, run: Run[Any], recording: Recording) -> None:
    """Draw the recording of a run as far as it is, and keep drawing while it grows.

    Call it inside a fragment: the browser's request for the next piece reruns only that.
    """
    count = len(recording.step)
    request = _request_of(run, st.session_state.get(_kept(key)))
    start, maps_start = _point(request.get("from"), count), _point(request.get("maps"), count)
    if run.recorded and not request:  # it is shown at its end, so that map comes first
        maps_start = max(0, count - 1)
    panels_id = f"{run.id} {current_language()} {recording.panels_id}"
    _mount(
        key=key,
        data={
            "run": run.id,
            "start": start,
            "count": count,
            "complete": run.over or not run.begun,
            "recorded": run.recorded,
            "progress": round(run.progress, 3),
            "status": recording.status,
            "locale": current_language(),
            "separators": separators(),
            "percentage": percentage(),
            "metric": recording.metric,
            "mapSize": 0 if recording.maps is None else recording.maps.shape[-1],
            **_curves(recording, start, count if run.over else min(count, start + _PIECE)),
            "mapsStart": maps_start,
            "maps": _maps(recording, maps_start, min(count, maps_start + _PIECE)),
            "panelsId": panels_id,
            "panels": None if request.get("panelsId") == panels_id else recording.panels,
            "labels": _labels(),
        },
        on_request_change=partial(_keep_request, key),
    )


def _curves(recording: Recording, start: int, stop: int) -> dict[str, Any]:
    """The curves from point ``start`` to before point ``stop``, as static/two-dice/training.js takes them."""
    return {
        "step": list(recording.step[start:stop]),
        "series": {name: list(values[start:stop]) for name, values in recording.series.items()},
    }


def _maps(recording: Recording, start: int, stop: int) -> list[str] | None:
    """The maps of the same points, the bytes of all of them in base64, for each arm."""
    if recording.maps is None:
        return None
    maps = recording.maps[start:stop]  # (points, A, size, size)
    return [base64.b64encode(maps[:, arm].tobytes()).decode() for arm in range(maps.shape[1])]


def _labels() -> dict[str, Any]:
    return {
        "transport": {**transport_labels(), "follow": _("Follow live")},
        "progress": _("Training progress"),
        "numbers": _("Step {step}: training {train}, validation {val}"),
        "map": _("How this network divides the plane between the classes."),
    }


def _kept(key: str) -> str:
    """Where a picture's last request is kept in the session: a trigger's value is there for one rerun only."""
    return f"{key}_request"


def _keep_request(key: str) -> None:
    # A request may be on its way when its picture is gone: the person went to another page.
    request = st.session_state.get(key, {}).get("request")
    if isinstance(request, Mapping):
        st.session_state[_kept(key)] = dict(request)


def _request_of(run: Run[Any], request: object) -> Mapping[str, Any]:
    """The request if it is one about this run. It comes from the browser, so it can be anything."""
    return request if isinstance(request, Mapping) and request.get("run") == run.id else {}


def _point(value: object, count: int) -> int:
    """The recorded point that a request asks for, from 0 to ``count``; what is no whole number counts as 0.

    >>> [_point(value, 5) for value in (3, 99, -1, None, "3", float("nan"), [3], True)]
    [3, 5, 0, 0, 0, 0, 0, 0]
    """
    return min(max(value, 0), count) if type(value) is int else 0
