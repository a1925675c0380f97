"""Besides dropout: weight decay, early stopping and more data, each compared with the same memorising network.

Four runs of `lib.training` with the same network, the same steps and the same seed:

- with nothing; **early stopping** is this run at the step where its validation loss was lowest,
- with **dropout**,
- with **weight decay** (decoupled, as in AdamW: Loshchilov and Hutter 2019),
- with **more data**: several times as many training examples, from the same source.

Early stopping picks its step by the validation loss that is then reported, so it looks a little better here than it
would on a separate test set. The others are judged at their end.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lib.datasets import train_bounds
from lib.settings import whole_number
from lib.statistics.comparison import paired_interval
from lib.training import History, Trainer, TrainingConfig

ARMS = ("nothing", "dropout", "decay", "early_stopping", "more_data")


@dataclass(frozen=True)
class RegularisersConfig:
    """What is compared.

    Args:
        training: data, network, steps and seed; its `rates` and `weight_decay` are replaced.
        p: the dropout rate of the arm "dropout".
        weight_decay: of the arm "decay".
        times: how many times as many training examples the arm "more_data" has, if the data set has that many.

    Raises:
        InvalidSetting: (a ValueError) naming the setting and what is accepted.

    >>> RegularisersConfig(p=0.5).runs()["decay"].weight_decay
    0.3
    """

    training: TrainingConfig = field(default_factory=TrainingConfig)
    p: float = 0.5
    weight_decay: float = 0.3
    times: int = 10

    def __post_init__(self) -> None:
        whole_number("times", self.times, 1, 100)
        self.runs()  # the training configs check the rest

    def runs(self) -> dict[str, TrainingConfig]:
        """The training runs behind the arms."""
        bare = replace(self.training, rates=(0.0,), weight_decay=0.0)
        most = train_bounds(bare.dataset, bare.table)[1]
        return {
            "nothing": bare,
            "dropout": replace(bare, rates=(self.p,)),
            "decay": replace(bare, weight_decay=self.weight_decay),
            "more_data": replace(bare, n_train=min(most, bare.n_train * self.times)),
        }


@dataclass(frozen=True)
class ArmResult:
    """How an arm ended at `step`: means over the members, and the 95% interval of the difference in validation loss to
    the arm "nothing", paired by member."""

    arm: str
    step: int
    train_loss: float
    val_loss: float
    difference: float
    low: float
    high: float


class RegularisersTrainer:
    """The four runs, one after the other, a few steps at a time.

    >>> small = TrainingConfig(hidden=(8,), members=2, steps=20, recordings=2)
    >>> trainer = RegularisersTrainer(RegularisersConfig(small))
    >>> trainer.advance(100)
    >>> trainer.done, [result.arm for result in trainer.results()]
    (True, ['nothing', 'dropout', 'decay', 'early_stopping', 'more_data'])
    """

    def __init__(self, config: RegularisersConfig) -> None:
        self.config = config
        self._trainers = {arm: Trainer(each) for arm, each in config.runs().items()}
        self.steps = sum(trainer.steps for trainer in self._trainers.values())

    @property
    def step(self) -> int:
        """How many steps are taken, in all runs together."""
        return sum(trainer.step for trainer in self._trainers.values())

    @property
    def done(self) -> bool:
        """Whether all runs are finished."""
        return all(trainer.done for trainer in self._trainers.values())

    @property
    def histories(self) -> dict[str, History]:
        """What has been recorded of each run so far."""
        return self._ended if self.done else self._recorded()

    @cached_property
    def _ended(self) -> dict[str, History]:
        return self._recorded()

    def _recorded(self) -> dict[str, History]:
        return {arm: trainer.history for arm, trainer in self._trainers.items()}

    def advance(self, steps: int) -> None:
        """Take the next `steps` steps, or as many as are left."""
        for trainer in self._trainers.values():
            taken = min(steps, trainer.steps - trainer.step)
            trainer.advance(taken)
            steps -= taken
            if trainer.done:
                trainer.forget_networks()

    def results(self) -> list[ArmResult]:
        """The present results of all arms, in the order of `ARMS`."""
        return results_of(self.histories)


def results_of(histories: dict[str, History]) -> list[ArmResult]:
    """How the arms of these runs ended, in the order of `ARMS`; early stopping is a moment of the run "nothing"."""
    best = int(np.argmin(histories["nothing"].val_loss[:, 0].mean(-1)))
    nothing = histories["nothing"].val_loss[-1, 0]  # (E,)
    results = []
    for arm in ARMS:
        early = arm == "early_stopping"
        history, at = histories["nothing" if early else arm], best if early else -1
        train, val = history.train_loss[at, 0], history.val_loss[at, 0]  # (E,)
        results.append(_result(arm, int(history.step[at]), train, val, nothing))
    return results


def _result(
    arm: str, step: int, train: NDArray[np.float64], val: NDArray[np.float64], nothing: NDArray[np.float64]
) -> ArmResult:
    differences = val - nothing
    low, high = paired_interval(differences.tolist())
    return ArmResult(arm, step, float(train.mean()), float(val.mean()), float(differences.mean()), low, high)
