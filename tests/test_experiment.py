"""The experiment: intervals against their definitions and by simulation, cells against a recount, effects by hand."""

import csv
import io
import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.experiment import (
    KS,
    LEARNED,
    MEASURES,
    SHOWN,
    TABLE_RATES,
    Cell,
    CellResult,
    Experiment,
    ExperimentConfig,
    GrammarSpeaker,
    _learned,
    decompose,
    interaction_by_chance,
    run_experiment,
    to_csv,
    verdict_on,
)
from lib.grammar import parse_grammar
from lib.language_model import LanguageModelConfig, load_model, train_language_model
from lib.sampling_settings import SamplingSettings
from lib.settings import InvalidSetting
from lib.statistics.intervals import Estimate, Z, combined, different_share, mean_per_unit, share
from lib.story import Story

# ------------------------------------------------------------------------------------------------------- intervals


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_have_the_published_intervals(count, n, low, high):
    estimate = share(count, n)
    assert estimate.value == count / n
    assert [round(estimate.low, 4), round(estimate.high, 4)] == [low, high]


@given(st.integers(1, 3000), st.floats(0, 1))
def test_the_ends_of_a_share_are_where_the_score_test_gives_way(n, part):
    count = round(part * n)
    estimate = share(count, n)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    for end, at_the_wall in ((estimate.low, count == 0), (estimate.high, count == n)):
        if not at_the_wall:
            assert abs(count / n - end) == pytest.approx(Z * math.sqrt(end * (1 - end) / n), rel=1e-6)


