"""Every experiment of the questions page: its numbers against an independent oracle, and its verdict against them."""

import math
import re

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.nn import functional

from lib.language_model import load_model
from lib.questions import (
    batch_norm,
    before_activation,
    channels,
    dropped_updated,
    empty_row,
    functional_dropout,
    knows_not,
    smaller_network,
    temperature_order,
    temperature_zero,
    top_k_50,
    which_cut,
)
from lib.questions.every import EXPERIMENTS, RECORDED, answer
from lib.questions.result import Result, least, mean_of
from lib.questions.storybook import draw_beginnings
from lib.questions.threads import THREADS
from lib.recorded_llm import load_recorded_llm
from lib.sampling import shape_distribution, softmax
from lib.statistics.intervals import Estimate

# What each verdict rests on, as pairs of rows: it is "yes" only if the first is larger than the second in all of them.
RESTS_ON = {
    "validation_below": [("clean_on", "clean_val"), ("wrong_off", "wrong_val")],
    "scale_at_test": [("neither", "torch")],
    "drop_or_keep": [("paper", "torch")],
    "another_answer": [("train", "eval")],
    "functional_dropout": [("untold", "told")],
    "mask_per_example": [("one", "own")],
    "dropped_updated": [("kept", "dropped")],
    "before_activation": [("gelu", "relu")],
    "batch_norm": [("behind", "before")],
    "smaller_network": [(f"plain_{units}", "dropout") for units in (8, 16, 32, 64)],
    "knows_not": [("masked_noise", "masked_wrong"), ("plain_wrong", "masked_wrong")],
    "empty_row": [("word_1", None)],
    "channels": [("channels_2d", "channels")],
    "hurts_small": [("small_with", "small_without")],
    "top_k_50": [("unsurest", "surest")],
    "temperature_ignored": [("sampled", "greedy")],
    "temperature_zero": [("t_001", "t_1")],
    "temperature_order": [("hot_before", "after"), ("after", "cold_before")],
    "which_cut": [("top_k", "top_p"), ("top_k", "min_p")],
    "why_dropout": [("top_k", "dropout")],
}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """What the page shows first, with seed 0."""
    return {name: answer(name, 0) for name in EXPERIMENTS}


def test_there_is_an_experiment_for_every_question_in_the_same_order():
    assert list(EXPERIMENTS) == list(THREADS) == list(RESTS_ON)
    assert set(RECORDED) < set(EXPERIMENTS)
    for addresses in THREADS.values():
        assert all(re.fullmatch(r"https://[\w.-]+/[\w./-]+", address) for address in addresses)
    assert [name for name, addresses in THREADS.items() if not addresses] == ["why_dropout"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_page_opens_with_numbers_that_bear_its_answer_out(name, results):
    """If this fails, the page is still honest, but its answer no longer fits what it shows first."""
    assert results[name].verdict == "yes"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_verdict_rests_on_the_rows_that_are_shown(name, results):
    result = results[name]
    value = {row: each.value for row, each in result.rows.items()} | {None: 0.0}
    differences = [value[more] - value[less] for more, less in RESTS_ON[name]]
    assert any(result.effect.value == pytest.approx(each, abs=1e-6) for each in differences)
    assert min(differences) > 0
    for each in result.rows.values():
        assert each.low <= each.value <= each.high
        assert math.isfinite(each.low + each.high)
    if result.unit == "share":
        assert all(each.low >= -1e-9 and each.value <= 1.01 for each in result.rows.values())


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name not in RECORDED])
def test_a_seed_gives_the_same_numbers_again_and_another_seed_others(name, results):
    assert answer(name, 0) == results[name]
    assert answer(name, 1).rows != results[name].rows


def test_a_verdict_needs_the_whole_interval_on_one_side():
    assert [Result({}, Estimate(1, low, high)).verdict for low, high in ((0.1, 2), (-0.1, 2), (-2, -0.1))] == [
        "yes",
        "unclear",
        "no",
    ]
    assert least([mean_of([1, 2, 3]), mean_of([9, 10, 11])]).value == 2


# ------------------------------------------------------------------------------------------------- against PyTorch


