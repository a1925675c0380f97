"""One line on how far a background run is, in the person's language."""

from collections.abc import Callable
from typing import TypeVar

from lib.web.frame.language import _, decimal, ngettext
from lib.web.runs.worker_pool import Job, Run, RunStore

J = TypeVar("J", bound=Job)


def run_status(pool: RunStore[J], run: Run[J], tell: Callable[[J, str], str]) -> str:
    """Waiting, starting, or what ``tell`` says of the job and the seconds left; empty once the run is over."""
    if run.over:
        return ""
    waiting = pool.before(run)
    if waiting:
        return ngettext("Waiting: {count} run before this one", "Waiting: {count} runs before this one", waiting)
    if run.job is None or run.seconds_left is None:
        return _("Starting")
    return tell(run.job, decimal(run.seconds_left, 0))
