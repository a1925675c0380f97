"""The programs of the questions page run by themselves, and what they print says the same as the page."""

import re
from pathlib import Path

import pytest
import torch

from lib.listings.questions import question_listing
from lib.questions.threads import THREADS
from tests.support.listings import fits_beside_the_page, run_elsewhere

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")


@pytest.fixture
def numbers(capsys):
    """Run a program here, where PyTorch is imported already, and give the numbers of each line that it prints."""

    def run(name: str) -> list[list[float]]:
        program = question_listing(name)
        assert fits_beside_the_page(program)
        with torch.random.fork_rng():
            exec(compile(program, name, "exec"), {"__name__": "__main__"})
        lines = capsys.readouterr().out.splitlines()
        return [[float(each) for each in NUMBER.findall(line)] for line in lines]

    return run


# What the numbers of each program's lines have to satisfy. The last number of a line is what was measured.
SAYS = {
    "validation_below": lambda out: out[0][1] > out[0][3] and out[1][2] > out[1][3],
    "scale_at_test": lambda out: [round(each[-1], 1) for each in out] == [1.2, 1.0, 0.2, 1.0] and out[0][0] > 1.2,
    "drop_or_keep": lambda out: 38 <= out[0][-1] <= 42,
    "functional_dropout": lambda out: out[0][-1] == 0 and 45 <= out[1][-1] <= 55,
    "mask_per_example": lambda out: out[-1] == [4],
    "dropped_updated": lambda out: out[0][-1] == 0 and out[1][-1] > 80,
    "before_activation": lambda out: out[0] == [0] and all(each[0] > 0.1 for each in out[1:]),
    "batch_norm": lambda out: abs(out[0][-1] - 1) < 0.1 and out[1][-1] < 0.5,
    "smaller_network": lambda out: out[-1][-1] < min(each[-1] for each in out[:-1]),
    "knows_not": lambda out: out[1][-1] > 10 * out[0][-1],
    "empty_row": lambda out: all(abs(each[-2] - each[-1]) < 0.03 for each in out) and out[0][-2] > 0.2,
    "channels": lambda out: out[0][-1] == 0 and out[1][-1] > 40,
    "hurts_small": lambda out: out[1][-1] > out[0][-1],
    "top_k_50": lambda out: out[1][0] > 10 * out[0][0],
    "temperature_zero": lambda out: out[0][-1] < out[1][-1] < out[2][-1] == 1,
    "temperature_order": lambda out: out[0][-1] > out[2][-1] > out[1][-1],
    "which_cut": lambda out: out[0][-2:] == [3, 3] and out[1][-2:] == out[2][-2:] == [2, 5],
    "why_dropout": lambda out: min(each[-1] for each in out) > 90,
}


@pytest.mark.parametrize("name", SAYS)
def test_what_the_program_prints_says_what_the_page_says(name, numbers):
    out = numbers(name)
    assert SAYS[name](out), out


def test_the_two_programs_that_print_no_measure(capsys):
    with torch.random.fork_rng():
        exec(question_listing("another_answer"), {})
        exec(question_listing("temperature_ignored"), {})
    mode, evaluated, *lines = capsys.readouterr().out.splitlines()
    assert (mode, evaluated) == ("training mode: False", "after eval(): True")
    drawn, likeliest = zip(*(line.partition("drawn ")[2].split(", likeliest ") for line in lines), strict=True)
    assert drawn[0] != drawn[1]
    assert likeliest == ("0", "0")


def test_every_question_has_a_program():
    assert {*SAYS, "another_answer", "temperature_ignored"} == set(THREADS)


def test_a_program_runs_wherever_it_is_saved(tmp_path: Path):
    assert run_elsewhere(question_listing("drop_or_keep"), tmp_path).startswith("nn.Dropout(0.4) drops ")
