"""Compute what the pages show first: the files in data/recorded/ (see `lib.recorded`).

    python -m scripts.record_defaults            what is missing
    python -m scripts.record_defaults --anew     everything

The pages' own defaults and lessons decide which runs these are. It takes a minute on an idle core. Run it again
after changing a default, the training or a storybook.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from lib.experiment import KS, TABLE_RATES, ExperimentConfig, run_experiment
from lib.recorded import FOLDER, cells_file, save_cells, save_history, schedules_file, text_file, training_file
from lib.story import story_languages
from lib.studies.regularisers import RegularisersConfig
from lib.studies.schedules import ScheduleConfig, ScheduledTrainer
from lib.text_model import PairJob
from lib.training import TrainingConfig, train
from lib.web.training.settings import lesson_configs
from lib.web.your_text.settings import Settings as TextSettings
from lib.web.your_text.text import story_text

FORGOTTEN = 0.3  # the model that speaks with dropout left on, as the Two dice page opens it


def record_training(config: TrainingConfig) -> None:
    """Train and save the history."""
    save_history(train(config), training_file(config))


def record_schedules(config: ScheduleConfig) -> None:
    """Train all schedules and save the history."""
    trainer = ScheduledTrainer(config)
    trainer.advance(trainer.steps)
    save_history(trainer.history, schedules_file(config))


def record_cells(config: ExperimentConfig) -> None:
    """Measure the whole table and the forgotten eval() of one model, and save both."""
    forgotten = replace(config, rates=(FORGOTTEN,), dropout_on=True, grammar=False)
    save_cells(run_experiment(config) | run_experiment(forgotten), cells_file(config))


def record_pair(language: str) -> None:
    """Train both models of the Your text page on its storybook, and save them."""
    text, default = story_text(language), TextSettings()
    job = PairJob(text, default.p, default.seed)
    while not job.done:
        job.advance()
    job.save(text_file(text, default.p, default.seed))


def wanted() -> dict[Path, Callable[[], None]]:
    """Every file, with a function that makes it."""
    files: dict[Path, Callable[[], None]] = {
        schedules_file(ScheduleConfig()): partial(record_schedules, ScheduleConfig()),
    }
    for language in story_languages():
        table = ExperimentConfig(rates=TABLE_RATES, ks=KS, language=language)
        files[cells_file(table)] = partial(record_cells, table)
        default = TextSettings()
        files[text_file(story_text(language), default.p, default.seed)] = partial(record_pair, language)
    for config in (*lesson_configs(), *RegularisersConfig().runs().values()):
        files[training_file(config)] = partial(record_training, config)
    return files


def main() -> None:
    """Read the command line, make what is missing, and remove what no page uses any more."""
    parser = argparse.ArgumentParser(prog="python -m scripts.record_defaults", description="Record the default runs.")
    parser.add_argument("--anew", action="store_true", help="make all files, even those that exist")
    anew = parser.parse_args().anew
    files = wanted()
    for path in set(FOLDER.glob("*.*")) - set(files):
        path.unlink()
        print(f"{path.name} removed")
    for path, make in files.items():
        if anew or not path.exists():
            started = time.perf_counter()
            make()
            size, seconds = path.stat().st_size / 1e3, time.perf_counter() - started
            print(f"{path.name}: {size:.0f} kB in {seconds:.0f} s", flush=True)
    total = sum(path.stat().st_size for path in files)
    print(f"{len(files)} files, {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
