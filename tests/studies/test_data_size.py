"""The data-size experiment: the trial against the model's own training, the crossing by hand, the shipped data."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lib.language_model import LanguageModelConfig, load_model, train_language_model
from lib.settings import InvalidSetting
from lib.story import load_story
from lib.studies.data_size import (
    SIZES,
    STEPS,
    STUDIED_RATES,
    Point,
    append_point,
    crossing,
    differences,
    load_points,
    means,
)
from lib.studies.data_size_trial import Trial, trial_config
from lib.studies.digits_figures import BINS, append_values, curve, load_values
from lib.studies.digits_trial import DigitsTrial, figure_trials, first_layer, histogram, measured
from lib.studies.placed_dropout import PLACES, record_block
from lib.training import Trainer

SMALL = LanguageModelConfig(n_sentences=30, p=0.2, steps=12, record_every=5, width=16, heads=2)


def point(sentences: int, p: float, seed: int, loss: float) -> Point:
    return Point(sentences, p, seed, 10, 5, loss - 0.1, 1.0, loss)


# ------------------------------------------------------------------------------------------------------------ one trial


def test_a_trial_makes_the_records_of_the_language_model_s_training() -> None:
    trial = Trial(SMALL)
    while not trial.done:
        trial.advance(5)
    theirs = [(record.step, record.train_loss, record.val_loss) for record in train_language_model(SMALL)]
    assert [record[0] for record in trial.records] == [0, 5, 10, 12]
    np.testing.assert_allclose(trial.records, theirs, rtol=1e-6)
    assert trial.point.val_loss == trial.records[-1][2]
    assert trial.point.best_val_loss == min(record[2] for record in trial.records)


def test_how_the_steps_are_split_does_not_matter() -> None:
    one, many = Trial(SMALL), Trial(SMALL)
    one.advance(100)
    while not many.done:
        many.advance(1)
    assert one.records == many.records


# ------------------------------------------------------------------------------------------------------- the comparison


def test_differences_are_paired_by_seed_and_skip_what_has_no_partner() -> None:
    points = [point(100, 0.0, 0, 2.0), point(100, 0.0, 1, 3.0), point(100, 0.3, 0, 1.5), point(100, 0.3, 1, 2.7)]
    points += [point(100, 0.3, 2, 9.0)]  # no run without dropout for this seed
    (found,) = differences(points, 0.3)
    assert found.mean == pytest.approx((-0.5 - 0.3) / 2)
    assert found.seeds == 2
    # Student's t with one degree of freedom: 12.706 standard errors, and the standard error of (-0.5, -0.3) is 0.1.
    assert found.high - found.mean == pytest.approx(12.706 * 0.1, rel=1e-3)


def test_the_crossing_by_hand() -> None:
    # -0.6 at 100 and +0.2 at 1,600: zero at three quarters of the way on the logarithmic axis, 100 * 16 ** 0.75 = 800.
    points = [point(100, 0.0, 0, 2.0), point(100, 0.3, 0, 1.4), point(1600, 0.0, 0, 1.5), point(1600, 0.3, 0, 1.7)]
    assert crossing(points, 0.3).sentences == pytest.approx(800)


def test_the_last_crossing_counts_and_there_may_be_none() -> None:
    losses = {100: 0.5, 200: -0.4, 400: -0.2, 800: 0.2}  # hurts, helps, helps, hurts
    points = [point(n, 0.0, 0, 2.0) for n in losses] + [point(n, 0.3, 0, 2.0 + d) for n, d in losses.items()]
    found = crossing(points, 0.3)
    assert found.sentences == pytest.approx(400 * 2**0.5)
    assert found.helps_from == pytest.approx(100 * 2 ** (5 / 9))  # +0.5 to -0.4: zero after 5 of 9 parts
    assert found.fades == pytest.approx(400 * 2 ** (0.19 / 0.4))  # -0.2 to +0.2: -0.01 after 0.19 of 0.4
    helps = [point(n, 0.0, 0, 2.0) for n in losses] + [point(n, 0.3, 0, 1.0) for n in losses]
    assert (crossing(helps, 0.3).sentences, crossing(helps, 0.3).helps_from, crossing(helps, 0.3).fades) == (None,) * 3
    with pytest.raises(ValueError, match="p must be"):
        crossing(helps, 0.5)


def test_means_over_the_seeds() -> None:
    points = [point(100, 0.0, seed, loss) for seed, loss in enumerate((1.0, 2.0, 6.0))]
    assert means(points, 0.0) == [(100, 3.0, 1.0, 6.0)]
    assert means(points, 0.5) == []


# --------------------------------------------------------------------------------------------------------- files


def test_points_survive_the_file(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    assert load_points(path) == []
    points = [point(250, 0.1, 0, 2.5), point(250, 0.1, 1, 2.25)]
    for each in points:
        append_point(each, path)
    assert load_points(path) == points


@pytest.mark.parametrize("line", ["250,0.1", "250,zero,0,10,5,1,1,1", "many,0.1,0,10,5,1,1,1"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "points.csv"
    append_point(point(250, 0.1, 0, 2.5), path)
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3"):
        load_points(path)


def test_the_shipped_points_are_complete_and_possible() -> None:
    points, floor = load_points(), load_story().entropy_per_word
    seeds = {each.seed for each in points}
    assert len(seeds) >= 2
    for size in SIZES:
        for p in STUDIED_RATES:
            here = [each for each in points if (each.sentences, each.p) == (size, p)]
            assert len(here) >= 2, (size, p)
            assert len({each.seed for each in here}) == len(here)
    for each in points:
        assert each.steps == STEPS
        assert each.best_val_loss <= each.val_loss
        # 1,000 sentences have 8,000 words with a deviation of some 1.5 nats: 0.02 for the mean, and 0.1 is 5 of it.
        assert each.best_val_loss > floor - 0.1


def test_what_the_page_says_holds_in_the_shipped_points() -> None:
    points = load_points()
    for p in (0.1, 0.3):
        found = differences(points, p)
        assert min(each.mean for each in found) < -0.3  # helps a lot somewhere
        assert abs(found[-1].mean) < 0.1  # and hardly matters with the most sentences
        assert 1_000 < crossing(points, p).fades <= 20_000
    assert differences(points, 0.5)[-1].mean > 0.1


# --------------------------------------------------------------------------------------------- the paper's figures


def test_the_shipped_values_are_those_of_all_trials() -> None:
    values = load_values()
    known = {(each.figure, each.n, each.label_noise, each.p, each.seed) for each in values}
    for trial in figure_trials():
        for p in trial.rates:
            assert (trial.figure, trial.n, trial.label_noise, p, trial.seed) in known
    assert all(0 <= each.value <= 1 for each in values if each.quantity != "mean")
    for noise in (0.0, 0.2):
        shares = [curve(values, 8, f"bin{i}", noise, over="p", p=0.5)[0][1] for i in range(BINS)]
        assert sum(shares) == pytest.approx(1, abs=1e-3)


def test_measured_errors_are_those_of_the_predictions(tmp_path: Path) -> None:
    trial = DigitsTrial(9, 50, 0.2, (0.0, 0.5), 3)
    trainer = Trainer(trial.config())
    trainer.advance(30)
    values = measured(trial, trainer)
    data = trainer.history.dataset
    wrong = [
        np.mean([trainer.probabilities(data.val_x)[arm, e].argmax(-1) != data.val_y for e in range(4)])
        for arm in (0, 1)
    ]
    assert [each.value for each in values if each.quantity == "val_error"] == pytest.approx(wrong)
    path = tmp_path / "values.csv"
    append_values(values, path)
    assert [each.value for each in load_values(path)] == pytest.approx([each.value for each in values], rel=1e-4)
    h = np.concatenate([first_layer(trainer, 1, e, data.val_x) for e in range(4)])
    (silent,) = [each.value for each in values if (each.figure, each.p, each.quantity) == (8, 0.5, "silent")]
    assert silent == pytest.approx((h == 0).mean())
    counted = np.histogram(h, bins=[*np.arange(BINS) * 0.1, np.inf])[0] / h.size
    np.testing.assert_allclose(histogram(h), counted, atol=2e-3)  # an activation on the edge of a bin may round over it


# ------------------------------------------------------------------------------------------- the four places


def test_in_eval_and_with_all_places_off_every_pass_is_the_model_s_own() -> None:
    model = load_model(p=0.3)
    logits = torch.from_numpy(model.next_logits(["the"]))
    for settings in ({"training": False}, {"places": ()}, {"p": 0.0}):
        passes = record_block(model, ["the"], **{"p": 0.5, "passes": 4, **settings})  # type: ignore[arg-type]
        np.testing.assert_allclose(passes.probabilities, np.tile(logits.softmax(-1), (4, 1)), atol=1e-5)
        assert all(mask.all() for mask in passes.kept.values())


@pytest.mark.parametrize("place", PLACES)
def test_only_the_chosen_place_drops_and_at_its_rate(place: str) -> None:
    passes = record_block(load_model(p=0.3), ["the", "old"], p=0.3, places=(place,), passes=200, seed=1)
    for each, mask in passes.kept.items():
        assert mask.all() == (each != place)
    kept = passes.kept[place]
    # At least 200 * 36 fair throws: five standard deviations are below 0.03; wrong once in two million seeds.
    assert kept.mean() == pytest.approx(0.7, abs=0.03)
    assert len(np.unique(passes.probabilities.argmax(1))) >= 1
    assert np.ptp(passes.probabilities, axis=0).max() > 0.001


def test_the_masks_do_what_they_say() -> None:
    """Everything dropped at the MLP and the projections: the last state is the normed embedding, computed by hand."""
    model = load_model(p=0.3)
    passes = record_block(model, ["the"], p=1.0, places=("projection", "mlp"), passes=2)
    from lib.transformer import unflatten

    w = unflatten(model.parameters, model.config.network(len(model.vocabulary)))
    x = w["word"][model.story.word_id["the"]] + w["position"][1]
    normed = (x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt() * w["norm"]
    expected = (normed @ w["word"].T).softmax(-1).detach().numpy()
    np.testing.assert_allclose(passes.probabilities, [expected, expected], atol=1e-6)


def test_attention_rows_are_distributions_over_what_came_before() -> None:
    passes = record_block(load_model(p=0.3), ["the", "old", "king"], p=0.3, passes=1, block=1)
    assert passes.attention.shape == (4, 4, 4)
    np.testing.assert_allclose(passes.attention.sum(-1), 1, atol=1e-5)
    assert (np.triu(passes.attention[0], 1) == 0).all()


@pytest.mark.parametrize("wrong", [{"p": 1.5}, {"places": ("roof",)}, {"block": 2}, {"passes": 0}, {"passes": 1_001}])
def test_bad_settings_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting, match=next(iter(wrong))):
        record_block(load_model(p=0.3), ["the"], **{"p": 0.3, **wrong})  # type: ignore[arg-type]


def test_the_trial_of_a_point_is_the_shipped_one() -> None:
    assert trial_config(500, 0.3, 1) == LanguageModelConfig(n_sentences=500, p=0.3, seed=1, steps=STEPS)
