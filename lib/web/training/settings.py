"""What a link to the Training page repeats, its lessons, and the training run that its settings ask for."""

from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from lib.datasets import DATASETS, train_bounds
from lib.training import TrainingConfig
from lib.web.elements.controls import change
from lib.web.elements.settings import choice, flag, number, read
from lib.web.frame.address import forget_run, remembered
from lib.web.frame.session import session


@dataclass(frozen=True)
class Settings:
    """Everything on this page that a link repeats."""

    data: str = choice("moons", DATASETS)
    n: int = choice(100, (20, 50, 100, 200, 500, 1000))
    flips: float = number(0.1, 0.0, 0.4, 0.05)
    p: float = number(0.5, 0.05, 0.9, 0.05)
    noise: float = number(0.25, 0.0, 0.5, 0.05)
    p_in: float = number(0.0, 0.0, 0.5, 0.05)
    layers: str = choice("64-64", ("8", "64", "64-64", "64-64-64", "256-256"))
    seeds: int = number(8, 1, 16, 1)
    steps: int = choice(2000, (200, 500, 1000, 2000, 4000, 8000))
    batch: int = choice(32, (8, 16, 32, 64, 128))
    lr: float = choice(0.005, (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02))
    decay: float = choice(0.0, (0.0, 0.0001, 0.001, 0.01, 0.1))
    seed: int = number(0, 0, 9999, 1)
    metric: str = choice("loss", ("loss", "accuracy"))
    log: bool = flag(False)
    noisy: bool = flag(False)


MOST_LARGE = 6  # networks of 256-256 in each arm on MNIST, so that no run takes more memory than one on a table

# Pictures have many more inputs than points in a plane: with the networks for points, dropout hurts.
PICTURES = ("digits", "mnist")
_FOR_PICTURES = {"n": 1000, "layers": "256-256", "batch": 64, "lr": 0.001, "seeds": 4}

# Lessons worth a click. Dropout does not always help: it makes no difference in the third and hurts in the last.
LESSONS: dict[str, dict[str, Any]] = {
    "noisy-moons": {},
    "noisy-digits": {**_FOR_PICTURES, "data": "digits", "flips": 0.2},
    "more-data": {"n": 1000},
    "tiny-network": {"n": 1000, "layers": "8"},
}


def suit_the_data() -> None:
    """After a choice of data, take the networks that suit it, unless somebody has chosen other ones."""
    now = read(Settings, remembered())
    for_points = {name: getattr(Settings(), name) for name in _FOR_PICTURES}
    before, after = (for_points, _FOR_PICTURES) if now.data in PICTURES else (_FOR_PICTURES, for_points)
    if all(getattr(now, name) == value for name, value in before.items()):
        change(**after)


def choose_lesson() -> None:
    """Put the settings of the chosen lesson into the controls, and show its recorded run."""
    change(**asdict(Settings(**LESSONS[st.session_state["lessons"]])))
    forget_run()


def asked_config(settings: Settings) -> TrainingConfig | None:
    """The training run that these settings ask for, or None where they ask for a table that is not there."""
    missing = settings.data == "csv" and st.session_state.get("table") is None
    return None if missing else config_of(settings)


def watched_config(started: Settings | None) -> TrainingConfig | None:
    """The run that the page shows, of the settings with which it was started. Another table does not change it."""
    if started is not session.watched_for:
        session.watched = asked_config(started) if started else None
        session.watched_for = started
    return session.watched


def config_of(settings: Settings) -> TrainingConfig:
    """The training run that these settings ask for; a small table lends fewer examples than asked."""
    large = (settings.data, settings.layers) == ("mnist", "256-256")
    table = st.session_state.get("table") if settings.data == "csv" else None
    fewest, most = train_bounds(settings.data, table)
    return TrainingConfig(
        dataset=settings.data,
        table=table,
        n_train=min(max(settings.n, fewest), most),
        noise=settings.noise,
        label_noise=settings.flips,
        hidden=tuple(int(width) for width in settings.layers.split("-")),
        rates=(0.0, settings.p),
        input_rate=settings.p_in,
        members=min(settings.seeds, MOST_LARGE) if large else settings.seeds,
        batch_size=settings.batch,
        learning_rate=settings.lr,
        weight_decay=settings.decay,
        steps=settings.steps,
        seed=settings.seed,
    )


def lesson_configs() -> list[TrainingConfig]:
    """The training runs of all lessons; the first is the page's own default."""
    return [config_of(Settings(**values)) for values in LESSONS.values()]
