"""Dropout that changes during training: constant, early only, late only, or falling in a straight line.

Zhuang Liu et al. 2023, "Dropout Reduces Underfitting" (ICML, arXiv 2303.01500), dropped units early in training to make
small vision models fit better, and left out whole layers (stochastic depth) late in training to make large ones
generalise better. Here both schedules drop units of the small networks of `lib.training`: all arms of a run start from
the same weights and see the same batches; only when they drop differs.

>>> [round(rate_at("falling", 0.5, share), 3) for share in (0.0, 0.5, 0.975)]
[0.5, 0.25, 0.025]
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from lib.settings import InvalidSetting, one_of, real_number
from lib.training import History, Trainer, TrainingConfig

SCHEDULES: Final = ("none", "constant", "early", "late", "falling")
STAIRS: Final = 20  # the falling rate goes down in this many equal steps


def rate_at(schedule: str, p: float, share: float, switch: float = 0.5) -> float:
    """Return the dropout rate after the fraction `share` of the training, 0 <= share < 1.

    "early" drops until `switch`, "late" from there on. "falling" goes from p to 0 over the whole training.

    >>> rate_at("early", 0.5, 0.2), rate_at("early", 0.5, 0.5), rate_at("late", 0.5, 0.5)
    (0.5, 0.0, 0.5)
    """
    one_of("schedule", schedule, SCHEDULES)
    if schedule == "falling":
        return p * (1 - int(share * STAIRS + 1e-9) / STAIRS)
    drops = {"none": False, "constant": True, "early": share < switch, "late": share >= switch}[schedule]
    return p if drops else 0.0


@dataclass(frozen=True)
class ScheduleConfig:
    """One run with an arm for each schedule.

    Args:
        training: data, network, steps and seed; its `rates` are replaced.
        p: the dropout rate where a schedule drops.
        switch: the fraction of the steps after which "early" stops and "late" starts.
        schedules: the arms.

    Raises:
        InvalidSetting: (a ValueError) naming the setting and what is accepted.

    >>> ScheduleConfig(p=1.5)
    Traceback (most recent call last):
    lib.settings.InvalidSetting: p must be a number from 0 to 1, but is 1.5
    """

    training: TrainingConfig = field(default_factory=TrainingConfig)
    p: float = 0.5
    switch: float = 0.5
    schedules: Sequence[str] = SCHEDULES

    def __post_init__(self) -> None:
        real_number("p", self.p, 0, 1)
        real_number("switch", self.switch, 0, 1)
        if not self.schedules or not set(self.schedules) <= set(SCHEDULES):
            raise InvalidSetting("schedules", self.schedules, f"some of {', '.join(SCHEDULES)}")
        object.__setattr__(self, "schedules", tuple(self.schedules))

    def first_config(self) -> TrainingConfig:
        """The training run as it begins: an arm for each schedule, at its first rate."""
        return replace(self.training, rates=self.rates(0))

    def rates(self, step: int) -> tuple[float, ...]:
        """The rate of every arm in this step, counted from 0."""
        share = step / self.training.steps
        return tuple(rate_at(schedule, self.p, share, self.switch) for schedule in self.schedules)


class ScheduledTrainer:
    """A run in progress, like a `lib.training.Trainer`, with its arms in the order of `config.schedules`.

    >>> small = TrainingConfig(hidden=(8,), members=2, steps=40, recordings=4)
    >>> trainer = ScheduledTrainer(ScheduleConfig(small))
    >>> trainer.advance(40)
    >>> trainer.done, trainer.history.val_loss.shape
    (True, (5, 5, 2))
    """

    def __init__(self, config: ScheduleConfig) -> None:
        self.config, self.steps = config, config.training.steps
        self._rates = config.rates(0)
        self._trainer = Trainer(config.first_config())

    @property
    def step(self) -> int:
        """How many steps are taken."""
        return self._trainer.step

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self._trainer.done

    @property
    def history(self) -> History:
        """What has been recorded so far."""
        return self._ended if self.done else self._trainer.history

    @cached_property
    def _ended(self) -> History:
        return self._trainer.history

    def advance(self, steps: int) -> None:
        """Take the next `steps` steps, or as many as are left, each with its own rates."""
        end = min(self.steps, self.step + steps)
        while self.step < end:
            rates = self.config.rates(self.step)
            if rates != self._rates:
                self._trainer.set_rates(rates)
                self._rates = rates
            until = self.step + 1
            while until < end and self.config.rates(until) == rates:
                until += 1
            self._trainer.advance(until - self.step)
        if self.done:
            self._trainer.forget_networks()