def test_the_three_ways_of_calling_dropout_do_what_pytorch_s_do(results):
    x = torch.ones(4000)

    class Functional(nn.Module):
        def forward(self, x):
            return functional.dropout(x, 0.5)

    class Told(nn.Module):
        def forward(self, x):
            return functional.dropout(x, 0.5, training=self.training)

    with torch.random.fork_rng():
        torch.manual_seed(0)
        for way, module in (("module", nn.Dropout(0.5)), ("told", Told()), ("untold", Functional())):
            ours = functional_dropout.Layer(way, 0.5, torch.Generator().manual_seed(0))
            for training in (True, False):
                theirs = (module.train(training)(x) == 0).float().mean().item()
                mine = (ours.train(training)(x) == 0).float().mean().item()
                # Both are shares of 4,000: five standard errors of their difference are 0.056.
                assert mine == pytest.approx(theirs, abs=0.056 if theirs else 0)


def test_whole_channels_are_dropped_and_scaled_as_dropout2d_does():
    x = torch.rand(64, 32, 3, 5) + 1
    ours = channels.drop_channels(x, 0.25, torch.Generator().manual_seed(0))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = nn.Dropout2d(0.25)(x)
    for dropped in (ours, theirs):
        whole = (dropped == 0).flatten(2)
        assert (whole.all(-1) == whole.any(-1)).all()
        assert torch.allclose(dropped[dropped != 0], (x / 0.75)[dropped != 0])
        # 2,048 channels: five standard errors are 0.048.
        assert whole.all(-1).float().mean().item() == pytest.approx(0.25, abs=0.048)


def test_an_optimiser_with_a_memory_moves_dropped_weights_as_torch_optim_adam_does(results):
    weights = torch.ones(2, requires_grad=True)
    optimiser = torch.optim.Adam([weights], lr=0.01)
    for gradient in ([1.0, 1.0], [0.0, 1.0]):
        weights.grad = torch.tensor(gradient)
        before = weights.detach().clone()
        optimiser.step()
    assert (weights.detach() != before).all()
    # A unit moves if it was kept in one of the earlier steps.
    expected = 1 - dropped_updated.P ** (dropped_updated.STEPS - 1)
    found = results["dropped_updated"].rows["adam"]
    assert found.low - 0.05 < expected < found.high + 0.05


def test_dropout_before_and_after_an_activation_by_hand():
    z, mask = torch.tensor([-1.0, 2.0, 3.0]), torch.tensor([True, True, False])
    for name, activation in before_activation.ACTIVATIONS.items():
        before, after = activation(z * mask * 2), activation(z) * mask * 2
        assert torch.equal(before, after) == (name == "relu")


def test_batch_normalisation_keeps_the_variance_that_theory_says(results):
    """For a ReLU of a normal number: mean 1 / sqrt(2 pi), mean square 1/2; dropout doubles the mean square."""
    square = 1 / (2 * math.pi)
    expected = (0.5 - square) / (0.5 / (1 - batch_norm.P) - square)
    rows = results["batch_norm"].rows
    assert rows["before"].value == pytest.approx(expected, abs=0.02)
    assert rows["behind"].value == pytest.approx(1, abs=0.03)


def test_a_row_of_attention_weights_is_empty_with_probability_p_to_the_t(results):
    for t, row in enumerate(results["empty_row"].rows.values(), 1):
        # Wilson's interval for 99.99%, so that one seed in 2,500 would fail.
        expected, n = empty_row.P**t, 4_000
        assert abs(row.value - expected) < 4 * math.sqrt(expected * (1 - expected) / n)


def test_the_area_under_the_curve_is_scikit_learn_s():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 40), rng.integers(2, 12, 70)  # with ties
    expected = roc_auc_score([1] * 40 + [0] * 70, np.concatenate([a, b]))
    assert knows_not.auc(a, b).value == pytest.approx(expected)
    assert knows_not.auc(b, a).value == pytest.approx(1 - expected)


