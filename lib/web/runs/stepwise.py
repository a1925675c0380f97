"""A training as a background run: as many steps at once as fit into a moment."""

import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_MOMENT = 0.015  # seconds: pages have to wait no longer, and a run that nobody watches any more stops at once


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
        """Take the next steps, or as many as are left."""


W = TypeVar("W", bound=Stepwise)


class StepwiseJob(Generic[W]):
    """Takes the steps of some work: `Job` in lib/web/runs/worker_pool.py. ``make`` is called where the job is made."""

    def __init__(self, make: Callable[[], W]) -> None:
        self.work = make()
        self.steps, self.step = self.work.steps, 0
        self._at_once = 1

    @property
    def done(self) -> bool:
        """All steps are taken."""
        return self.work.done

    def advance(self) -> None:
        """Train for a moment. How many steps that takes is learned from the last ones."""
        began = time.perf_counter()
        self.work.advance(self._at_once)
        self.step = self.work.step
        self._at_once = max(1, round(self._at_once * min(2.0, _MOMENT / (time.perf_counter() - began))))
