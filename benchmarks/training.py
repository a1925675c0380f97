"""How fast the training page's ensemble trains, beside the textbook loop: `python -m benchmarks training [--json]`.

The textbook trains one network at a time: `nn.Sequential` with `nn.Dropout`, `torch.optim.Adam`, batches by `randperm`.
Ours trains all networks of all arms together (lib/network.py). Both run on one thread, on the same data, and do the
same work: first with dropout 0.5 in every network, for which there are targets, then as on the page, with half of the
networks without dropout. A network-step is one step of one network.

The second table is the cost of recording: a run that is recorded at 100 points, beside one that is recorded only at its
start and its end.

Times are processor time of this process, so that other programs on a busy machine do not count.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn

from benchmarks.timing import Cell, Table, Target, interleave, ratio, report, wants_json
from lib.datasets import make_dataset
from lib.training import MOST_STEPS, Trainer, TrainingConfig


@dataclass(frozen=True)
class Case:
    """One network to train: the config of the run, and its targets."""

    name: str
    config: TrainingConfig
    textbook_steps: int
    faster: float  # at least this many times the textbook's network-steps per second
    recording: float  # recording may take at most this share of the time of training


CASES = (
    Case("2-64-64-1, batch 32", TrainingConfig(), textbook_steps=500, faster=15, recording=1.0),
    Case(
        "64-256-256-10, batch 64",
        TrainingConfig("digits", n_train=1000, label_noise=0.2, hidden=(256, 256), batch_size=64, learning_rate=0.001),
        textbook_steps=150,
        faster=3.5,
        recording=0.15,
    ),
)


def textbook(x: Tensor, y: Tensor, config: TrainingConfig, rate: float, steps: int) -> nn.Module:
    """Train one network the way every introduction to PyTorch does it."""
    outputs = 1 if y.is_floating_point() else int(y.max()) + 1
    layers: list[nn.Module] = []
    size = x.shape[1]
    for units in config.hidden:
        layers += [nn.Linear(size, units), nn.ReLU()]
        if rate > 0:
            layers.append(nn.Dropout(rate))
        size = units
    model = nn.Sequential(*layers, nn.Linear(size, outputs))
    loss_function: nn.Module = nn.BCEWithLogitsLoss() if outputs == 1 else nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    model.train()
    step = 0
    while step < steps:
        for rows in torch.split(torch.randperm(len(x)), config.batch_size):
            logits = model(x[rows])
            loss = loss_function(logits.squeeze(-1) if outputs == 1 else logits, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step == steps:
                break
    return model


def step_seconds(case: Case, rates: tuple[float, ...]) -> tuple[list[float], list[float]]:
    """Return the seconds per network-step, round by round: the textbook's mean over the rates, and our ensemble's."""
    config = replace(case.config, rates=rates, steps=MOST_STEPS, recordings=1)
    data = make_dataset(
        config.dataset, n_train=config.n_train, noise=config.noise, label_noise=config.label_noise, seed=config.seed
    )
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    y = y.float() if len(data.classes) == 2 else y
    trainer = Trainer(config)  # continues from round to round; its speed does not change while it trains
    networks = len(rates) * config.members
    our_steps = max(1, 4 * case.textbook_steps // networks)

    def textbook_networks() -> None:
        for rate in rates:
            textbook(x, y, config, rate, case.textbook_steps)

    seconds = interleave(
        {"textbook": textbook_networks, "ours": partial(trainer.advance, our_steps)}, rounds=9, clock=time.process_time
    )
    return (
        [each / (len(rates) * case.textbook_steps) for each in seconds["textbook"]],
        [each / (networks * our_steps) for each in seconds["ours"]],
    )


def recording_seconds(case: Case) -> dict[str, list[float]]:
    """Return the seconds of a whole run, round by round, recorded at 100 points and not recorded."""
    trainers = {"bare": Trainer(replace(case.config, recordings=1)), "recorded": Trainer(case.config)}
    parts = 20  # a round is a twentieth of the run: five recorded points
    tasks = {name: partial(trainer.advance, case.config.steps // parts) for name, trainer in trainers.items()}
    seconds = interleave(tasks, rounds=9, clock=time.process_time)
    return {name: [parts * each for each in rounds] for name, rounds in seconds.items()}


def main(arguments: list[str]) -> int:
    """Measure, print, and return 0 if every target was met."""
    as_json = wants_json(arguments, "training")
    torch.set_num_threads(1)
    speed: list[tuple[Cell, ...]] = []
    recording: list[tuple[Cell, ...]] = []
    targets = []
    for case in CASES:
        for rates in ((0.5, 0.5), (0.0, 0.5)):
            theirs, ours = step_seconds(case, rates)
            times = ratio(theirs, ours)
            arms = " and ".join(f"p = {rate:g}" for rate in dict.fromkeys(rates))
            speed.append((f"{case.name}, {arms}", 1 / median(theirs), 1 / median(ours), times))
            if rates == (0.5, 0.5):
                targets.append(Target(f"{case.name}: times the textbook's speed", times, case.faster))

        runs = recording_seconds(case)
        share = ratio(runs["recorded"], runs["bare"]) - 1
        recording.append((case.name, median(runs["bare"]), median(runs["recorded"]), share))
        targets.append(Target(f"{case.name}: cost of recording / of training", share, case.recording, at_most=True))
    tables = [
        Table(
            "Network-steps per second, one thread", ("network", "textbook", "ours, 16 at once", "times"), tuple(speed)
        ),
        Table(
            "Recording 100 points of 2,000 steps", ("run", "bare, s", "recorded, s", "extra share"), tuple(recording)
        ),
    ]
    return report("training", tables, targets, as_json=as_json)