def test_a_share_of_nothing_is_refused():
    for count, n in ((0, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="count / n"):
            share(count, n)


def test_a_mean_per_unit_of_equal_units_is_a_plain_mean():
    values = np.random.default_rng(0).normal(3, 2, 50)
    estimate = mean_per_unit(values, np.ones(50))
    error = values.std(ddof=1) / math.sqrt(50)
    assert (estimate.value, estimate.low) == pytest.approx((values.mean(), values.mean() - Z * error))
    assert mean_per_unit(4 * values, np.full(50, 4)).high == pytest.approx(estimate.high)


def test_a_mean_per_unit_holds_the_truth_95_times_in_100():
    # 2,000 samples: the share that holds it has a standard error of 0.5 points; the seed is fixed.
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(2000):
        lengths = rng.integers(4, 15, 300)
        totals = -1.5 * lengths + rng.normal(0, 2, 300) * np.sqrt(lengths)
        estimate = mean_per_unit(totals, lengths)
        held += estimate.low <= -1.5 <= estimate.high
    assert 0.935 <= held / 2000 <= 0.965


def test_one_sentence_says_nothing_of_luck_and_none_says_nothing():
    assert mean_per_unit([-3.0], [2]) == Estimate(-1.5, -math.inf, math.inf)
    assert math.isnan(mean_per_unit([], []).value)
    with pytest.raises(ValueError, match="equal length"):
        mean_per_unit([1.0], [0])


def test_the_interval_of_different_ones_is_the_jackknife():
    draws = np.random.default_rng(2).zipf(1.4, 400).tolist()
    left_out = [len(set(draws[:i] + draws[i + 1 :])) for i in range(400)]
    variance = 400 * np.var(left_out)  # the jackknife, but for the factor (n - 1) / n
    estimate = different_share(Counter(draws).values())
    assert estimate.value == len(set(draws)) / 400
    assert estimate.standard_error == pytest.approx(math.sqrt(variance) / 400, rel=1e-9)


@pytest.mark.parametrize("kinds", [30, 3_000, 1_000_000])
def test_the_interval_of_different_ones_holds_the_truth_at_least_95_times_in_100(kinds):
    # 500 samples; where the true rate is 95%, fewer than 92% come once in 700 times; the seed is fixed.
    rng = np.random.default_rng(3)
    weights = 1 / np.arange(1, kinds + 1)
    weights /= weights.sum()
    n = 500
    expected = float((1 - (1 - weights) ** n).sum()) / n
    held = 0
    for _ in range(500):
        estimate = different_share(np.unique(rng.choice(kinds, n, p=weights), return_counts=True)[1].tolist())
        held += estimate.low <= expected <= estimate.high
    assert held / 500 >= 0.92


def test_all_different_does_not_prove_that_the_next_one_is_new():
    estimate = different_share([1] * 1000)
    assert estimate.value == estimate.high == 1
    assert estimate.low == pytest.approx(1 - 3.689 / 1000, abs=1e-5)  # exp(-3.689) = 2.5%


def test_a_difference_of_symmetric_intervals_is_the_usual_one():
    a, b = Estimate(5.0, 4.0, 6.0), Estimate(2.0, 0.0, 4.0)
    difference = combined([a, b], [1, -1])
    assert (difference.value, difference.low, difference.high) == pytest.approx(
        (3.0, 3 - math.sqrt(5), 3 + math.sqrt(5))
    )


# ----------------------------------------------------------------------------------------------- what moves with what


def test_a_table_computed_by_hand():
    #                    mean of row
    #   10  20  30   ->  20
    #   20  20  50   ->  30          mean 25; means of columns 15, 20, 40
    parts = decompose([[10, 20, 30], [20, 20, 50]])
    assert parts.mean == 25
    assert parts.rows.tolist() == [-5, 5]
    assert parts.columns.tolist() == [-10, -5, 15]
    assert parts.interaction.tolist() == [[0, 5, -5], [0, -5, 5]]
    assert parts.sums_of_squares == (3 * 50, 2 * 350, 100)
    assert parts.shares == pytest.approx((150 / 950, 700 / 950, 100 / 950))


def test_an_additive_table_has_no_interaction_and_a_flat_one_no_movement():
    parts = decompose([[1.0, 2.0], [4.0, 5.0]])
    assert parts.interaction.tolist() == [[0, 0], [0, 0]]
    assert decompose([[3.0, 3.0], [3.0, 3.0]]).shares == (0, 0, 0)


@given(st.integers(1, 5).flatmap(lambda c: st.lists(st.lists(st.floats(-9, 9), min_size=c, max_size=c), min_size=1)))
def test_the_parts_add_up_to_the_table(table):
    values, parts = np.array(table), decompose(table)
    again = parts.mean + parts.rows[:, None] + parts.columns + parts.interaction
    np.testing.assert_allclose(again, values, atol=1e-9)
    total = float(((values - values.mean()) ** 2).sum())
    assert sum(parts.sums_of_squares) == pytest.approx(total, abs=1e-7)


@pytest.mark.parametrize("table", [[], [1.0], [[1.0, math.nan]], [[math.inf]], [[[1.0]]]])
def test_what_is_no_table_is_refused(table):
    with pytest.raises(ValueError, match="table must be finite numbers"):
        decompose(table)


def test_the_interaction_that_chance_makes_is_as_computed():
    # 4,000 additive tables with noise 1 in each cell. The mean of the interaction's sum of squares is (R - 1) (C - 1),
    # with a standard error of 1%; the seed is fixed.
    rng = np.random.default_rng(4)
    additive = np.array([[0.0], [10.0], [30.0]]) + np.array([0.0, 1.0, 5.0, 7.0])
    squares = [decompose(additive + rng.normal(0, 1, (3, 4))).sums_of_squares[2] for _ in range(4000)]
    parts = decompose(additive)
    cell = Estimate(0.0, -Z, Z)
    expected = interaction_by_chance([[cell] * 4] * 3, parts) * sum(parts.sums_of_squares)
    assert np.mean(squares) == pytest.approx(expected, rel=0.04)


# ------------------------------------------------------------------------------------------------------------ cells

TOY = """
sentence:
  6 | the dog sleeps
  3 | the cat <does>
  the bird sings
does: equal
  sleeps, eats
"""


def test_the_grammar_speaks_with_its_own_distribution_cut():
    story = Story(parse_grammar(TOY))
    # k = 2 at the second word keeps dog (6) and cat (3): two thirds and one third. After "cat" both words tie.
    two = SamplingSettings(top_k=2)
    told = Counter(" ".join(s) for s in GrammarSpeaker(story).generate(9000, np.random.default_rng(5), two))
    assert set(told) == {"the dog sleeps", "the cat sleeps", "the cat eats"}
    # 9,000 draws: standard error 0.5 points; six of them are never seen.
    assert told["the dog sleeps"] / 9000 == pytest.approx(2 / 3, abs=0.03)
    assert told["the cat eats"] / 9000 == pytest.approx(1 / 6, abs=0.03)
    uncut = Counter(s[1] for s in GrammarSpeaker(story).generate(9000, np.random.default_rng(6)))
    assert uncut["bird"] / 9000 == pytest.approx(0.1, abs=0.02)
    # Of words that tie all stay: k = 1 keeps both that may follow "the cat".
    greedy = SamplingSettings(top_k=1)
    assert {tuple(s) for s in GrammarSpeaker(story).generate(50, np.random.default_rng(7), greedy)} == {
        ("the", "dog", "sleeps")
    }


def test_a_cell_is_what_a_recount_of_the_same_draws_says():
    model, n = load_model(p=0.1), 300
    cell = Cell(0.1, 10)
    result = run_experiment(ExperimentConfig((0.1,), (10,), n, seed=7, grammar=False))[cell]
    rng = np.random.default_rng([7, 2, 100_001, 10, 0])
    told = model.generate(250, rng, top_k=10) + model.generate(50, rng, top_k=10)
    learned = [tuple(sentence) for sentence in model.training_sentences]
    logs = [(model.story.log_probability(s), len(s) + 1) for s in told if model.story.accepts(s)]
    assert result.copied == share(sum(tuple(s) in learned for s in told), n)
    assert result.accepted == share(len(logs), n)
    assert result.different.value == len({tuple(s) for s in told}) / n
    assert result.log_probability.value == pytest.approx(sum(a for a, _ in logs) / sum(b for _, b in logs))
    assert [s.words for s in result.sentences] == [tuple(s) for s in told[:SHOWN]]
    for sentence in result.sentences:
        assert (sentence.verdict == "copied") == (sentence.words in learned)
        assert (sentence.verdict == "impossible") == (not model.story.accepts(sentence.words))


def test_a_copied_sentence_is_told_from_a_new_and_from_an_impossible_one():
    story = Story(parse_grammar(TOY))
    learned = frozenset({("the", "dog", "sleeps")})
    assert verdict_on(["the", "dog", "sleeps"], story, learned) == "copied"
    assert verdict_on(["the", "cat", "eats"], story, learned) == "new"
    assert verdict_on(["the", "dog"], story, learned) == "impossible"
    assert verdict_on([], story, learned) == "impossible"


def test_a_cell_does_not_depend_on_what_else_is_measured_and_a_known_one_is_not_measured_again():
    alone = run_experiment(ExperimentConfig((0.3,), (3,), 100, seed=5, grammar=False))
    config = ExperimentConfig((0.0, 0.3), (None, 3), 100, seed=5)
    known: dict[Cell, CellResult] = dict(alone)
    experiment = Experiment(config, known=known)
    assert experiment.told == 100
    assert experiment.results[Cell(0.3, 3)] is alone[Cell(0.3, 3)]
    while not experiment.done:
        experiment.advance()
    assert set(known) == set(config.cells) == set(experiment.results)
    assert experiment.told == 6 * 100
    assert run_experiment(config) == experiment.results
    other = run_experiment(ExperimentConfig((0.3,), (3,), 100, seed=6, grammar=False))
    assert other[Cell(0.3, 3)].sentences != alone[Cell(0.3, 3)].sentences


def test_a_cell_that_another_table_measured_meanwhile_is_taken_over():
    config = ExperimentConfig((0.3,), (3,), 100, grammar=False)
    known: dict[Cell, CellResult] = {}
    waiting = Experiment(config, known=known)
    first = Experiment(config, known=known)
    while not first.done:
        first.advance()
    waiting.advance()
    assert waiting.done
    assert waiting.results[Cell(0.3, 3)] is known[Cell(0.3, 3)]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_grammar_does_not_tell_the_training_or_the_validation_set_again(seed):
    """Zeros at the end of a seed change nothing in NumPy; with the same seed it would draw the very same sentences."""
    model = load_model()
    results = run_experiment(ExperimentConfig((0.0,), (None,), 100, seed=seed))
    told = [sentence.words for sentence in results[Cell(None, None)].sentences]
    assert told[:3] != [tuple(sentence) for sentence in model.training_sentences[:3]]
    assert results[Cell(None, None)].copied.value < 0.2


def test_a_model_that_can_say_nothing_possible_is_measured_all_the_same():
    *_, last = train_language_model(LanguageModelConfig(n_sentences=100, steps=1, record_every=1))
    assert last.model is not None
    result = run_experiment(ExperimentConfig((0.0,), (None,), 100, grammar=False), {0.0: last.model})[Cell(0.0, None)]
    assert result.accepted.value == 0
    assert math.isnan(result.log_probability.value)
    assert all(sentence.verdict == "impossible" for sentence in result.sentences)
    assert to_csv({result.cell: result}).splitlines()[1].endswith(",,,")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("rates", ()),
        ("rates", (0.0, 0.0)),
        ("rates", (1.0,)),
        ("rates", [0.0]),
        ("ks", ()),
        ("ks", (0,)),
        ("ks", (2.5,)),
        ("ks", (True,)),
        ("ks", (None, None)),
        ("n", 99),
        ("n", 20_001),
        ("n", 1000.0),
        ("seed", -1),
        ("corpus", "huge"),
    ],
)
def test_bad_settings_are_refused_by_name(parameter, value):
    with pytest.raises(InvalidSetting, match=parameter) as caught:
        ExperimentConfig(**{parameter: value})
    assert (caught.value.name, caught.value.value) == (parameter, value)


