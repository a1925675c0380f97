"""How far a background run is, in the person's language, and the button that stops it."""

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from lib.web.frame.language import _, decimal, ngettext, percent
from lib.web.runs.worker_pool import Job, Run, RunStore, session_watcher

J = TypeVar("J", bound=Job)


def run_status(store: RunStore[J], run: Run[J], text: Callable[[J, str], str]) -> str:
    """Waiting, computing, or what ``text`` makes of the job and the seconds left; empty once the run is over.

    The seconds are an estimate from the speed so far on this machine. While runs take turns, each gets its share.
    """
    job, seconds = run.job, run.seconds_left
    if run.over:
        return ""
    if waiting := store.before(run):
        return ngettext("Waiting: {count} run before this one", "Waiting: {count} runs before this one", waiting)
    if job is None or seconds is None:
        return _("Computing the first steps")
    others = store.beside(run)
    shown = text(job, decimal(seconds * (1 + others), 0))
    if not others:
        return shown
    turns = ngettext("takes turns with {count} other run", "takes turns with {count} other runs", others)
    return f"{shown} · {turns}"


def pair_status(store: RunStore[J], run: Run[J]) -> str:
    """The same of a run in which two models learn side by side."""
    done = percent(run.progress, 0)
    return run_status(
        store, run, lambda job, left: _("Both models are learning: {done} · {left} s left", done=done, left=left)
    )


def stop_button(store: RunStore[J], run: Run[J], config: Hashable) -> None:
    """A button that stops the run of this config, or lets one go on that this person has stopped."""
    watcher = session_watcher()
    if not run.begun or run.over:
        return
    if store.stopped(config, watcher):
        st.button(_("Continue"), on_click=store.resume, args=(config, watcher), icon=":material/play_arrow:")
    else:
        st.button(_("Stop"), on_click=store.stop, args=(config, watcher), icon=":material/stop:")
