"""The background work of the Today page: trainings of different kinds, shared by everybody who asks."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import streamlit as st

from lib.web.elements.controls import Controls
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, prose
from lib.web.runs.status import run_status
from lib.web.runs.stepwise import Stepwise, StepwiseJob
from lib.web.runs.worker_pool import Run, RunStore, session_watcher


@st.cache_resource(show_spinner=False)
def today_runs() -> RunStore[StepwiseJob[Any]]:
    """All runs of this page on this server."""
    return RunStore("today", keep=6)  # of at most 2.2 MB


def computed(config: Hashable, make: Callable[[], Stepwise], recorded: Any = None) -> Any:
    """The finished training of this config, or None, with its progress on screen, while it is being computed.

    ``recorded`` is the same where it ships with the program: then nothing is computed, and the page says so.
    """
    if recorded is not None:
        st.caption(prose("today", "recorded"))
        return recorded
    run = today_runs().watch(config, session_watcher(), partial(StepwiseJob, make))
    if run.error:
        st.error(_("This run could not be finished. Change a setting to start another one."))
        return None
    if run.done and run.job:
        return run.job.work
    _progress(run)
    return None


def train_button(controls: Controls[Any]) -> None:
    """The button that trains the point which the controls above it describe, and the seed under “More”."""
    button = st.container()
    with controls.more() as drawn:
        if drawn:
            controls.number("seed", _("Seed"))
    button.button(_("Train this point"), on_click=controls.start, width="stretch", icon=":material/play_arrow:")


@partial(aside, run_every=0.5)
def _progress(run: Run[StepwiseJob[Any]]) -> None:
    if run.over:
        st.rerun()
    status = run_status(today_runs(), run, lambda _job, left: _("Training: {left} s left", left=left))
    st.progress(min(1.0, run.progress), text=status)