def test_a_config_is_frozen_and_hashable():
    assert len({ExperimentConfig(), ExperimentConfig(), ExperimentConfig(seed=1)}) == 2
    with pytest.raises(AttributeError):
        ExperimentConfig().n = 5  # type: ignore[misc]


# --------------------------------------------------------------------------------- the shapes that the page teaches


@pytest.fixture(scope="module")
def whole() -> dict[Cell, CellResult]:
    """The whole table, 500 sentences in a cell, seed fixed. All comparisons below are between whole 95% intervals."""
    return run_experiment(ExperimentConfig(TABLE_RATES, KS, 500))


@pytest.mark.parametrize("k", KS[:-1])
def test_copying_falls_steeply_with_p_at_every_k(whole, k):
    copied = {p: whole[Cell(p, k)].copied for p in TABLE_RATES}
    for gentler, stronger in pairwise(TABLE_RATES):
        assert copied[stronger].low <= copied[gentler].high
    assert copied[0.0].low > copied[0.1].high
    assert copied[0.0].low > 6 * copied[0.3].high


def test_what_the_greedy_model_says_for_ever_was_learned_by_heart_at_p_0(whole):
    assert whole[Cell(0.0, 1)].copied.value == 1


def test_at_p_0_no_k_undoes_memorising(whole):
    by_chance = whole[Cell(None, None)].copied.high
    for k in KS:
        assert whole[Cell(0.0, k)].copied.low > 10 * by_chance
        # The sharper the cut, the more is copied: it leaves what the model is surest of.
        assert whole[Cell(0.0, k)].copied.high > whole[Cell(0.0, None)].copied.low


