"""Training runs: against a plain PyTorch loop, the shapes they must show, and what other threads see of them."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from torch import nn

from lib.datasets import make_dataset
from lib.network import encode_targets, probabilities
from lib.settings import InvalidSetting
from lib.tables import Table, example_table_text, load_table
from lib.training import History, Trainer, TrainingConfig, batches, grid, train
from scripts.measure_caches import weigh

SMALL = TrainingConfig(hidden=(16, 8), members=3, steps=60, recordings=12)

CURVES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "train_loss_dropout")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads on a busy machine wait for each other at every product of small matrices."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def same(one: History, other: History) -> bool:
    """Equal to the last bit."""
    names = ("step", *CURVES, "maps", "predictions")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return all(
        a is b if a is None or b is None else np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs
    )


def three_classes() -> Table:
    rng = np.random.default_rng(0)
    lines = ["a,b,label"]
    for row in range(90):
        a, b = rng.normal([(0, 0), (4, 0), (0, 4)][row % 3], 0.5)
        lines.append(f"{a:.3f},{b:.3f},{'xyz'[row % 3]}")
    return load_table("\n".join(lines).encode())


# --- The config ---


def test_the_config_has_the_agreed_defaults() -> None:
    config = TrainingConfig()
    assert (config.dataset, config.n_train, config.noise, config.label_noise) == ("moons", 100, 0.25, 0.1)
    assert (config.hidden, config.rates, config.input_rate, config.members) == ((64, 64), (0.0, 0.5), 0.0, 8)
    assert (config.batch_size, config.learning_rate, config.weight_decay) == (32, 0.005, 0.0)
    assert (config.steps, config.seed) == (2000, 0)


def test_equal_configs_are_one_key_however_they_were_written() -> None:
    plain = TrainingConfig(hidden=(8,), rates=(0.0, 0.5), noise=1.0, steps=10)
    written = TrainingConfig(
        hidden=[np.int64(8)],  # type: ignore[arg-type]
        rates=np.array([0, 0.5]),  # type: ignore[arg-type]
        noise=1,
        steps=np.int32(10),  # type: ignore[arg-type]
    )
    assert {plain: "run"}[written] == "run"
    table = load_table(example_table_text().encode())
    again = load_table(example_table_text().encode())
    assert len({TrainingConfig("csv", n_train=20, table=table), TrainingConfig("csv", n_train=20, table=again)}) == 1


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("dataset", "cats", "moons"),
        ("n_train", 1, "2 to 100,000"),
        ("n_train", 10.5, "whole"),
        ("n_train", True, "whole"),
        ("noise", -0.1, "0 to 10"),
        ("noise", float("nan"), "0 to 10"),
        ("noise", "0.1", "0 to 10"),
        ("label_noise", 0.6, "0 to 0.5"),
        ("hidden", (), "1 to 6"),
        ("hidden", (0,), "1 to 1,024"),
        ("hidden", (5000,), "1 to 1,024"),
        ("hidden", 64, "tuple"),
        ("hidden", (8, 8.5), "whole"),
        ("rates", (), "1 to 8"),
        ("rates", (0.0, 1.5), "0 to 1"),
        ("rates", (-0.1,), "0 to 1"),
        ("rates", (float("nan"),), "0 to 1"),
        ("rates", ("0.5",), "0 to 1"),
        ("input_rate", 2, "0 to 1"),
        ("members", 0, "1 to 64"),
        ("batch_size", 0, "1 to 1,024"),
        ("learning_rate", 0, "1e-06 to 1"),
        ("learning_rate", float("inf"), "1e-06 to 1"),
        ("weight_decay", -1, "0 to 10"),
        ("steps", 0, "1 to 100,000"),
        ("steps", 10**9, "1 to 100,000"),
        ("seed", -1, "0 to 4,294,967,295"),
        ("recordings", 0, "1 to 1,000"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_accepted(name: str, value: object, accepted: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        TrainingConfig(**{name: value})  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name} must be")
    assert accepted in caught.value.accepted


def test_bounds_that_depend_on_other_settings() -> None:
    with pytest.raises(InvalidSetting, match=r"n_train must be a whole number from 10 to 1,400 for digits"):
        TrainingConfig("digits", n_train=1401)
    with pytest.raises(InvalidSetting, match="table must be given"):
        TrainingConfig("csv")
    for huge in ({"hidden": (1024,) * 6}, {"members": 64, "batch_size": 1024, "n_train": 1024, "hidden": (600,)}):
        with pytest.raises(InvalidSetting, match="hidden must be so few units"):
            TrainingConfig(**huge)  # type: ignore[arg-type]


# --- The steps ---


def test_shuffled_batches_show_every_point_equally_often_and_differently_to_each_member() -> None:
    n, size, members = 10, 4, 3
    drawn = batches(n, size, [np.random.default_rng(member) for member in range(members)])
    rows = torch.stack([next(drawn).view(members, size) for _ in range(5 * n)])  # (steps, E, B): 20 shuffles
    for member in range(members):
        shuffles = rows[:, member].reshape(-1, n)
        assert torch.equal(shuffles.sort(dim=1).values, torch.arange(n).expand(20, n))
        assert len(shuffles.unique(dim=0)) == 20
    assert not torch.equal(rows[:, 0], rows[:, 1])


@pytest.mark.parametrize(
    "config",
    [
        replace(SMALL, rates=(0.0, 0.0), steps=30, recordings=30, members=2, weight_decay=0.05),
        replace(SMALL, dataset="digits", rates=(0.0,), steps=30, recordings=30, members=2, n_train=50),
    ],
)
def test_an_arm_without_dropout_learns_as_a_plain_pytorch_loop_does(config: TrainingConfig) -> None:
    """The same first weights and the same batches, one network at a time, by nn.Module and torch.optim."""
    data = make_dataset(
        config.dataset, n_train=config.n_train, noise=config.noise, label_noise=config.label_noise, seed=config.seed
    )
    x, val_x = (
        torch.from_numpy(data.train_x),
        torch.from_numpy(data.val_x[: 1000 if config.dataset == "moons" else 300]),
    )
    y, val_y = torch.from_numpy(data.train_y), torch.from_numpy(data.val_y[: len(val_x)])
    trainer = Trainer(config)
    history = train(config)
    streams = [np.random.SeedSequence([config.seed, member]).spawn(3)[1] for member in range(config.members)]
    drawn = batches(config.n_train, 32, [np.random.default_rng(stream) for stream in streams])
    rows = torch.stack([next(drawn).view(config.members, 32) for _ in range(config.steps)])

    binary = len(data.classes) == 2
    for member in range(config.members):
        layers: list[nn.Module] = []
        for weight, bias in zip(trainer._ensemble.weights, trainer._ensemble.biases, strict=True):
            layer = nn.Linear(*weight.shape[1:])
            layer.weight.data, layer.bias.data = weight[member].T.clone(), bias[member, 0].clone()
            layers += [layer, nn.ReLU()]
        network = nn.Sequential(*layers[:-1])

        def loss_of(points: torch.Tensor, classes: torch.Tensor, network: nn.Module = network) -> torch.Tensor:
            logits = network(points)
            if binary:
                return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], classes.float())
            return nn.functional.cross_entropy(logits, classes)

        optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        for step in range(config.steps):
            with torch.no_grad():
                assert history.train_loss[step, 0, member] == pytest.approx(loss_of(x, y).item(), rel=1e-4)
                assert history.val_loss[step, 0, member] == pytest.approx(loss_of(val_x, val_y).item(), rel=1e-4)
            loss = loss_of(x[rows[step, member]], y[rows[step, member]])
            assert history.train_loss_dropout[step + 1, 0, member] == pytest.approx(loss.item(), rel=1e-4)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            logits = network(val_x)
            predicted = (logits[:, 0] > 0).long() if binary else logits.argmax(1)
        # A point within a rounding error of the border may fall to either side.
        right = (predicted == val_y).float().mean().item()
        assert history.val_accuracy[-1, 0, member] == pytest.approx(right, abs=1.5 / len(val_x))


def test_the_same_config_gives_the_same_history_however_it_is_advanced() -> None:
    whole = train(SMALL)
    assert same(whole, train(SMALL))
    for chunk in (1, 7, 33):
        trainer = Trainer(SMALL)
        while not trainer.done:
            trainer.advance(chunk)
        assert same(whole, trainer.history)
    assert not same(whole, train(replace(SMALL, seed=1)))


@pytest.mark.parametrize("dataset", ["moons", "digits"])
def test_a_network_does_not_depend_on_which_others_are_trained_beside_it(dataset: str) -> None:
    config = replace(SMALL, dataset=dataset, rates=(0.0, 0.5), steps=20, recordings=2, members=2, input_rate=0.1)
    alone = train(config)
    beside = train(replace(config, rates=(0.2, 0.5, 0.0), members=4))
    # Bits may differ, as sums are taken in another order for another number of networks.
    np.testing.assert_allclose(beside.val_loss[:, [2, 1], :2], alone.val_loss, rtol=1e-4)


def test_arms_start_alike_and_arms_with_the_same_rate_stay_alike() -> None:
    history = train(replace(SMALL, rates=(0.5, 0.0, 0.5)))
    assert np.array_equal(history.val_loss[0, 0], history.val_loss[0, 1])
    np.testing.assert_allclose(history.val_loss[:, 0], history.val_loss[:, 2], rtol=1e-6)
    assert not np.allclose(history.val_loss[-1, 0], history.val_loss[-1, 1])
    assert len(np.unique(history.val_loss[0, 0])) == SMALL.members


def test_input_dropout_is_for_arms_with_dropout_only() -> None:
    without, with_it = train(SMALL), train(replace(SMALL, input_rate=0.4))
    np.testing.assert_allclose(with_it.val_loss[:, 0], without.val_loss[:, 0], rtol=1e-6)
    assert not np.allclose(with_it.val_loss[-1, 1], without.val_loss[-1, 1])


def test_rates_up_to_one_and_runs_of_one_step_stay_finite() -> None:
    history = train(replace(SMALL, rates=(0.0, 0.999, 1.0), steps=1, input_rate=1.0, batch_size=500, n_train=2))
    assert history.step.tolist() == [0, 1]
    assert np.isfinite(history.val_loss).all()
    assert np.isfinite(train(replace(SMALL, rates=(0.999, 1.0))).val_loss).all()


# --- What is recorded ---


def test_the_history_has_the_agreed_shapes() -> None:
    history = train(SMALL)
    assert history.step.tolist() == list(range(0, 61, 5))
    for name in CURVES:
        assert getattr(history, name).shape == (13, 2, 3)
    assert np.isnan(history.train_loss_dropout[0]).all()
    assert np.isfinite(history.train_loss_dropout[1:]).all()
    assert history.maps is not None
    assert history.maps.shape == (13, 2, 48, 48)
    assert history.predictions is None
    assert history.validation_predictions is None
    assert history.loss_floor == pytest.approx(0.391, abs=0.001)
    assert history.accuracy_ceiling == pytest.approx(0.855, abs=0.001)
    assert history.looked_at == (100, 1000)


def test_digits_have_predictions_and_no_floor_and_no_maps() -> None:
    config = replace(SMALL, dataset="digits", n_train=1000, steps=40, recordings=2)
    trainer = Trainer(config)
    trainer.advance(40)
    history = trainer.history
    assert (history.loss_floor, history.accuracy_ceiling, history.maps, history.map_extent) == (None,) * 4
    assert history.looked_at == (100, 300)
    assert history.predictions is not None
    assert history.predictions.shape == (3, 2, 300)
    val_x, val_y = history.dataset.val_x[:300], history.dataset.val_y[:300]
    likeliest = trainer.probabilities(val_x).argmax(-1)  # (A, E, 300)
    assert np.array_equal(history.validation_predictions, likeliest[:, 0])
    np.testing.assert_allclose(history.val_accuracy[-1], (likeliest == val_y).mean(-1), atol=1e-6)


def test_maps_lie_the_right_way_around() -> None:
    trainer = Trainer(replace(SMALL, label_noise=0.0, steps=400, recordings=1, learning_rate=0.01))
    trainer.advance(400)
    history = trainer.history
    assert history.maps is not None
    assert history.map_extent is not None
    left, right, bottom, top = history.map_extent
    x = history.dataset.train_x
    assert left < x[:, 0].min() < x[:, 0].max() < right
    assert bottom < x[:, 1].min() < x[:, 1].max() < top
    # Class 0 is the upper moon, class 1 the lower; row 0 is at the bottom.
    column = round((0.0 - left) / (right - left) * 47), round((1.0 - left) / (right - left) * 47)
    row = round((1.0 - bottom) / (top - bottom) * 47), round((-0.5 - bottom) / (top - bottom) * 47)
    assert (history.maps[-1, :, row[0], column[0]] < 60).all()
    assert (history.maps[-1, :, row[1], column[1]] > 195).all()
    # And every cell is the first member's probability at that point of the grid.
    p = trainer.probabilities(grid(history.map_extent))[:, 0, :, 1].reshape(2, 48, 48)
    np.testing.assert_allclose(history.maps[-1], 255 * p, atol=0.51)


def test_maps_of_three_classes_show_the_likeliest() -> None:
    trainer = Trainer(TrainingConfig("csv", n_train=60, table=three_classes(), members=1, label_noise=0, steps=100))
    trainer.advance(100)
    history = trainer.history
    assert history.maps is not None
    assert history.map_extent is not None
    likeliest = trainer.probabilities(grid(history.map_extent))[:, 0].argmax(-1).reshape(2, 48, 48)
    assert np.array_equal(np.round(history.maps[-1] / 127.5), likeliest)
    assert set(np.unique(history.maps[-1])) == {0, 128, 255}
    assert history.val_accuracy[-1].min() > 0.9


def test_probabilities_are_the_networks_own() -> None:
    trainer = Trainer(SMALL)
    trainer.advance(10)
    points = np.random.default_rng(0).normal(size=(7, 2))
    p = trainer.probabilities(points)
    assert p.shape == (2, 3, 7, 2)
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-6)
    expected = probabilities(trainer._ensemble.logits(torch.tensor(points, dtype=torch.float32)))
    np.testing.assert_allclose(p[..., 1], expected[..., 0], atol=1e-6)
    # The loss follows from them.
    data = trainer.history.dataset
    on_target = (trainer.probabilities(data.val_x) * encode_targets(torch.from_numpy(data.val_y), 2).numpy()).sum(-1)
    recorded = trainer.history.val_loss[-1]
    np.testing.assert_allclose(recorded, -np.log(on_target).mean(-1), rtol=1e-4)
    for wrong in (points[:, :1], points[0], np.zeros((3, 3))):
        with pytest.raises(ValueError, match=r"points must have the shape \(N, 2\)"):
            trainer.probabilities(wrong)


def test_a_run_ends_where_it_should() -> None:
    trainer = Trainer(SMALL)
    assert (trainer.step, trainer.done, trainer.history.step.tolist()) == (0, False, [0])
    trainer.advance(10**9)
    assert (trainer.step, trainer.done, trainer.history.step[-1]) == (60, True, 60)
    with pytest.raises(ValueError, match="steps must be 0 or more"):
        trainer.advance(-1)


def test_a_run_shorter_than_its_recordings_is_recorded_at_every_step() -> None:
    assert train(replace(SMALL, steps=5)).step.tolist() == [0, 1, 2, 3, 4, 5]
    uneven = train(replace(SMALL, steps=50, recordings=12)).step
    assert (uneven[0], uneven[-1], len(uneven)) == (0, 50, 13)
    assert set(np.diff(uneven)) == {4, 5}


# --- Threads ---


def test_what_another_thread_reads_is_always_the_beginning_of_the_final_history() -> None:
    trainer = Trainer(replace(SMALL, steps=300, recordings=150))
    worker = threading.Thread(target=lambda: [trainer.advance(3) for _ in range(100)])
    worker.start()
    seen = []
    while not trainer.done:
        snapshot = trainer.history
        seen.append((snapshot, snapshot.val_loss.copy(), snapshot.maps.copy()))  # type: ignore[union-attr]
    worker.join()
    final = trainer.history
    assert len({len(snapshot.step) for snapshot, *_ in seen}) > 3  # it was read while it grew
    for snapshot, losses, maps in seen:
        assert same(snapshot, final._first(len(snapshot.step)))
        assert np.array_equal(losses, final.val_loss[: len(losses)])
        assert np.array_equal(maps, final.maps[: len(maps)])  # type: ignore[index]


def test_a_history_cannot_be_written_to() -> None:
    history = train(replace(SMALL, steps=2))
    with pytest.raises(ValueError, match="read-only"):
        history.val_loss[0] = 0


def test_two_runs_in_two_threads_do_not_disturb_each_other() -> None:
    configs = [SMALL, replace(SMALL, seed=1, rates=(0.0, 0.3), input_rate=0.1)]
    alone = [train(config) for config in configs]
    together: dict[int, History] = {}

    def run(i: int) -> None:
        together[i] = train(configs[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(alone[i], together[i]) for i in range(2))


# --- The shapes that the pages are about ---


@lru_cache
def moons(n_train: int) -> History:
    return train(TrainingConfig(n_train=n_train, rates=(0.0, 0.2, 0.5), recordings=10))


@pytest.mark.parametrize("n_train", [100, 200])
def test_on_noisy_moons_more_dropout_ends_at_less_validation_loss_and_more_training_loss(n_train: int) -> None:
    history = moons(n_train)
    val, train_loss = history.val_loss[-1].mean(-1), history.train_loss[-1].mean(-1)  # (A,)
    assert val[0] > 1.1 * val[1] > 1.1**2 * val[2] > history.loss_floor  # type: ignore[operator]
    assert train_loss[0] < train_loss[1] < train_loss[2] < history.loss_floor  # type: ignore[operator]
    # In every single pair of networks with the same start and the same batches.
    assert (history.val_loss[-1, 2] < history.val_loss[-1, 0]).all()
    accuracy = history.val_accuracy[-1].mean(-1)
    assert accuracy[0] + 0.01 < accuracy[2]


def test_on_few_moons_the_figures_are_those_of_the_lesson() -> None:
    history = moons(100)
    val = history.val_loss[-1].mean(-1)
    # Eight data sets gave 1.86, 1.07 and 0.72 on average and from 1.4 to 2.6, 0.9 to 1.3, 0.6 to 1.1.
    assert 1.2 < val[0] < 3
    assert 0.8 < val[1] < 1.5
    assert 0.5 < val[2] < 1.2
    # Without dropout the validation loss falls, turns and rises: it learns first and memorises then.
    without = history.val_loss[:, 0].mean(-1)
    assert 0 < without.argmin() < 5
    assert without.min() < 0.5 * without[-1]


def test_on_noisy_digits_dropout_halves_the_errors() -> None:
    history = train(
        TrainingConfig(
            "digits", n_train=1000, label_noise=0.2, hidden=(256, 256), members=2, batch_size=64, learning_rate=0.001,
            steps=800, recordings=2,
        )
    )  # fmt: skip
    without, with_it = 1 - history.val_accuracy[-1].mean(-1)
    assert with_it < 0.6 * without
    assert with_it < 0.07


def test_on_few_clean_digits_dropout_hardly_matters() -> None:
    history = train(
        TrainingConfig(
            "digits", n_train=200, label_noise=0, hidden=(128, 128), members=2, batch_size=64, learning_rate=0.001,
            steps=400, recordings=2,
        )
    )  # fmt: skip
    without, with_it = 1 - history.val_accuracy[-1].mean(-1)
    assert abs(without - with_it) < 0.025


def test_a_finished_run_keeps_networks_and_history_and_lets_go_of_the_rest() -> None:
    trainer = Trainer(TrainingConfig("digits", n_train=200, hidden=(64, 64), members=4, steps=20, recordings=2))
    trainer.advance(19)
    networks = trainer._ensemble.parameters.nbytes
    assert weigh(trainer) > 4e-6 * networks  # with gradients and Adam's two moments
    trainer.advance(1)
    before = trainer.probabilities(trainer.history.dataset.val_x)
    assert weigh(trainer) < 1.1e-6 * networks + weigh(trainer.history)
    trainer.advance(5)  # nothing is left to do, and nothing is missing
    np.testing.assert_array_equal(trainer.probabilities(trainer.history.dataset.val_x), before)
    trainer.forget_networks()
    trainer.forget_networks()
    assert weigh(trainer) < 1.1 * weigh(trainer.history)


def test_a_run_under_way_does_not_forget_its_networks() -> None:
    trainer = Trainer(TrainingConfig(hidden=(8,), members=1, steps=2))
    trainer.advance(1)
    with pytest.raises(ValueError, match="step 1 of 2"):
        trainer.forget_networks()
