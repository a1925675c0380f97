"""The program under the Two dice page prints the shares of lib/experiment.py, wherever it is saved."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lib.experiment import Cell, ExperimentConfig, run_experiment
from lib.language_model import LIVE, train_language_model
from lib.listings.two_dice import two_dice_listing
from tests.support.listings import fits_beside_the_page, run_elsewhere, with_source

LINE = r"p = (\S+), k = (\S+): (\S+)% copied, (\S+)% possible, (\S+)% different, (\S+) nats per word"


def printed(program: str, folder: Path) -> dict[Cell, list[float]]:
    """What a student reads, who has written where the source code is: four measures for each cell."""
    assert fits_beside_the_page(program)
    rows = re.findall(LINE, run_elsewhere(with_source(program), folder))
    return {Cell(float(p), None if k == "None" else int(k)): list(map(float, measures)) for p, k, *measures in rows}


def test_the_numbers_are_those_of_the_table(tmp_path: Path) -> None:
    program = two_dice_listing((0.0, 0.3), (None, 10), n=300, seed=3)
    assert "The numbers are those on screen" in program
    table = run_experiment(ExperimentConfig((0.0, 0.3), (None, 10), n=300, seed=3, grammar=False))
    read = printed(program, tmp_path)
    assert list(read) == list(table)
    for cell, result in table.items():
        shares = [100 * each.value for each in (result.copied, result.accepted, result.different)]
        np.testing.assert_allclose(read[cell], [*shares, result.log_probability.value], rtol=0, atol=0.0501)


def test_the_program_can_train_its_models_first(tmp_path: Path) -> None:
    sentences, steps, seed = 100, 3, 1
    program = two_dice_listing((0.0, 0.3), (1,), n=100, seed=0, train=(sentences, steps, seed))
    models = {}
    for p in (0.0, 0.3):
        fields = {**vars(LIVE), "p": p, "n_sentences": sentences, "steps": steps, "seed": seed}
        *_, last = train_language_model(type(LIVE)(**fields))
        models[p] = last.model
    table = run_experiment(ExperimentConfig((0.0, 0.3), (1,), n=100, grammar=False), models)  # type: ignore[arg-type]
    read = printed(program, tmp_path)
    assert list(read) == list(table)
    for cell, result in table.items():
        assert read[cell][2] == pytest.approx(100 * result.different.value, abs=0.05)


def test_without_the_source_code_it_says_what_to_do(tmp_path: Path) -> None:
    program = two_dice_listing((0.0,), (1,), n=100, seed=0)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"There is no source code in {tmp_path / 'two-dice'}" in done.stderr
    assert "TWO_DICE = ..." in done.stderr
