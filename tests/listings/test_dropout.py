"""The program shown at the end of the Dropout page runs, and computes what the page computes."""

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import torch

from lib.listings.dropout import dropout_listing
from lib.pictured_network import PassSettings, load_examples, load_pictured_network, record_passes

ROOT = Path(__file__).resolve().parents[2]
RATES = [(0.0, 0.5, 0.5), (0.1, 0.25, 0.9), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0)]


@pytest.mark.parametrize(
    ("data", "scaling", "rates"), list(product(["digits", "moons"], ["inverted", "at_test"], RATES))
)
def test_the_listing_computes_the_same(data: str, scaling: str, rates: tuple[float, ...], monkeypatch) -> None:
    settings = PassSettings(rates=rates, scaling=scaling, passes=1000, seed=4)  # type: ignore[arg-type]
    monkeypatch.chdir(ROOT)
    names: dict[str, torch.Tensor] = {}
    with torch.random.fork_rng():
        exec(dropout_listing(data, 0.5, 5, settings), names)
    recording = record_passes(load_pictured_network(data, 0.5), load_examples(data).inputs[5], settings)
    torch.testing.assert_close(names["full"], recording.full_probabilities, atol=1e-5, rtol=1e-4)
    # The masks come from another generator, so the two means differ by chance: six standard errors of the difference
    # are exceeded once in 5e8 comparisons. The 1e-5 is for rounding where nothing is rolled.
    allowed = 6 * 2**0.5 * recording.standard_error[-1] + 1e-5
    assert bool(((names["passes"].mean(0) - recording.running_mean[-1]).abs() <= allowed).all())


def test_the_listing_runs_as_it_stands() -> None:
    program = dropout_listing("digits", 0.5, 3, PassSettings())
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert [line.split("tensor")[0].strip() for line in done.stdout.splitlines() if "tensor" in line] == [
        "one pass",
        "mean of the passes",
        "eval pass",
    ]
