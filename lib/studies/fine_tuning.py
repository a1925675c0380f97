"""The same in a real language model: fine-tuning on 200 sentences, without dropout and with it in two places.

A language model with 135 million parameters, which has read far more than a storybook, is fine-tuned for several epochs
on sentences of the English storybook that it has never seen (`lib.story`). So all that the Two dice page says of its
small GPTs can be said of a real model in the same words: losses are in nats per word, and the source's exact entropy is
the floor that no honest model gets below; a sentence that the model goes on with is **copied** word for word from the
training set, **new** and possible, or **impossible**.

What learns is LoRA's small matrices (`lib.lora`) in the last blocks. In these, dropout sits in one of two places:

- "lora": on the input of the small matrices, ``lora_dropout`` in today's fine-tuning;
- "residual": where GPT-2 has it, on what attention and feed-forward layers add to the residual stream, and on the
  attention weights.

`scripts/measure_fine_tuning.py` makes the runs, with `lib.studies.fine_tuning_trial`. This module reads the results and
sums them up, without PyTorch.

>>> sorted({loss.p for loss in load_losses()})
[0.0, 0.1, 0.3]
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from lib.statistics.intervals import Estimate, combined, share
from lib.studies.over_seeds import over_seeds

DATA: Final = Path(__file__).resolve().parents[2] / "data"
LOSSES: Final = DATA / "fine_tuning.csv"
COPYING: Final = DATA / "fine_tuning_copying.csv"
MODEL: Final = "SmolLM2-135M-Instruct"
Arm = tuple[Literal["none", "lora", "residual", "grammar"], float]
"""Where dropout is, and its rate p; or the grammar itself, which has neurons to drop as little as a model without."""
WITHOUT: Final[Arm] = ("none", 0.0)
GRAMMAR: Final[Arm] = ("grammar", 0.0)
ARMS: Final[tuple[Arm, ...]] = (WITHOUT, ("lora", 0.1), ("lora", 0.3), ("residual", 0.1), ("residual", 0.3))
SEEDS: Final = (0, 1, 2)
KS: Final[tuple[int | None, ...]] = (None, 50)
EVALUATED: Final = 100
"""On so many sentences of each kind a loss is measured, the first ones."""
PROMPT_WORDS: Final = 3
"""The model goes on after so many words of a sentence; the shortest sentence has four."""

Prompts = Literal["trained", "fresh"]
PROMPTS: Final[tuple[Prompts, ...]] = ("trained", "fresh")


@dataclass(frozen=True)
class FineTuningConfig:
    """Everything that decides a run, but for the model.

    Args:
        place: where dropout is: "none", "lora" or "residual".
        p: its rate, the probability of **dropping** a unit.
        seed: for the sentences, the first small matrices, the order, dropout, and the draws.
        sentences: how many to learn from, and as many fresh ones to validate on.
        epochs: how often each is read.
        batch_size: sentences in a batch.
        learning_rate: of AdamW at first, without weight decay; it falls to 0 on a straight line.
        rank, alpha, layers, blocks: of LoRA; by default all linear layers of the last 10 blocks. (Gradients need not go
            through the blocks below, which halves the cost of a step.)
    """

    place: str = "none"
    p: float = 0.0
    seed: int = 0
    sentences: int = 200
    epochs: int = 6
    batch_size: int = 10
    learning_rate: float = 2e-3
    rank: int = 16
    alpha: int = 32
    blocks: int = 10
    layers: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Loss:
    """One loss after an epoch, dropout off, on `EVALUATED` sentences; epoch 0 is before the fine-tuning.

    `quantity` is "train_loss" or "val_loss", `value` nats per word, and `seconds` what this run has cost so far, on one
    core.
    """

    place: str
    p: float
    seed: int
    epoch: int
    quantity: str
    value: float
    seconds: float


@dataclass(frozen=True)
class Copying:
    """What a run said at its end: it went on with n sentences, from their first words, with the cut `k` (None: no cut).

    `prompts` says whether these are beginnings of its "trained" sentences or of "fresh" ones. `copied` counts the
    sentences that are, word for word, in the training set, `possible` those that the grammar accepts, copied ones
    included. With the place "grammar" it is the grammar itself that went on. `seconds` is what this cost on one core.
    """

    place: str
    p: float
    seed: int
    prompts: str
    k: int | None
    n: int
    copied: int
    possible: int
    seconds: float


Row = TypeVar("Row", Loss, Copying)


def load_losses(path: Path = LOSSES) -> list[Loss]:
    """Read what `append` wrote; an empty list if there is no file.

    Raises:
        ValueError: a line is not a loss; the error names it.
    """
    return _load(Loss, path)


def load_copying(path: Path = COPYING) -> list[Copying]:
    """The same for what the runs said."""
    return _load(Copying, path)


def _load(kind: type[Row], path: Path) -> list[Row]:
    if not path.exists():
        return []
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, cells in enumerate(csv.DictReader(file), start=2):
            try:
                rows.append(kind(**{each.name: _read(each.type, cells[each.name]) for each in fields(kind)}))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"line {line} of {path.name} must be a {kind.__name__}, but is {cells}") from error
    return rows


def _read(kind: Any, cell: str) -> Any:
    """One cell; an empty one is None, where the field allows it."""
    if kind == int | None:
        return None if cell == "" else int(cell)
    return kind(cell)


def append(rows: Sequence[Row], path: Path) -> None:
    """Append rows; the first ones are preceded by the names of the columns."""
    is_first = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_first:
            writer.writerow(each.name for each in fields(rows[0]))
        for row in rows:
            writer.writerow(f"{cell:.5g}" if isinstance(cell, float) else cell for cell in astuple(row))


def curve(losses: Iterable[Loss], arm: Arm, quantity: str) -> list[tuple[float, float, float, float]]:
    """Rows of epoch, mean, lowest and highest loss over the seeds.

    >>> curve([Loss("lora", 0.1, seed, 2, "val_loss", 1.0 + seed, 9.0) for seed in (0, 1)], ("lora", 0.1), "val_loss")
    [(2, 1.5, 1.0, 2.0)]
    """
    place, p = arm
    return over_seeds(losses, over="epoch", place=place, p=p, quantity=quantity)


def share_of(rows: Iterable[Copying], measure: str, arm: Arm, prompts: str, k: int | None) -> Estimate:
    """The share of "copied" or "possible" sentences over all seeds, with Wilson's interval.

    >>> rows = [Copying("lora", 0.1, seed, "trained", 50, 200, copied, 180, 9.0) for seed, copied in ((0, 30), (1, 50))]
    >>> share_of(rows, "copied", ("lora", 0.1), "trained", 50).value
    0.2
    """
    chosen = [each for each in rows if (each.place, each.p, each.prompts, each.k) == (*arm, prompts, k)]
    return share(sum(getattr(each, measure) for each in chosen), sum(each.n for each in chosen))


def change(before: Estimate, after: Estimate) -> Estimate:
    """The difference of two shares, with its interval; `told_apart` says whether there is one."""
    return combined([after, before], (1, -1))


def told_apart(difference: Estimate) -> bool:
    """Whether the whole interval of a difference is on one side of zero.

    >>> told_apart(Estimate(0.1, 0.05, 0.15)), told_apart(Estimate(0.1, -0.05, 0.25))
    (True, False)
    """
    return difference.low > 0 or difference.high < 0


def ends_lower(losses: Sequence[Loss], arm: Arm, quantity: str = "val_loss") -> tuple[int, int]:
    """In how many runs of an arm a loss ends lower than without dropout, from the same seed; and how many there are.

    >>> ends = (("none", 0.0, 0, 3.0), ("lora", 0.3, 0, 2.5), ("none", 0.0, 1, 3.0), ("lora", 0.3, 1, 3.2))
    >>> losses = [Loss(place, p, seed, 6, "val_loss", loss, 9.0) for place, p, seed, loss in ends]
    >>> ends_lower(losses, ("lora", 0.3))
    (1, 2)
    """
    last = max(loss.epoch for loss in losses)
    ended = [loss for loss in losses if (loss.epoch, loss.quantity) == (last, quantity)]
    without = {loss.seed: loss.value for loss in ended if (loss.place, loss.p) == WITHOUT}
    pairs = [(loss.value, without[loss.seed]) for loss in ended if (loss.place, loss.p) == arm and loss.seed in without]
    return sum(value < other for value, other in pairs), len(pairs)


def hours(losses: Iterable[Loss], copying: Iterable[Copying]) -> float:
    """What all runs cost together, in hours of one core.

    >>> hours([Loss("lora", 0.1, 0, epoch, "val_loss", 1.0, 900.0 * epoch) for epoch in (0, 1, 2)], [])
    0.5
    """
    trained: dict[tuple[str, float, int], float] = {}
    for loss in losses:
        run = loss.place, loss.p, loss.seed
        trained[run] = max(trained.get(run, 0.0), loss.seconds)
    return (sum(trained.values()) + sum(each.seconds for each in copying)) / 3600
