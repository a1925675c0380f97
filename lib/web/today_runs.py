"""The background work of the Today page: trainings of different kinds, one at a time, shared by everybody who asks."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Protocol

import streamlit as st

from lib.web.language import _
from lib.web.run_status import run_status
from lib.web.runs import Run, RunPool, session_watcher


class Stepwise(Protocol):
    """What `lib.training.Trainer` and its relatives have in common."""

    @property
    def step(self) -> int:
        """Steps taken."""

    @property
    def steps(self) -> int:
        """All steps."""

    @property
    def done(self) -> bool:
        """All steps are taken."""

    def advance(self, steps: int) -> None:
        """Take the next steps."""


class StepwiseJob:
    """A training as a background run: `Job` in lib/web/runs.py."""

    def __init__(self, make: Callable[[], Stepwise], at_once: int) -> None:
        self.work = make()
        self.steps, self.step = self.work.steps, 0
        self._at_once = at_once

    @property
    def done(self) -> bool:
        """All steps are taken."""
        return self.work.done

    def advance(self) -> None:
        """Train for some 50 ms."""
        self.work.advance(self._at_once)
        self.step = self.work.step


@st.cache_resource(show_spinner=False)
def today_runs() -> RunPool[StepwiseJob]:
    """All runs of this page on this server."""
    return RunPool(keep=6)  # of at most 2.2 MB


def computed(config: Hashable, make: Callable[[], Stepwise], *, at_once: int) -> Any:
    """The finished training of this config, or None, with its progress on screen, while it is being computed."""
    run = today_runs().watch(config, session_watcher(), partial(StepwiseJob, make, at_once))
    if run.error:
        st.error(_("This run could not be finished. Change a setting to start another one."))
        return None
    if run.done and run.job:
        return run.job.work
    _progress(run)
    return None


@st.fragment(run_every=0.5)
def _progress(run: Run[StepwiseJob]) -> None:
    if run.over:
        st.rerun()
    said = run_status(today_runs(), run, lambda _job, left: _("Training: {left} s left", left=left))
    st.progress(min(1.0, run.progress), text=said)
