"""The paper's figures on MNIST: what is measured is measured right, and what is shipped says what the page says."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lib.mnist import Mnist
from lib.studies.facts import load_facts
from lib.studies.paper_mnist import (
    DROPOUT,
    DROPOUT_MAX_NORM,
    FIGURE_4_NETWORKS,
    STANDARD,
    TABLE_2,
    TRIALS,
    Trial,
    append_values,
    curve,
    final_errors,
    has_order_of_table_2,
    is_finished,
    is_flat,
    layers_of,
    load_values,
    rises_then_declines,
)
from lib.studies.paper_trial import PaperRun
from scripts import measure_paper

ARMS = (STANDARD, DROPOUT, DROPOUT_MAX_NORM)


@pytest.fixture(scope="module")
def data() -> Mnist:
    """Digits that a small network learns: class c has a bright block at a place of its own, and noise everywhere."""
    rng = np.random.default_rng(0)

    def part(n: int) -> tuple[np.ndarray, np.ndarray]:
        classes = np.arange(n, dtype=np.uint8) % 10
        images = rng.integers(0, 100, (n, 28, 28), dtype=np.uint8)
        for image, c in zip(images, classes, strict=True):
            image[2 * c : 2 * c + 4, :6] = 255
        return images, classes

    return Mnist(*part(500), *part(200))


@pytest.fixture(scope="module")
def run(data: Mnist) -> PaperRun:
    run = PaperRun(Trial("4", (32, 16), 300, ARMS, steps=60, seed=0), data)
    run.train()
    return run


def test_it_learns_and_its_errors_are_those_of_pytorch(run: PaperRun, data: Mnist) -> None:
    x = torch.from_numpy(data.test_images.reshape(200, -1) / 255).float()
    for arm, (p, c) in enumerate(ARMS):
        first, second, last = (
            (weight[arm], bias[arm, 0]) for weight, bias in zip(run.ensemble.weights, run.ensemble.biases, strict=True)
        )
        h = torch.relu(x @ first[0] + first[1])
        h = torch.relu(h @ second[0] + second[1])
        wrong = float(((h @ last[0] + last[1]).argmax(1).numpy() != data.test_classes).mean())
        found = [each.value for each in run.values if (each.p, each.max_norm, each.quantity) == (p, c, "test_error")]
        assert len(found) == 20  # an epoch is three batches of 100
        assert found[-1] == pytest.approx(wrong)
        assert found[-1] < 0.05 < found[0]


def test_max_norm_bounds_the_weights_into_every_unit_of_its_network_alone(run: PaperRun, data: Mnist) -> None:
    tight = PaperRun(replace(run.trial, arms=(STANDARD, DROPOUT, (0.5, 0.4))), data)
    tight.train()
    for layer, weight in enumerate(tight.ensemble.weights):
        lengths = weight[2].norm(dim=0)  # (H',)
        bound = 0.4 * (0.8 if layer == 0 else 0.5)
        assert lengths.max() <= bound * 1.0001
        assert lengths.max() == pytest.approx(bound, rel=1e-3)  # it binds
        assert weight[1].norm(dim=0).max() > bound
        torch.testing.assert_close(weight[:2], run.ensemble.weights[layer][:2], rtol=0, atol=0)


def test_one_step_is_that_of_pytorch(data: Mnist) -> None:
    """Without dropout, against automatic differentiation and torch.optim.SGD, on the batches that the run draws."""
    trial = Trial("4", (8,), 200, (STANDARD,), steps=2, seed=1)
    ours = PaperRun(trial, data)
    sizes = (28 * 28, 8, 10)
    theirs = torch.nn.Sequential(torch.nn.Linear(*sizes[:2]), torch.nn.ReLU(), torch.nn.Linear(*sizes[1:]))
    with torch.no_grad():
        for layer, weight, bias in zip(
            (theirs[0], theirs[2]), ours.ensemble.weights, ours.ensemble.biases, strict=True
        ):
            layer.weight.copy_(weight[0].T)
            layer.bias.copy_(bias[0, 0])
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    copy = PaperRun(trial, data)  # draws the same batches
    for step in range(2):
        rows = next(copy._batches)
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 2)
        loss = torch.nn.functional.cross_entropy(theirs(copy._x[rows]), copy._classes[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    ours.train()
    for layer, weight in zip((theirs[0], theirs[2]), ours.ensemble.weights, strict=True):
        torch.testing.assert_close(weight[0].T, layer.weight.data, rtol=1e-4, atol=1e-5)


def test_the_same_seed_gives_the_same_run_and_larger_sets_contain_the_smaller_ones(data: Mnist) -> None:
    trial = Trial("10", (8,), 50, (STANDARD, DROPOUT), steps=10, seed=2)
    one, same, other, larger = (
        PaperRun(each, data) for each in (trial, trial, replace(trial, seed=3), replace(trial, n=100))
    )
    for each in (one, same, other):
        each.train()
    assert [v.value for v in one.values] == [v.value for v in same.values]
    assert [v.value for v in one.values] != [v.value for v in other.values]
    torch.testing.assert_close(larger._x[:50], one._x, rtol=0, atol=0)


def test_averages_are_those_of_passes_with_pytorch_s_own_dropout(run: PaperRun, data: Mnist) -> None:
    arm = ARMS.index(DROPOUT)
    run.values.clear()
    run.measure_averages(arm)
    found = {int(passes): error for passes, error, *_r in curve(run.values, "11", over="passes")}
    assert list(found) == [0, 1, 2, 5, 10, 20, 50, 100]

    (w1, b1), (w2, b2), (w3, b3) = (
        (weight[arm], bias[arm, 0]) for weight, bias in zip(run.ensemble.weights, run.ensemble.biases, strict=True)
    )
    x = torch.from_numpy(data.test_images.reshape(200, -1) / 255).float()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drop = torch.nn.functional.dropout
        passes = []
        for _ in range(1000):
            h = drop(torch.relu(drop(x, 0.2) @ w1 + b1), 0.5)
            passes.append((drop(torch.relu(h @ w2 + b2), 0.5) @ w3 + b3).softmax(-1))
    for k in (1, 10, 100):
        means = torch.stack(passes).unflatten(0, (-1, k)).mean(1)  # (1000 / k, 200, 10)
        errors = (means.argmax(-1) != torch.from_numpy(data.test_classes).long()).float().mean(1)
        # 200 digits share their difficulty; ours are 100 / k groups. Five standard errors: 1 in 1.7 million.
        standard_error = float(errors.std()) * (k / 100 + k / 1000) ** 0.5
        assert abs(found[k] - float(errors.mean())) < 5 * standard_error
    assert found[1] > found[10]


def test_activations_are_counted(run: PaperRun) -> None:
    run.values.clear()
    run.measure_activations(ARMS.index(DROPOUT))
    found = {each.quantity: each.value for each in run.values}
    assert sum(found[f"bin{i}"] for i in range(30)) == pytest.approx(1)
    assert 0 < found["silent"] <= found["bin0"]
    assert {(each.figure, each.p) for each in run.values} == {("8", 0.5)}


def test_a_run_is_finished_once_all_its_networks_are_written(data: Mnist, tmp_path: Path) -> None:
    path, trial = tmp_path / "values.csv", Trial("10", (8,), 50, (STANDARD, DROPOUT), steps=5, seed=0)
    assert load_values(path) == []
    run = PaperRun(trial, data)
    run.train()
    append_values(run.values[:-1], path)
    assert not is_finished(trial, load_values(path))  # the last network's last value is missing
    append_values(run.values[-1:], path)
    assert is_finished(trial, load_values(path))
    assert not is_finished(replace(trial, seed=1), load_values(path))
    for written, measured in zip(load_values(path), run.values, strict=True):
        assert replace(written, value=0, seconds=0) == replace(measured, value=0, seconds=0)
        assert written.value == pytest.approx(measured.value, rel=1e-4)


# --- What the page concludes ---


def test_a_shape_is_seen_where_it_is_and_not_where_it_is_not() -> None:
    assert not has_order_of_table_2({STANDARD: (0.013,) * 3, DROPOUT: (0.016,) * 3, DROPOUT_MAX_NORM: (0.01,) * 3})
    assert not has_order_of_table_2({STANDARD: (0.016,) * 3, DROPOUT: (0.012,) * 3, DROPOUT_MAX_NORM: (0.013,) * 3})
    assert not rises_then_declines([(100, 0.01), (1000, 0.02), (60_000, 0.03)])
    steep = [(p, e, e, e) for p, e in ((0.0, 0.03), (0.2, 0.02), (0.6, 0.03), (0.9, 0.05))]
    assert not is_flat(steep)


def test_the_values_quoted_from_the_paper_are_those_of_the_file() -> None:
    said = re.findall(r"(\d\.\d\d)%", load_facts().claim("figure-4").text)
    assert [f"{100 * error:.2f}" for error in TABLE_2.values()] == said


SHIPPED = load_values()
FIRST = layers_of(FIGURE_4_NETWORKS[0])


def test_what_is_shipped_are_finished_runs_with_their_cost() -> None:
    assert SHIPPED
    finished = [trial for trial in TRIALS if is_finished(trial, SHIPPED)]
    known = {(trial.layers, trial.n, trial.seed, trial.steps) for trial in finished}
    ends = {(v.layers, v.n, v.seed, v.step) for v in SHIPPED if v.quantity == "train_error"}
    assert ends == known
    assert all(value.seconds > 0 for value in SHIPPED if value.quantity == "train_error")
    assert all(0 <= value.value <= 1 for value in SHIPPED if value.quantity.endswith("error"))


def test_the_order_of_table_2_holds_in_the_shipped_results() -> None:
    errors = final_errors(SHIPPED, FIRST)
    assert has_order_of_table_2(errors)


# --- The script ---


def test_the_script_makes_what_is_missing_and_stops_when_told(
    data: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "values.csv"
    arms = (STANDARD, DROPOUT)
    trials = [Trial("4", (8, 8), 100, arms, 5, 0), Trial("10", (8,), 50, arms, 5, 0), Trial("10", (8,), 50, arms, 5, 1)]
    monkeypatch.setattr(measure_paper, "TRIALS", trials)
    monkeypatch.setattr(measure_paper, "load_mnist", lambda: data)
    monkeypatch.setattr(measure_paper, "load_values", lambda: load_values(path))
    monkeypatch.setattr(measure_paper, "append_values", lambda values: append_values(values, path))
    before, threads = torch.get_float32_matmul_precision(), torch.get_num_threads()
    try:
        monkeypatch.setattr("sys.argv", ["measure_paper", "--minutes", "-1"])  # no time at all
        measure_paper.main()
        assert not path.exists()
        assert "run the script again to go on" in capsys.readouterr().out

        first = PaperRun(trials[1], data)  # somebody has made the second run
        first.train()
        append_values(first.values, path)
        monkeypatch.setattr("sys.argv", ["measure_paper"])
        for _ in range(2):  # the second time there is nothing to do
            measure_paper.main()
            values = load_values(path)
            assert all(is_finished(trial, values) for trial in trials)
            assert len(curve(values, "10", over="seed", p=0.5)) == 2
            assert len({(v.figure, v.p, v.seed, v.step, v.passes, v.quantity) for v in values}) == len(values)
            assert {v.figure for v in values} == {"4", "8", "10", "11"}
    finally:
        torch.set_float32_matmul_precision(before)
        torch.set_num_threads(threads)
