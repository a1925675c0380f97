"""The record of one next word against plain arithmetic, and the figures against the record."""

import numpy as np
import plotly.graph_objects as go
import pytest

from lib.cut_errors import top_k_errors
from lib.figures.top_k import MOST_BARS, DrawLabels, ErrorLabels, draws_figure, errors_figure
from lib.next_word import judge, next_word, prompts
from lib.sampling_settings import SamplingSettings
from lib.settings import InvalidSetting
from lib.story import load_story
from tests.support.figures import unpacked

LABELS = ErrorLabels(*"abcdef")


def some_logits(V: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.ones(V)) * (rng.random(V) < 0.4)
    return rng.integers(-4, 5, V).astype(float), truth / truth.sum()


@pytest.mark.parametrize("cuts", [{}, {"top_k": 7}, {"top_p": 0.6}, {"top_k": 30, "top_p": 0.8, "min_p": 0.1}], ids=str)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_record_is_plain_arithmetic(cuts, temperature):
    logits, truth = some_logits()
    step = next_word(logits, truth, SamplingSettings(temperature, **cuts), pointer=0.37)
    kept = step.trace.kept
    weights = np.exp(logits / temperature)
    before = weights / weights.sum()
    np.testing.assert_allclose(step.before, before)
    assert step.removed == pytest.approx(before[~kept].sum())
    assert step.kept == kept.sum()
    assert step.thrown_away == pytest.approx(truth[~kept].sum())
    assert step.let_in == pytest.approx(before[kept & (truth == 0)].sum() / before[kept].sum())
    assert step.choices == pytest.approx(tuple(np.exp(step.entropy)))
    assert step.entropy[0] == pytest.approx(-(before * np.log(before)).sum())


def test_the_kept_words_come_first_in_the_order_even_among_ties():
    # Top-p splits the tied words, and keeps those with the larger ids.
    step = next_word(np.log([0.2, 0.4, 0.2, 0.2]), settings=SamplingSettings(top_p=0.6))
    assert step.order.tolist() == [1, 3, 0, 2]
    assert step.kept == 2
    logits, truth = some_logits()
    for top_p in np.linspace(0.01, 1, 50):
        step = next_word(logits, truth, SamplingSettings(top_p=float(top_p)))
        assert step.trace.kept[step.order[: step.kept]].all()
        assert (np.diff(step.before[step.order]) <= 0).all()


def test_the_pointer_falls_on_each_word_as_often_as_it_is_likely():
    logits, two = np.log([0.1, 0.5, 0.4]), SamplingSettings(top_k=2)
    step = next_word(logits, settings=two)
    drawn = [next_word(logits, settings=two, pointer=u).drawn for u in np.arange(0.0005, 1, 0.001)]
    assert np.bincount(drawn, minlength=3).tolist() == pytest.approx(1000 * step.trace.probabilities, abs=1)
    assert next_word([0.0, 0.0, -np.inf], pointer=np.nextafter(1, 0)).drawn == 1


def test_without_a_truth_nothing_is_right_or_wrong():
    step = next_word([1.0, 2.0])
    assert step.truth is step.thrown_away is step.let_in is None


@pytest.mark.parametrize("pointer", [-0.1, 1.0, float("nan"), "0.5"])
def test_a_bad_pointer_is_refused(pointer):
    with pytest.raises(InvalidSetting, match="pointer"):
        next_word([1.0, 2.0], pointer=pointer)


def test_more_than_one_row_is_refused():
    with pytest.raises(InvalidSetting, match="logits"):
        next_word([[1.0, 2.0]])


def test_the_prompts_are_possible_and_leave_ever_fewer_choices():
    story = load_story("en")
    offered = prompts(story)
    assert len(offered) == 8
    choices = [np.count_nonzero(story.next_word(each.split())) for each in offered]
    assert choices == sorted(choices, reverse=True)
    assert choices[0] > 50 > choices[-1] > 1
    assert prompts(story) == offered


def test_judging_stories():
    story = load_story("en")
    told = story.sample(5, np.random.default_rng(0))
    verdict = judge([*told, ["the", "the"]], story, frozenset({tuple(told[1])}))
    assert verdict.n == 6
    assert verdict.accepted.tolist() == [True] * 5 + [False]
    assert verdict.copied.tolist() == [sentence == told[1] for sentence in told] + [False]
    assert judge([], story, frozenset()).different == 0


@pytest.mark.parametrize("k", [1, 50, 80])
def test_the_figure_of_mistakes_shows_both_curves_and_the_present_k(k):
    logits, truth = some_logits()
    errors = top_k_errors(logits, truth)
    figure = go.Figure(errors_figure(errors, k, LABELS))
    thrown, let_in, now = figure.data
    np.testing.assert_array_equal(unpacked(thrown.y), errors.thrown_away.astype(np.float32))
    np.testing.assert_array_equal(unpacked(let_in.y), errors.let_in.astype(np.float32))
    assert list(now.x) == [k, k]
    assert list(now.y) == [errors.thrown_away[k - 1], errors.let_in[k - 1]]
    assert thrown.line.dash != let_in.line.dash  # told apart without colour
    assert figure.layout.xaxis.tickvals[-1] == 80
    assert [shape.x0 for shape in figure.layout.shapes] == [50]


def test_a_small_vocabulary_has_no_line_at_fifty():
    logits, truth = some_logits(20)
    figure = go.Figure(errors_figure(top_k_errors(logits, truth), 3, LABELS))
    assert not figure.layout.shapes
    assert not figure.layout.annotations


def test_the_figure_of_draws_pools_what_has_no_room():
    rng = np.random.default_rng(0)
    probabilities = np.sort(rng.dirichlet(np.ones(60)))[::-1]
    counts = rng.multinomial(1000, probabilities)
    words = [f"word{i}" for i in range(60)]
    labels = DrawLabels("n", "drawn", "expected", "others")
    bars, marks = go.Figure(draws_figure(words, counts, 1000 * probabilities, labels)).data
    drawn, expected = unpacked(bars.y), unpacked(marks.y)
    assert len(drawn) == len(expected) == MOST_BARS
    assert drawn.sum() == 1000
    assert expected.sum() == pytest.approx(1000)
    assert bars.x[-1] == "others"
    few, _ = go.Figure(draws_figure(words[:3], counts[:3], 1000 * probabilities[:3], DrawLabels("", "", "", ""))).data
    assert list(few.x) == words[:3]


def test_no_text_in_a_figure_is_smaller_than_14():
    logits, truth = some_logits()
    for figure in (
        errors_figure(top_k_errors(logits, truth), 3, LABELS),
        draws_figure(["a"], np.array([1]), np.array([1.0]), DrawLabels("", "", "", "")),
    ):
        layout = go.Figure(figure).layout
        sizes = [layout.font.size, layout.legend.font.size, layout.xaxis.tickfont.size, layout.yaxis.tickfont.size]
        sizes += [layout.xaxis.title.font.size, layout.yaxis.title.font.size]
        sizes += [annotation.font.size for annotation in layout.annotations]
        assert min(sizes) >= 14
