"""The moving picture of a run's curves and maps: sends a recording in pieces and lets the browser play it.

The browser asks for the piece that starts where its own recording ends, and for the next one 300 ms later, until it has
everything. So a lost or doubled message does no harm, any number of students can be anywhere in the same run, and a
closed tab asks no more. The empty figures travel once: the browser says which look it has.
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
from lib.web.frame.language import _, current_language
from lib.web.runs.worker_pool import Run

_mount = moving_picture("training")

# Points sent at once: with two maps of 48 x 48 cells some 60 kB. A rerun at the end of a run may carry a piece twice.
_PIECE = 8

Panels = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Recording:
    """What a run has recorded so far, and the empty figures that it fills."""

    step: Sequence[int]  # of the optimiser, one for each of the T recorded points
    series: Mapping[str, Sequence[float | None]]  # every curve by name, as long as ``step``
    maps: npt.NDArray[np.uint8] | None  # (T, A, size, size), where the data are points in a plane
    panels: Panels  # the empty figures, one for each arm
    look: str  # names everything that the panels depend on beside the run and the language
    metric: str  # "loss" or "accuracy"
    status: str  # one line on how far the run is


def recording_player(key: str, run: Run[Any], recording: Recording) -> None:
    """Draw the recording of a run as far as it is, and keep drawing while it grows.

    Call it inside a fragment: the browser's wish for the next piece reruns only that.
    """
    count = len(recording.step)
    wish = st.session_state.get(f"{key}_wish") or {}
    wish = wish if wish.get("run") == run.number else {}
    start = min(max(int(wish.get("from") or 0), 0), count)
    look = f"{run.number} {current_language()} {recording.look}"
    _mount(
        key=key,
        data={
            "run": run.number,
            "start": start,
            "count": count,
            "complete": run.over,
            "progress": round(run.progress, 3),
            "status": recording.status,
            "locale": current_language(),
            "metric": recording.metric,
            "mapSize": 0 if recording.maps is None else recording.maps.shape[-1],
            **_piece(recording, start, min(count, start + _PIECE)),
            "look": look,
            "panels": None if wish.get("look") == look else recording.panels,
            "labels": _labels(),
        },
        on_want_change=partial(_keep_wish, key),
    )


def _piece(recording: Recording, start: int, stop: int) -> dict[str, Any]:
    """The recording from point ``start`` to before point ``stop``, as static/two-dice/training.js takes it."""
    maps = None if recording.maps is None else recording.maps[start:stop]  # (points, A, size, size)
    return {
        "step": list(recording.step[start:stop]),
        "series": {name: list(values[start:stop]) for name, values in recording.series.items()},
        "maps": None
        if maps is None
        else [base64.b64encode(maps[:, arm].tobytes()).decode() for arm in range(maps.shape[1])],
    }


def _labels() -> dict[str, Any]:
    return {
        "transport": {**transport_labels(), "follow": _("Follow live")},
        "progress": _("Training progress"),
        "numbers": _("Step {step}: training {train}, validation {val}"),
        "map": _("The plane as this network divides it between the two classes."),
    }


def _keep_wish(key: str) -> None:
    # A wish may be on its way when its picture is gone: the person went to another page.
    wish = st.session_state.get(key, {}).get("want")
    if isinstance(wish, Mapping):
        st.session_state[f"{key}_wish"] = dict(wish)
