"""The program shown at the end of the Dropout page runs anywhere, and prints the page's numbers."""

import contextlib
import io
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from lib.listings.dropout import dropout_listing
from lib.pictured_network import PassSettings, Recording, load_examples, load_pictured_network, record_passes
from tests.support.listings import fits_beside_the_page, run_elsewhere

RATES = [(0.0, 0.5, 0.5), (0.1, 0.25, 0.9), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (0.95, 0.95, 0.95)]
LINE = r"class (\d): first pass ([\d.]+), mean of all passes ([\d.]+), eval pass ([\d.]+)"


def page(data: str, trained_rate: float, example: int, settings: PassSettings) -> Recording:
    return record_passes(load_pictured_network(data, trained_rate), load_examples(data).inputs[example], settings)


def check(printed: str, recording: Recording) -> None:
    """Every printed number is the page's, to what the comment at the top of the program says."""
    found = np.array([list(map(float, row)) for row in re.findall(LINE, printed)])
    classes, first, mean, full = found.T
    assert classes.tolist() == list(range(len(recording.full_probabilities)))
    rounded = 0.0005  # three digits are printed
    np.testing.assert_allclose(first, recording.probabilities[0], rtol=0, atol=0.05 + rounded)
    np.testing.assert_allclose(mean, recording.running_mean[-1], rtol=0, atol=0.003 + rounded)
    np.testing.assert_allclose(full, recording.full_probabilities, rtol=0, atol=0.003 + rounded)


@pytest.mark.parametrize(
    ("data", "trained_rate", "scaling", "rates"),
    [
        *product(["digits", "moons"], [0.0, 0.2, 0.5], ["inverted", "at_test"], RATES),
        ("mnist", 0.5, "at_test", RATES[0]),
    ],
)
def test_the_numbers_are_the_page_s(data: str, trained_rate: float, scaling: str, rates: tuple[float, ...]) -> None:
    for example in range(len(load_examples(data).labels)):
        settings = PassSettings(rates=rates, scaling=scaling, seed=example)  # type: ignore[arg-type]
        program = dropout_listing(data, trained_rate, example, settings)
        assert fits_beside_the_page(program)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(program, {})
        check(printed.getvalue(), page(data, trained_rate, example, settings))


@pytest.mark.parametrize("scaling", ["inverted", "at_test"])
def test_neurons_benched_by_hand_are_out_in_the_program_too(scaling: str) -> None:
    settings = PassSettings(scaling=scaling, passes=50, benched=((1, 0), (1, 15), (2, 3)))  # type: ignore[arg-type]
    program = dropout_listing("digits", 0.5, 3, settings)
    assert fits_beside_the_page(program)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(program, {})
    check(printed.getvalue(), page("digits", 0.5, 3, settings))
    assert "benched" not in dropout_listing("digits", 0.5, 3, PassSettings())


@pytest.mark.parametrize("data", ["digits", "mnist", "moons"])
def test_it_runs_wherever_it_is_saved(data: str, tmp_path: Path) -> None:
    settings = PassSettings(passes=50, seed=7)
    program = dropout_listing(data, 0.5, 3, settings)
    assert "±" not in program
    assert "at most 0.003, and one pass by 0.05" in " ".join(program.replace("#", " ").split())
    check(run_elsewhere(program, tmp_path), page(data, 0.5, 3, settings))
