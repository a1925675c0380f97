"""One line on how far a background run is, in the person's language."""

from collections.abc import Callable
from typing import TypeVar

from lib.web.frame.language import _, decimal, ngettext
from lib.web.runs.worker_pool import Job, Run, RunStore

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