def test_masked_passes_that_are_all_the_same_do_not_disagree():
    network, x = knows_not.load_pictured_network("digits", 0.5), torch.rand(5, 64)
    one = [torch.ones(3, 1, units, dtype=torch.bool) for units in (64, 16, 16)]
    assert knows_not.disagreement(network, x, one).abs().max() < 1e-5
    one[1][1] = False
    assert (knows_not.disagreement(network, x, one) > 0.01).all()


# -------------------------------------------------------------------------------------- the storybook and its model


def test_many_beginnings_at_once_get_the_scores_and_the_truth_of_each():
    some, model = draw_beginnings(12, seed=3), load_model(p=0.3)
    logits, truth = some.logits(), some.truth()
    for words, scores, true in zip(some.said, logits, truth, strict=True):
        np.testing.assert_allclose(scores, model.next_logits(words), rtol=0, atol=1e-4)
        assert np.array_equal(true, model.story.next_word(words))
    assert len({len(words) for words in some.said}) > 3


def test_top_p_keeps_what_hugging_face_s_processors_keep_in_either_order():
    from transformers import TemperatureLogitsWarper, TopPLogitsWarper

    logits = draw_beginnings(40, seed=0).logits()
    top_p, hot = TopPLogitsWarper(temperature_order.TOP_P), TemperatureLogitsWarper(temperature_order.HOT)
    scores, ids = torch.tensor(logits), torch.zeros(40, 1, dtype=torch.int64)
    ours = shape_distribution(logits, temperature=temperature_order.HOT, top_p=temperature_order.TOP_P).kept.sum(-1)
    assert np.array_equal(ours, (top_p(ids, hot(ids, scores)) > -torch.inf).sum(-1).numpy())
    after = temperature_order.keep_top_p(logits, temperature_order.TOP_P).sum(-1)
    assert np.array_equal(after, (hot(ids, top_p(ids, scores)) > -torch.inf).sum(-1).numpy())


def test_each_cut_is_as_tight_as_it_can_be_without_losing_more(results):
    beginnings = draw_beginnings(which_cut.N, 0)
    logits, truth = beginnings.logits(), beginnings.truth()
    for name, (keep, settings) in which_cut.SETTINGS.items():
        lost = [
            np.where(keep(logits, each), 0, truth).sum(-1).mean() for each in settings[:: 3 if name == "top_k" else 1]
        ]
        allowed = [each for each in lost if each <= which_cut.LOSS]
        chosen = results["which_cut"].setup[name]
        mine = np.where(keep(logits, chosen), 0, truth).sum(-1).mean()
        assert max(allowed) <= mine + 1e-12 <= which_cut.LOSS + 1e-12


def test_a_draw_at_temperature_1_is_the_likeliest_word_as_often_as_the_model_says(results):
    logits = draw_beginnings(temperature_zero.N, 0).logits()
    expected = softmax(logits).max(-1).mean()
    found = results["temperature_zero"].rows["t_1"]
    assert abs(found.value - expected) < 4 * found.standard_error  # one seed in 16,000 would fail


def test_the_probability_beyond_50_is_that_of_the_recorded_model(results):
    llm = load_recorded_llm()
    beyond = [
        1 - shape_distribution(step.logits).probabilities[: top_k_50.K].sum()
        for step in (llm.step(number, "uncut", 0) for number in range(0, len(llm.beginnings), 3))
    ]
    rows = [each.value for each in results["top_k_50"].rows.values()]
    assert min(rows) < np.mean(beyond) < max(rows)


# ------------------------------------------------------------------------------------------------------ recorded runs


def test_a_recorded_run_can_be_repeated():
    """Another machine may round differently, hence the tolerance."""
    (recorded,) = (each for each in smaller_network.load_runs() if (each.units, each.seed) == (16, 0))
    again = smaller_network.run(16, 0.0, 0)
    assert again.val_loss == pytest.approx(recorded.val_loss, rel=0.02)
    assert again.best_val_loss == pytest.approx(recorded.best_val_loss, rel=0.02)


def test_runs_are_saved_as_they_are_read(tmp_path):
    runs = smaller_network.load_runs()
    smaller_network.save_runs(runs, tmp_path / "runs.csv")
    assert (tmp_path / "runs.csv").read_bytes() == smaller_network.PATH.read_bytes()
