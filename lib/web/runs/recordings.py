"""The moving picture of a run's curves and maps: sends a recording in pieces and lets the browser play it.

The browser asks for the piece that starts where its own recording ends, and for the next one 300 ms later, until it has
everything. So a lost or doubled message does no harm, any number of students can be anywhere in the same run, and a
closed tab asks no more. The empty figures travel once: the browser says which look it has.
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
    look: str,
    panels: Callable[[], Panels],
    metric: str,
    status: str,
    map_size: int = 0,
) -> None:
    """Draw the recording of a run as far as it is, and keep drawing while it grows.

    Call it inside a fragment: the browser's wish for the next piece reruns only that. ``count`` points are recorded so
    far and ``piece(start, stop)`` cuts some of them out; ``panels()`` makes the empty figures, one for each arm, and
    ``look`` names everything that they depend on beside the run.
    """
    wish = st.session_state.get(f"{key}_wish") or {}
    wish = wish if wish.get("run") == run.number else {}
    start = min(max(int(wish.get("from") or 0), 0), count)
    look = f"{run.number} {current_language()} {look}"
    _mount(
        key=key,
        data={
            "run": run.number,
            "start": start,
            "count": count,
            "complete": run.over,
            "progress": round(run.progress, 3),
            "status": status,
            "locale": current_language(),
            "metric": metric,
            "mapSize": map_size,
            **piece(start, min(count, start + _PIECE)),
            "look": look,
            "panels": None if wish.get("look") == look else panels(),
            "labels": {
                "transport": {**transport_labels(), "follow": _("Follow live")},
                "progress": _("Training progress"),
                "numbers": _("Step {step}: training {train}, validation {val}"),
                "map": _("The plane as this network divides it between the two classes."),
            },
        },
        on_want_change=partial(_keep_wish, key),
    )


def _keep_wish(key: str) -> None:
    # A wish may be on its way when its picture is gone: the person went to another page.
    wish = st.session_state.get(key, {}).get("want")
    if isinstance(wish, Mapping):
        st.session_state[f"{key}_wish"] = dict(wish)
