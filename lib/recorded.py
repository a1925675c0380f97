"""Runs that ship with the program, so that nobody waits for what a page shows first.

A run is deterministic: the same config gives the same numbers. So `scripts/record_defaults.py` computes beforehand what
the pages open with, and writes it to data/recorded/, one file for each config, named after it. A page looks here first
and says that what it finds is recorded; any other config is computed live. Another machine may sum in a different order
and end at slightly different numbers, so a test computes some of the runs again and compares.
A file that is spoiled counts as one that is not there: it is named in the log, and the page computes.

>>> from lib.training import TrainingConfig
>>> history = recorded_training(TrainingConfig()).history
>>> history.config == TrainingConfig(), history.val_loss.shape, recorded_training(TrainingConfig(seed=9999))
(True, (101, 2, 8), None)
"""

import functools
import hashlib
import json
import logging
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:  # reading a measured table need not import the training, nor the other way round
    from lib.experiment import Cell, CellResult, ExperimentConfig
    from lib.own_text import OwnText
    from lib.studies.regularisers import ArmResult, RegularisersConfig
    from lib.studies.schedules import ScheduleConfig
    from lib.text_model import PairJob
    from lib.training import History, TrainingConfig

T = TypeVar("T")
FOLDER = Path(__file__).resolve().parents[1] / "data" / "recorded"

# What reading a spoiled file may raise.
_SPOILED = (OSError, EOFError, ValueError, TypeError, LookupError, zipfile.BadZipFile, zlib.error)
_CURVES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "train_loss_dropout")  # (T, A, E) each


# ----------------------------------------------------------------------------------------------- the names of the files


def training_file(config: "TrainingConfig") -> Path:
    """The file of the run of this config, whether it exists or not.

    >>> from lib.training import TrainingConfig
    >>> training_file(TrainingConfig()).name.startswith("training_moons_100_")
    True
    """
    return FOLDER / f"training_{config.dataset}_{config.n_train}_{_digest(config)}.npz"


def schedules_file(config: "ScheduleConfig") -> Path:
    """The file of the run of these schedules, whether it exists or not."""
    return FOLDER / f"schedules_{config.training.dataset}_{config.training.n_train}_{_digest(config)}.npz"


def cells_file(config: "ExperimentConfig") -> Path:
    """The file of the cells measured with this language, corpus, number of sentences and seed."""
    return FOLDER / f"cells_{config.language}_{config.corpus}_{config.n}_{config.seed}.json"


def text_file(text: "OwnText", p: float, seed: int) -> Path:
    """The file of both models that learn from this text, whether it exists or not."""
    from lib.text_model import TRAINING

    return FOLDER / f"text_{text.unit}_{_digest((text.digest, TRAINING, p, seed))}.npz"


def _digest(config: object) -> str:
    """Eight hexadecimal digits that change with any setting."""
    return hashlib.sha256(repr(config).encode()).hexdigest()[:8]


# ------------------------------------------------------------------------------------------------------------ trainings


@dataclass(frozen=True)
class RecordedTraining:
    """A finished run, with what a page asks of a finished `lib.training.Trainer`."""

    history: "History"

    @property
    def steps(self) -> int:
        """How many steps the run has."""
        return self.history.config.steps

    @property
    def step(self) -> int:
        """How many steps are taken: all of them."""
        return self.steps

    done = True

    def advance(self, steps: int) -> None:
        """Do nothing: the run is finished."""

    def forget_networks(self) -> None:
        """Do nothing: a recording has no networks."""


@dataclass(frozen=True)
class RecordedRegularisers:
    """Finished runs, with what a page asks of a finished `lib.studies.regularisers.RegularisersTrainer`."""

    histories: "dict[str, History]"

    def results(self) -> "list[ArmResult]":
        """How every arm ended."""
        from lib.studies.regularisers import results_of

        return results_of(self.histories)


def save_history(history: "History", path: Path) -> None:
    """Write what a run recorded: the curves in single precision, maps and predictions unchanged.

    The data set is not written, since it is drawn again from the config's seed.
    """
    path.parent.mkdir(exist_ok=True)
    arrays: dict[str, Any] = {name: getattr(history, name).astype(np.float32) for name in _CURVES}
    arrays |= {name: value for name in ("maps", "predictions") if (value := getattr(history, name)) is not None}
    np.savez_compressed(path, step=history.step, looked_at=history.looked_at, **arrays)


