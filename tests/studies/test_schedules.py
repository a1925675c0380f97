"""Schedules: the rates by hand, and runs against plain runs of the training engine."""

import numpy as np
import pytest

from lib.settings import InvalidSetting
from lib.studies.regularisers import RegularisersConfig, RegularisersTrainer
from lib.studies.schedules import SCHEDULES, STAIRS, ScheduleConfig, ScheduledTrainer, rate_at
from lib.training import Trainer, TrainingConfig, train

SMALL = TrainingConfig(n_train=40, hidden=(8, 8), members=2, steps=60, recordings=6, rates=(0.0,))


def finished(config: ScheduleConfig, at_once: int = 1000) -> ScheduledTrainer:
    trainer = ScheduledTrainer(config)
    while not trainer.done:
        trainer.advance(at_once)
    return trainer


def test_rates_by_hand() -> None:
    shares = [0.0, 0.25, 0.5, 0.75]
    assert [rate_at("none", 0.4, share) for share in shares] == [0, 0, 0, 0]
    assert [rate_at("constant", 0.4, share) for share in shares] == [0.4] * 4
    assert [rate_at("early", 0.4, share, 0.5) for share in shares] == [0.4, 0.4, 0, 0]
    assert [rate_at("late", 0.4, share, 0.5) for share in shares] == [0, 0, 0.4, 0.4]
    assert [rate_at("falling", 0.4, share) for share in shares] == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_the_falling_rate_never_rises_and_stays_within_a_stair_of_the_straight_line() -> None:
    for step in range(2000):
        share = step / 2000
        rate = rate_at("falling", 0.5, share)
        assert rate <= rate_at("falling", 0.5, max(0.0, share - 1e-3))
        assert 0 <= rate - 0.5 * (1 - share) <= 0.5 / STAIRS + 1e-12


def test_arms_without_change_are_the_training_engine_s_own() -> None:
    """No dropout and constant dropout come out to the last bit as a plain run: the schedule adds nothing of its own."""
    config = ScheduleConfig(SMALL, p=0.5, schedules=("none", "constant"))
    plain = train(TrainingConfig(**{**vars(SMALL), "rates": (0.0, 0.5)}))
    history = finished(config).history
    np.testing.assert_array_equal(history.val_loss, plain.val_loss)
    np.testing.assert_array_equal(history.train_loss_dropout, plain.train_loss_dropout)


def test_early_is_constant_until_the_switch_and_late_is_none() -> None:
    history = finished(ScheduleConfig(SMALL, p=0.5)).history
    arm = {schedule: i for i, schedule in enumerate(SCHEDULES)}
    before, after = history.step <= 30, history.step > 30
    loss = history.val_loss
    np.testing.assert_array_equal(loss[before][:, arm["early"]], loss[before][:, arm["constant"]])
    np.testing.assert_array_equal(loss[before][:, arm["late"]], loss[before][:, arm["none"]])
    assert (loss[after][:, arm["early"]] != loss[after][:, arm["constant"]]).all()
    assert (loss[after][:, arm["late"]] != loss[after][:, arm["none"]]).all()


def test_after_the_switch_an_early_arm_trains_without_masks() -> None:
    """Its training loss as the optimiser sees it is that of networks without dropout: the same as with dropout off."""
    longer = {"batch_size": 40, "steps": 400, "recordings": 40}
    config = ScheduleConfig(TrainingConfig(**{**vars(SMALL), **longer}), p=0.5, schedules=("early", "constant"))
    history = finished(config).history
    # A batch holds all training points here, so the loss seen in the last stretch lies between its two ends.
    seen, off = history.train_loss_dropout[-1], history.train_loss[-2:]  # (A, E), (2, A, E)
    assert (seen[0] <= off[0, 0] + 1e-3).all()
    assert (seen[0] >= off[1, 0] - 1e-3).all()
    assert (seen[1] > off[0, 1] + 0.02).all()


@pytest.mark.parametrize("at_once", [1, 7, 60])
def test_how_the_steps_are_split_does_not_matter(at_once: int) -> None:
    config = ScheduleConfig(SMALL, p=0.5)
    np.testing.assert_array_equal(finished(config, at_once).history.val_loss, finished(config).history.val_loss)


def test_other_rates_need_one_for_each_arm() -> None:
    trainer = Trainer(SMALL)
    for rates in ([], [0.1, 0.2], [1.5]):
        with pytest.raises(InvalidSetting, match="rates"):
            trainer.set_rates(rates)


@pytest.mark.parametrize("wrong", [{"p": -0.1}, {"switch": 2.0}, {"schedules": ()}, {"schedules": ("sometimes",)}])
def test_bad_settings_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting, match=next(iter(wrong))):
        ScheduleConfig(**wrong)  # type: ignore[arg-type]


def test_each_regulariser_is_a_plain_run_with_one_thing_changed() -> None:
    config = RegularisersConfig(SMALL, p=0.5, weight_decay=0.3, times=3)
    trainer = RegularisersTrainer(config)
    while not trainer.done:
        trainer.advance(37)
    for arm, changed in (
        ("nothing", {}),
        ("dropout", {"rates": (0.5,)}),
        ("decay", {"weight_decay": 0.3}),
        ("more_data", {"n_train": 120}),
    ):
        plain = train(TrainingConfig(**{**vars(SMALL), **changed}))  # type: ignore[arg-type]
        np.testing.assert_array_equal(trainer.histories[arm].val_loss, plain.val_loss)
    results = {result.arm: result for result in trainer.results()}
    nothing = trainer.histories["nothing"]
    assert results["early_stopping"].val_loss == nothing.val_loss[:, 0].mean(-1).min()
    assert results["nothing"].difference == 0
    expected = (trainer.histories["decay"].val_loss[-1, 0] - nothing.val_loss[-1, 0]).mean()
    assert results["decay"].difference == pytest.approx(expected)


def test_a_network_s_layers_give_its_probabilities() -> None:
    """`Trainer.layers` against `Trainer.probabilities`, with the forward pass written out in NumPy."""
    trainer = Trainer(TrainingConfig(n_train=40, hidden=(8, 8), members=2, steps=30, rates=(0.0, 0.5)))
    trainer.advance(30)
    points = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    h = points
    layers = trainer.layers(1, 0)
    for depth, (weight, bias) in enumerate(layers):
        h = h @ weight.numpy() + bias.numpy()
        if depth + 1 < len(layers):
            h = np.maximum(h, 0)
    np.testing.assert_allclose(1 / (1 + np.exp(-h[:, 0])), trainer.probabilities(points)[1, 0, :, 1], rtol=1e-5)
