"""What ships as recorded is what the program computes, and it is all that the pages open with."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from lib.experiment import KS, MEASURES, TABLE_RATES, Cell, ExperimentConfig, run_experiment
from lib.recorded import (
    FOLDER,
    cells_file,
    recorded_cells,
    recorded_pair,
    recorded_regularisers,
    recorded_schedules,
    recorded_training,
    save_history,
    text_file,
    training_file,
)
from lib.studies.regularisers import ARMS, RegularisersConfig
from lib.studies.schedules import ScheduleConfig, ScheduledTrainer
from lib.text_model import PairJob
from lib.training import Trainer, TrainingConfig, train
from lib.web.training.settings import lesson_configs
from lib.web.your_text.text import story_text
from scripts.record_defaults import FORGOTTEN, wanted

CURVES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")


def same_start(recorded, computed):
    """The first 200 steps agree. Later ones may not on another machine: rounding grows with every step."""
    n = len(computed.step)
    assert recorded.step[:n].tolist() == computed.step.tolist()
    for name in CURVES:
        np.testing.assert_allclose(getattr(recorded, name)[:n], getattr(computed, name), rtol=0.01, atol=0.01)


def test_the_folder_holds_what_the_pages_ask_for_and_nothing_else():
    assert set(FOLDER.iterdir()) == set(wanted())


def test_the_default_training_is_what_its_config_gives():
    config = TrainingConfig()
    trainer = Trainer(config)
    trainer.advance(200)
    recorded = recorded_training(config).history
    same_start(recorded, trainer.history)
    assert recorded.config == config
    np.testing.assert_array_equal(recorded.dataset.train_x, trainer.history.dataset.train_x)
    assert recorded.loss_floor == trainer.history.loss_floor
    assert recorded.map_extent == trainer.history.map_extent
    assert recorded.maps.shape == (101, 2, 48, 48)
    assert len(recorded.step) == 101


def test_the_default_schedules_are_what_their_config_gives():
    trainer = ScheduledTrainer(ScheduleConfig())
    trainer.advance(200)
    recorded = recorded_schedules(ScheduleConfig())
    same_start(recorded.history, trainer.history)
    assert recorded.done
    assert recorded.step == recorded.steps == 2000


def test_measured_cells_are_what_their_config_gives():
    config = ExperimentConfig(rates=(0.3,), ks=(10,), grammar=False)
    (computed,) = run_experiment(config).values()
    recorded = recorded_cells(config)[computed.cell]
    assert recorded.n == computed.n
    assert recorded.sentences[:5] == computed.sentences[:5]
    for name in MEASURES:  # another machine may round one draw of a thousand to another word
        assert recorded.measure(name).value == pytest.approx(computed.measure(name).value, abs=0.01)


def test_the_models_of_the_default_text_are_what_their_training_gives():
    text = story_text("en")
    computed, recorded = PairJob(text, 0.3, 0), recorded_pair(text, 0.3, 0)
    assert recorded is not None
    while computed.step < 2 * 60:  # later ones may not agree on another machine
        computed.advance()
    for again, model in zip(computed.models, recorded.models, strict=True):
        np.testing.assert_allclose(model.records[:3], again.records, rtol=0.01)
    assert [len(model.records) for model in recorded.models] == [21, 21]
    assert recorded.done
    assert recorded_pair(text, 0.3, 1) is None


def test_spoiled_models_count_as_none_and_are_named_in_the_log(tmp_path, monkeypatch, caplog):
    text = story_text("en")
    with np.load(text_file(text, 0.3, 0)) as stored:
        arrays = {name: stored[name] for name in stored.files}
    monkeypatch.setattr("lib.recorded.FOLDER", tmp_path)
    file = text_file(text, 0.3, 0)
    np.savez(file, **arrays | {"parameters": arrays["parameters"][:, :9]})
    assert recorded_pair(text, 0.3, 0) is None
    file.write_bytes(b"no archive")
    assert recorded_pair(text, 0.3, 0) is None
    assert [record.facts["file"] for record in caplog.records] == [file.name] * 2


def test_every_lesson_and_every_default_is_there():
    assert all(recorded_training(config) for config in lesson_configs())
    assert [each.arm for each in recorded_regularisers(RegularisersConfig()).results()] == list(ARMS)
    whole = ExperimentConfig(rates=TABLE_RATES, ks=KS)
    forgotten = replace(whole, rates=(FORGOTTEN,), dropout_on=True, grammar=False)
    assert set(recorded_cells(whole)) == {*whole.cells, *forgotten.cells}


def test_another_setting_is_not_recorded():
    assert recorded_training(TrainingConfig(seed=1)) is None
    assert recorded_schedules(ScheduleConfig(p=0.4)) is None
    assert recorded_regularisers(RegularisersConfig(p=0.4)) is None
    assert recorded_cells(ExperimentConfig(seed=1)) == {}
    assert Cell(0.0, None) in recorded_cells(ExperimentConfig())


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr("lib.recorded.FOLDER", tmp_path)
    for config in (
        TrainingConfig(hidden=(8,), members=2, steps=20, recordings=2),
        TrainingConfig("digits", n_train=50, hidden=(8,), members=2, steps=20, recordings=2),
    ):
        history = train(config)
        save_history(history, training_file(config))
        again = recorded_training(config).history
        for name in CURVES:
            np.testing.assert_allclose(getattr(again, name), getattr(history, name), rtol=1e-6)
        for name in ("maps", "predictions"):
            np.testing.assert_array_equal(getattr(again, name), getattr(history, name))
        assert again.looked_at == history.looked_at


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"\0" * len(whole),
        lambda whole: pickle.dumps({"step": [1, 2, 3]}),
        lambda whole: whole.replace(b"train_loss", b"trainXloss"),
    ],
    ids=["empty", "truncated", "zeros", "pickle", "renamed"],
)
def test_a_spoiled_recording_counts_as_none_and_is_named_in_the_log(tmp_path, monkeypatch, caplog, spoil):
    table = cells_file(ExperimentConfig())
    files = {path.name: path.read_bytes() for path in (training_file(TrainingConfig()), table)}
    monkeypatch.setattr("lib.recorded.FOLDER", tmp_path)
    for name, whole in files.items():
        (tmp_path / name).write_bytes(spoil(whole.replace(b'"cell"', b'"train_loss"')))
    assert recorded_training(TrainingConfig()) is None
    assert recorded_cells(ExperimentConfig()) == {}
    assert recorded_training(TrainingConfig()) is None  # read and named once
    assert [record.facts["file"] for record in caplog.records] == [*files]


def test_a_recording_whose_curves_have_other_lengths_counts_as_none(tmp_path, monkeypatch, caplog):
    with np.load(training_file(TrainingConfig())) as stored:
        arrays = {name: stored[name] for name in stored.files}
    monkeypatch.setattr("lib.recorded.FOLDER", tmp_path)
    np.savez(training_file(TrainingConfig()), **arrays | {"val_loss": arrays["val_loss"][:5]})
    assert recorded_training(TrainingConfig()) is None
    assert caplog.records[0].facts["kind"] == "ValueError"
