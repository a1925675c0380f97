"""The programs of the Today page run wherever they are saved, and end as the page's own runs do."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lib.listings.today import (
    block_listing,
    data_size_listing,
    paper_listing,
    regularisers_listing,
    scaling_listing,
    schedule_listing,
)
from lib.mnist import FILES
from lib.studies.data_size_trial import Trial, trial_config
from lib.studies.regularisers import RegularisersConfig, RegularisersTrainer
from lib.studies.schedules import SCHEDULES, ScheduleConfig, ScheduledTrainer, rate_at
from lib.training import TrainingConfig
from tests.support.listings import fits_beside_the_page, run_elsewhere, with_source

SMALL = TrainingConfig(n_train=200, hidden=(64,), steps=400)


def losses(printed: str) -> dict[str, tuple[float, ...]]:
    """The losses of each line, by what stands before the colon."""
    return {
        line.split(":")[0]: tuple(map(float, re.findall(r"loss (\S+?)(?:,|$)", line))) for line in printed.splitlines()
    }


def test_scaling_prints_ones_and_nothing_between(tmp_path: Path) -> None:
    first, second = run_elsewhere(scaling_listing(0.1), tmp_path).splitlines()
    assert set(re.findall(r"\d\.\d*", first.removeprefix("while training: "))) == {"0.0000", "1.1111"}
    assert second == "at inference: tensor([1., 1., 1., 1., 1., 1., 1., 1.])"


@pytest.mark.parametrize(("places", "training"), [(["embedding", "mlp"], True), (["attention"], False), ([], True)])
def test_the_block_s_passes_differ_where_it_drops(places: list[str], training: bool, tmp_path: Path) -> None:
    program = block_listing(0.3, places, training=training)
    assert fits_beside_the_page(program)
    assert "none of the numbers is on screen" in program
    first, second = run_elsewhere(program, tmp_path).splitlines()
    assert first.startswith("pass 1, the last word's first four numbers: tensor(")
    assert (first.replace("pass 1", "pass 2") != second) == (training and bool(places))


def test_the_paper_s_networks_learn_and_max_norm_binds_in_its_own(tmp_path: Path) -> None:
    classes = np.arange(400, dtype=np.uint8) % 10
    images = np.random.default_rng(0).integers(0, 100, (400, 28, 28), dtype=np.uint8)
    for image, c in zip(images, classes, strict=True):
        image[2 * c : 2 * c + 4, :6] = 255
    for name in FILES:
        values = images if "images" in name else classes
        shape = np.array(values.shape, dtype=">u4").tobytes()
        (tmp_path / name).write_bytes(bytes([0, 0, 8, values.ndim]) + shape + values.tobytes())

    program = paper_listing((32, 16), (0.5, 0.4), epochs=15)
    assert fits_beside_the_page(program)
    program = with_source(program).replace('TWO_DICE / "models" / "mnist"', f"Path({str(tmp_path)!r})")
    program += "    print([round(float(layer.weight.data.norm(dim=1).max()), 2) for layer in linear])\n"
    lines = run_elsewhere(program, tmp_path).splitlines()
    lengths = [line for line in lines if line.startswith("[")]
    assert len(lines) == 3 * (15 + 1)
    assert lines[0].startswith("p = 0, c = 0, epoch 1: test error ")
    assert lines[14] == "p = 0, c = 0, epoch 15: test error 0.00%"
    assert lines[15] == lengths[0] != lengths[1]
    assert lengths[2] == "[0.32, 0.2, 0.2]"  # 0.8 and 0.5 times c: no unit's weights are longer


def test_schedules_end_where_the_page_s_do(tmp_path: Path) -> None:
    config = ScheduleConfig(SMALL, p=0.5, switch=0.25)
    program = schedule_listing(config)
    assert fits_beside_the_page(program)
    printed = losses(run_elsewhere(program, tmp_path))
    assert tuple(printed) == SCHEDULES
    trainer = ScheduledTrainer(config)
    trainer.advance(SMALL.steps)
    ends = zip(trainer.history.train_loss[-1].mean(-1), trainer.history.val_loss[-1].mean(-1), strict=True)
    for (train_loss, val_loss), page in zip(printed.values(), ends, strict=True):
        assert (train_loss, val_loss) == pytest.approx(page, rel=1 / 3)


def test_its_rate_is_the_page_s_at_every_step() -> None:
    program = schedule_listing(ScheduleConfig(SMALL, p=0.3, switch=0.25))
    names: dict = {}
    exec(program[program.index("def rate") : program.index("for schedule in")], names)
    for schedule in SCHEDULES:
        for step in range(0, 400, 7):
            assert names["rate"](schedule, step / 400) == pytest.approx(rate_at(schedule, 0.3, step / 400, 0.25))


def test_regularisers_end_where_the_page_s_do(tmp_path: Path) -> None:
    config = RegularisersConfig(SMALL, times=5)
    program = regularisers_listing(config)
    assert fits_beside_the_page(program)
    output = run_elsewhere(program, tmp_path)
    printed, lowest = losses(output), re.findall(r"lowest (\S+)", output)
    assert tuple(printed) == ("nothing", "dropout", "weight decay")
    trainer = RegularisersTrainer(config)
    trainer.advance(trainer.steps)
    page = {result.arm: result for result in trainer.results()}
    for name, arm in (("nothing", "nothing"), ("dropout", "dropout"), ("weight decay", "decay")):
        assert printed[name][:2] == pytest.approx((page[arm].train_loss, page[arm].val_loss), rel=1 / 3)
    assert float(lowest[0]) == pytest.approx(page["early_stopping"].val_loss, rel=1 / 3)
    # More data is the one number that the comment says to change.
    more = program.replace("draw(200, for_points", "draw(1000, for_points")
    assert "# More data: write 1000 for 200 above" in program
    assert more != program
    train_loss, val_loss = losses(run_elsewhere(more, tmp_path))["nothing"][:2]
    assert (train_loss, val_loss) == pytest.approx(
        (page["more_data"].train_loss, page["more_data"].val_loss), rel=1 / 3
    )


def test_one_point_of_the_data_sizes_is_the_page_s(tmp_path: Path) -> None:
    program = data_size_listing(20, 0.1, 0)
    assert "n_sentences=20, p=p, steps=1500, seed=0" in program
    assert fits_beside_the_page(program)
    printed = run_elsewhere(with_source(program.replace("steps=1500", "steps=2")), tmp_path).splitlines()
    assert re.fullmatch(r"floor: 1\.\d{3} nats per word", printed[0])
    for p in (0.0, 0.1):
        trial = Trial(replace(trial_config(20, p), steps=2))
        trial.advance(2)
        point = trial.point
        line = f"step 2: training loss {point.train_loss:.3f}, validation loss {point.val_loss:.3f}"
        assert f"p = {p or 0}, {line}" in printed


def test_a_point_without_dropout_is_trained_once() -> None:
    assert "for p in (0,):" in data_size_listing(500, 0.0, 0)
    assert np.isclose(float(re.findall(r"for p in \(0, (\S+)\)", data_size_listing(500, 0.3, 0))[0]), 0.3)