def recorded_training(config: "TrainingConfig") -> RecordedTraining | None:
    """The run of this config, or None where it has to be computed. Runs on a student's own table are never recorded."""
    return None if config.table is not None else _read_training(config, training_file(config))


def recorded_schedules(config: "ScheduleConfig") -> RecordedTraining | None:
    """The run of these schedules, with an arm for each, or None where it has to be computed."""
    return None if config.training.table is not None else _read_training(config.first_config(), schedules_file(config))


def recorded_regularisers(config: "RegularisersConfig") -> RecordedRegularisers | None:
    """The runs of all arms, or None if any of them is not recorded."""
    runs = {arm: recorded_training(each) for arm, each in config.runs().items()}
    histories = {arm: run.history for arm, run in runs.items() if run is not None}
    return RecordedRegularisers(histories) if len(histories) == len(runs) else None


def recorded_pair(text: "OwnText", p: float, seed: int) -> "PairJob | None":
    """Both models that learned from this text, or None where they have to be trained."""
    from lib.text_model import PairJob

    return _if_readable(text_file(text, p, seed), lambda path: PairJob(text, p, seed).load(path))


@functools.lru_cache(maxsize=16)  # as many as there are files, of at most 0.6 MB
def _read_training(config: "TrainingConfig", path: Path) -> RecordedTraining | None:
    return _if_readable(path, lambda path: RecordedTraining(_read_history(config, path)))


def _read_history(config: "TrainingConfig", path: Path) -> "History":
    """The history in a file. Raises one of ``_SPOILED`` where it holds none."""
    from lib.training import History, draw_dataset, plane_extent

    data = draw_dataset(config)
    # Opened here: NumPy leaves a file open that it cannot read.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        curves = {name: stored[name].astype(np.float64) for name in _CURVES}
        if any(len(curve) != len(stored["step"]) for curve in curves.values()):
            raise ValueError("the curves are not as long as their steps")
        in_plane = "maps" in stored.files
        return History(
            config=config,
            dataset=data,
            looked_at=tuple(stored["looked_at"].tolist()),
            step=stored["step"],
            maps=stored["maps"] if in_plane else None,
            map_extent=plane_extent(data.train_x) if in_plane else None,
            predictions=None if in_plane else stored["predictions"],
            **curves,
        )


def _if_readable(path: Path, read: Callable[[Path], T]) -> T | None:
    """What a file holds, or None where there is none, or it is spoiled; then the log names it."""
    try:
        return read(path) if path.exists() else None
    except _SPOILED as error:
        facts = {"file": path.name, "kind": type(error).__name__}
        logging.getLogger("two_dice").error("recording_spoiled", extra={"facts": facts})
        return None


# --------------------------------------------------------------------------------------------------- the measured table


def save_cells(results: "dict[Cell, CellResult]", path: Path) -> None:
    """Write measured cells, their first sentences included."""
    path.parent.mkdir(exist_ok=True)
    lines = [json.dumps(asdict(result), ensure_ascii=False) for result in results.values()]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def recorded_cells(config: "ExperimentConfig") -> "dict[Cell, CellResult]":
    """Every recorded cell with this language, corpus, number of sentences and seed, whichever table it is from."""
    return dict(_read_cells(cells_file(config)))


@functools.lru_cache(maxsize=8)  # one for each language, 0.5 MB
def _read_cells(path: Path) -> "dict[Cell, CellResult]":
    return _if_readable(path, _cells_in) or {}


def _cells_in(path: Path) -> "dict[Cell, CellResult]":
    from lib.experiment import MEASURES, Cell, CellResult, JudgedSentence
    from lib.statistics.intervals import Estimate

    results = {}
    for stored in json.loads(path.read_text(encoding="utf-8")):
        cell = Cell(**stored["cell"])
        sentences = (
            JudgedSentence(tuple(each["words"]), each["verdict"], each["unfinished"]) for each in stored["sentences"]
        )
        estimates = {name: Estimate(**stored[name]) for name in MEASURES}
        results[cell] = CellResult(cell=cell, n=stored["n"], sentences=tuple(sentences), **estimates)
    return results
