"""Why not simply a smaller network?

Fewer units also keep a network from memorising wrong labels. So on the digits of the lesson "noisy digits", where one
training label in five is wrong, a large network with dropout is compared with networks of four sizes without it. A
smaller network may even stop at the step at which its validation loss is lowest, which nobody could know beforehand.

The runs take a minute, so they are recorded: `scripts/measure_questions.py` makes data/smaller_network.csv.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lib.questions.result import Result, least, mean_of
from lib.training import TrainingConfig, train

PATH = Path(__file__).resolve().parents[2] / "data" / "smaller_network.csv"
P, WRONG, DIGITS, LARGE = 0.5, 0.2, 1_000, 256
SMALL = (8, 16, 32, 64)
SEEDS = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Run:
    """Four networks with two hidden layers of so many ``units``: the mean of their validation losses after the last
    step, and the mean of the lowest that each of them had."""

    units: int
    p: float
    seed: int
    val_loss: float
    best_val_loss: float


def run(units: int, p: float, seed: int) -> Run:
    """Train as in the lesson "noisy digits" of the Training page."""
    config = TrainingConfig(
        "digits",
        n_train=DIGITS,
        label_noise=WRONG,
        hidden=(units, units),
        rates=(p,),
        members=4,
        batch_size=64,
        learning_rate=0.001,
        recordings=50,
        seed=seed,
    )
    losses = train(config).val_loss[:, 0]  # (T, members)
    return Run(units, p, seed, float(losses[-1].mean()), float(losses.min(0).mean()))


def save_runs(runs: Sequence[Run], path: Path = PATH) -> None:
    """Write the runs to a CSV file, losses with four decimals."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Run)], lineterminator="\n")
        writer.writeheader()
        for each in runs:
            losses = {name: f"{getattr(each, name):.4f}" for name in ("val_loss", "best_val_loss")}
            writer.writerow(asdict(each) | losses)


def load_runs(path: Path = PATH) -> list[Run]:
    """Read the runs from the CSV file.

    >>> len(load_runs()) == len(SEEDS) * (len(SMALL) + 2)
    True
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return [Run(int(units), float(p), int(seed), float(last), float(best)) for units, p, seed, last, best in rows]


def experiment(seed: int = 0) -> Result:
    """The recorded losses, over all seeds: of small networks at their best step, of the large one after the last.

    >>> experiment().verdict
    'yes'
    """
    runs = {(each.units, each.p, each.seed): each for each in load_runs()}
    small = {f"plain_{units}": [runs[units, 0.0, each].best_val_loss for each in SEEDS] for units in SMALL}
    plain, dropout = ([runs[LARGE, p, each].val_loss for each in SEEDS] for p in (0.0, P))
    rows = {name: mean_of(losses) for name, losses in {**small, "plain_256": plain, "dropout": dropout}.items()}
    effect = least(
        [mean_of([one - other for one, other in zip(each, dropout, strict=True)]) for each in small.values()]
    )
    setup = {"p": P, "n": DIGITS, "wrong": WRONG, "seeds": len(SEEDS)}
    return Result(rows, effect, "loss", setup)
