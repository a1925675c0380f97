"""The benchmarks' command line, their timing, and the training benchmark on something small."""

import json
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

import benchmarks.__main__ as command
from benchmarks import training
from benchmarks.timing import Table, Target, interleave, ratio, report, wants_json


def test_every_benchmark_is_listed_and_has_a_main() -> None:
    files = {path.stem for path in Path(command.__file__).parent.glob("*.py")}
    assert set(command.names()) == files - {"__init__", "__main__", "timing"}
    assert "training" in command.names()


def test_without_a_name_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 2
    assert ", ".join(command.names()) in capsys.readouterr().out
    assert command.main(["--help"]) == 0


@pytest.mark.parametrize("name", ["trainings", "timing", "__main__", "../setup", "os"])
def test_an_unknown_name_is_told_apart(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([name]) == 2
    said = capsys.readouterr().err
    assert f"no benchmark called {name!r}" in said
    assert "training" in said


def test_the_rest_of_the_line_and_the_exit_status_pass_through(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[list[str]] = []
    module = types.ModuleType("benchmarks.imagined")
    module.main = lambda arguments: passed.append(arguments) or 1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "benchmarks.imagined", module)
    monkeypatch.setattr(command, "names", lambda: ["imagined"])
    assert command.main(["imagined", "--json"]) == 1
    assert passed == [["--json"]]


def test_tasks_are_run_in_turn_and_burn_in_does_not_count() -> None:
    order: list[str] = []
    now = iter(range(1000))
    seconds = interleave(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")},
        rounds=3,
        burn_in=2,
        clock=lambda: float(next(now)),
    )
    assert order == ["a", "b"] * 5
    assert seconds == {"a": [1.0] * 3, "b": [1.0] * 3}


def test_a_ratio_is_taken_within_each_round() -> None:
    # A slow spell in round two hits both tasks, and one in round three only ours: the median is not moved.
    assert ratio([10.0, 50.0, 10.0], [1.0, 5.0, 4.0]) == 10.0


def test_targets_decide_the_exit_status_and_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("Speeds", ("what", "steps/s"), (("ours", 44100.0), ("theirs", None)))
    met, missed = Target("faster", 21.0, 15.0), Target("cost", 0.2, 0.15, at_most=True)
    assert report("x", [table], [met], as_json=False) == 0
    assert report("x", [table], [met, missed], as_json=False) == 1
    printed = capsys.readouterr().out
    assert "44,100" in printed
    assert "faster: 21 (target >= 15): met" in printed
    assert "cost: 0.2 (target <= 0.15): MISSED" in printed
    report("x", [table], [met, missed], as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [target["met"] for target in found["targets"]] == [True, False]
    assert found["tables"][0]["rows"][0] == ["ours", 44100.0]


def test_unknown_options_end_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert wants_json([], "training") is False
    with pytest.raises(SystemExit):
        wants_json(["--jsno"], "training")
    assert "python -m benchmarks training" in capsys.readouterr().err


def test_the_training_benchmark_measures_both_ways(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = [
        replace(case, config=replace(case.config, hidden=(8,), steps=100), textbook_steps=8, faster=1e-9, recording=1e9)
        for case in training.CASES
    ]
    monkeypatch.setattr(training, "CASES", small)
    assert training.main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    speed, recording = found["tables"]
    assert len(speed["rows"]) == 4
    assert all(theirs > 0 and ours > 0 for _, theirs, ours, _ in speed["rows"])
    assert len(recording["rows"]) == 2
    assert len(found["targets"]) == 4
