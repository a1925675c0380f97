"""The benchmarks' command line, their timing, and the training benchmark on something small."""

import argparse
import json
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

import benchmarks.__main__ as command
from benchmarks import server, training
from benchmarks.timing import Table, Target, interleave, ratio, report, wants_json
from tests.support.visiting import Rerun


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


def test_what_a_school_needs_follows_from_one_class() -> None:
    log = server.Log(reruns=[Rerun("home", "p", True, 0.02, 10_000, 3)] * 600)
    # Eighty visitors, for a minute, on two replicas of at most 400 MB: 42 s of processor time, 12 of them in runs.
    result = server.Result(log, 60.0, cpu=42.0, background=12.0, load=1.0, memory=[700.0, 800.0], start=600.0)
    table = server.school(result, argparse.Namespace(sessions=80, replicas=2))
    # So a class of forty has a quarter of a core, and 300 reruns of 10 kB in a minute: 0.4 Mbit/s.
    assert [row[:3] for row in table.rows] == [
        ("1 of 40", 0.25, 1),
        ("10 of 40", 2.5, 4),
        ("100 of 40", 25.0, 36),
        ("1,000 of 40", 250.0, 358),
    ]
    assert [row[3] for row in table.rows] == pytest.approx([0.4, 1.6, 14.4, 143.2])
    assert [row[4] for row in table.rows] == pytest.approx([0.4, 4.0, 40.0, 400.0])
