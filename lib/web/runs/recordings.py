"""The moving picture of a run's curves and maps: sends a recording in pieces and lets the browser play it.

The browser requests the piece that starts where its own recording ends, and the next one 300 ms later, until it has
everything. So a lost or doubled message does no harm, any number of students can be anywhere in the same run, and a
closed tab requests no more. The empty figures, the panels, travel once: a request names those that the browser has.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from lib.web.elements.component import moving_picture
from lib.web.elements.transport import transport_labels
from lib.web.frame.language import _, current_language
from lib.web.runs.worker_pool import Run

_mount = moving_picture("training")

# Points sent at once: with two maps of 48 x 48 cells some 60 kB. A rerun at the end of a run may carry a piece twice.
_PIECE = 8

Piece = Mapping[str, Any]  # step, series and maps between two recorded points: see static/two-dice/training.js
Panels = list[dict[str, Any]]


def recording_player(
    key: str,
    run: Run[Any],
    *,
    count: int,
    piece: Callable[[int, int], Piece],
    panels: Callable[[], Panels],
    panels_id: str,
    metric: str,
    status: str,
    map_size: int = 0,
) -> None:
    """Draw the recording of a run as far as it is, and keep drawing while it grows.

    Call it inside a fragment: the browser's request for the next piece reruns only that. ``count`` points are recorded
    so far and ``piece(start, stop)`` cuts some of them out; ``panels()`` makes the empty figures, one for each arm, and
    ``panels_id`` names everything that they depend on beside the run.
    """
    request = _request_of(run, st.session_state.get(_kept(key)))
    start = _point(request.get("from"), count)
    panels_id = f"{run.id} {current_language()} {panels_id}"
    _mount(
        key=key,
        data={
            "run": run.id,
            "start": start,
            "count": count,
            "complete": run.over,
            "progress": round(run.progress, 3),
            "status": status,
            "locale": current_language(),
            "metric": metric,
            "mapSize": map_size,
            **piece(start, min(count, start + _PIECE)),
            "panelsId": panels_id,
            "panels": None if request.get("panelsId") == panels_id else panels(),
            "labels": {
                "transport": {**transport_labels(), "follow": _("Follow live")},
                "progress": _("Training progress"),
                "numbers": _("Step {step}: training {train}, validation {val}"),
                "map": _("The plane as this network divides it between the classes."),
            },
        },
        on_request_change=partial(_keep_request, key),
    )


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
