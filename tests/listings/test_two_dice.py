"""The program under the Two dice page runs as it stands, and counts what lib/experiment.py counts."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from lib.language_model import load_model
from lib.listings.two_dice import two_dice_listing

ROOT = Path(__file__).resolve().parents[2]


def printed(program: str) -> list[str]:
    """What it prints when a student runs it in the project's folder."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_program_measures_the_checkpoints():
    program = two_dice_listing((0.0, 0.3), (None, 10), n=200, seed=3)
    lines = printed(program)
    assert [line.split(":")[0] for line in lines] == [
        "p = 0.0, k = None",
        "p = 0.0, k = 10",
        "p = 0.3, k = None",
        "p = 0.3, k = 10",
    ]
    model = load_model(p=0.3)
    told = model.generate(200, np.random.default_rng(3), top_k=10)
    copied = sum(sentence in model.training_sentences for sentence in told) / 200
    possible = sum(model.story.accepts(sentence) for sentence in told) / 200
    assert f"{copied:.1%} copied, {possible:.1%} possible" in lines[-1]
    assert max(map(len, program.splitlines())) <= 120


def test_the_program_can_train_its_models_first():
    lines = printed(two_dice_listing((0.0, 0.3), (1,), n=100, seed=0, train=(100, 3, 1)))
    assert len(lines) == 2
    assert all(re.search(r"\d% different", line) for line in lines)