@pytest.mark.parametrize("p", TABLE_RATES)
def test_acceptance_rises_and_variety_falls_as_k_shrinks(whole, p):
    cells = [whole[Cell(p, k)] for k in KS]  # from no cut to k = 1
    for wider, narrower in pairwise(cells):
        assert narrower.accepted.high >= wider.accepted.low
        assert narrower.different.low <= wider.different.high
    assert combined([cells[-1].accepted, cells[0].accepted], [1, -1]).low > 0
    assert cells[2].different.low > cells[3].different.high > cells[3].different.low > cells[4].different.high


@pytest.mark.parametrize("p", TABLE_RATES)
def test_the_greedy_model_says_one_sentence_for_ever(whole, p):
    result = whole[Cell(p, 1)]
    assert result.different.value == 1 / 500
    assert len({sentence.words for sentence in result.sentences}) == 1


def test_each_die_does_its_own_job(whole):
    def shares(measure: str) -> tuple[float, float, float]:
        return decompose([[whole[Cell(p, k)].measure(measure).value for k in KS] for p in TABLE_RATES]).shares

    assert shares("copied")[0] > 0.9
    assert shares("different")[1] > 0.8


def test_the_grammar_says_nothing_impossible_and_its_uncut_sentences_have_its_entropy(whole):
    for k in KS:
        assert whole[Cell(None, k)].accepted.value == 1
    uncut = whole[Cell(None, None)].log_probability
    assert uncut.low < -load_model().story.entropy_per_word < uncut.high


def test_dropout_left_on_makes_mistakes_and_no_more_variety(whole):
    on = run_experiment(ExperimentConfig((0.3,), (None,), 500, dropout_on=True, grammar=False))[Cell(0.3, None, True)]
    off = whole[Cell(0.3, None)]
    assert on.accepted.high < off.accepted.low
    assert combined([on.different, off.different], [1, -1]).high < 0.03


def test_the_csv_holds_every_cell_with_its_intervals(whole):
    rows = list(csv.DictReader(io.StringIO(to_csv(whole))))
    assert len(rows) == 30
    for row in rows:
        cell = Cell(
            None if row["p"] == "grammar" else float(row["p"]),
            None if row["k"] == "all" else int(row["k"]),
            row["dropout_on"] == "1",
        )
        for measure in MEASURES:
            estimate = whole[cell].measure(measure)
            for name, value in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high)):
                assert float(row[measure + name]) == pytest.approx(value, rel=1e-5, abs=1e-6)
        assert row["sentences"] == "500"


def test_the_training_set_is_drawn_once_for_all_tables_of_a_class_and_is_the_models_own():
    first, second = (Experiment(ExperimentConfig(n=100, seed=seed)) for seed in (1, 2))
    assert first._training is second._training
    assert first._training == {tuple(sentence) for sentence in load_model(p=0.0).training_sentences}
    assert _learned.cache_info().maxsize == LEARNED


def test_an_advance_is_one_word_of_a_batch():
    table = Experiment(ExperimentConfig((0.3,), (10,), 100, grammar=False))
    steps = 0
    while not table.done:
        table.advance()
        steps += 1
    longest = max(len(told.words) for told in table.results[Cell(0.3, 10)].sentences)
    assert longest + 1 < steps <= load_model(p=0.3).config.context + 1  # the beginning, the words, the end
