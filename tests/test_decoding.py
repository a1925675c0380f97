"""Decoders in any order of their steps: against Hugging Face's processors, rules worked out by hand, and limits."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.decoding import (
    CUTS,
    ORDERS,
    STEPS,
    Decoder,
    Order,
    decode,
    keep_top_n_sigma,
    keep_typical,
    mistakes,
    name_of,
    order_named,
    penalise,
)
from lib.language_model import load_model
from lib.next_word import prompts, what_follows
from lib.sampling import shape_with, softmax
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.settings import InvalidSetting
from tests.support.logits import INF, odd_logits

FULL = SamplingSettings(1.7, top_k=20, top_p=0.9, min_p=0.02)
some_logits = st.lists(st.floats(-30, 30) | st.sampled_from([0.0, 1.0, -INF]), min_size=1, max_size=40).filter(
    lambda row: max(row) > -INF
)
some_decoders = st.builds(
    Decoder,
    st.builds(
        SamplingSettings,
        st.floats(0.1, 10),
        st.none() | st.integers(1, 50),
        st.none() | st.floats(0.01, 1),
        st.none() | st.floats(0, 1),
    ),
    st.none() | st.floats(0.01, 1),
    st.none() | st.floats(0.1, 5),
    st.floats(1, 3),
    st.permutations(STEPS).map(lambda steps: Order(tuple(steps))) | st.sampled_from(list(ORDERS.values())),
    st.booleans(),
)


def processors():
    return pytest.importorskip("transformers.generation.logits_process", reason="transformers is not installed")


@pytest.mark.parametrize("V", [1, 2, 7, 51, 300])
@pytest.mark.parametrize("mass", [0.05, 0.3, 0.9, 0.999])
def test_typical_is_the_processors(V, mass):
    logits = odd_logits(V, np.random.default_rng(V))
    expected = processors().TypicalLogitsWarper(mass)(None, torch.from_numpy(logits)).numpy() > -INF
    kept = keep_typical(logits, mass) & (logits > -INF)
    # Where the words up to one hold exactly the mass, or two are equally near, the last bit of a sum decides.
    p = softmax(logits)
    with np.errstate(divide="ignore"):
        distance = np.abs(-np.log(p) + np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(-1, keepdims=True))
    held = np.cumsum(np.take_along_axis(p, distance.argsort(-1, kind="stable"), -1), -1)
    on_the_boundary = (np.abs(held - mass) < 1e-12).any(-1)
    differ = (kept != expected).any(-1) & ~on_the_boundary
    assert [
        row for row in np.flatnonzero(differ) if not _tied_within_rounding(distance[row], kept[row], expected[row])
    ] == []
    assert on_the_boundary.sum() <= 2  # the tied and the flat rows


def _tied_within_rounding(distance, kept, expected) -> bool:
    """Whether the words on which two rules differ lie, within rounding, where the last kept one does."""
    edge = distance[kept & (distance < INF)].max()
    return bool(np.allclose(distance[kept != expected], edge, rtol=0, atol=1e-12))


@pytest.mark.parametrize("said", [[], [0], [3, 3, 1], list(range(7))])
@pytest.mark.parametrize("penalty", [1.0, 1.2, 3.0])
def test_the_penalty_is_the_processors(said, penalty):
    logits = odd_logits(7, np.random.default_rng(1))
    ids = torch.tensor([said] * len(logits), dtype=torch.int64)
    expected = processors().RepetitionPenaltyLogitsProcessor(penalty)(ids, torch.from_numpy(logits)).numpy()
    np.testing.assert_array_equal(penalise(logits, penalty, said), expected)


def test_transformers_order_is_that_of_its_processors_one_after_the_other():
    them, logits = processors(), np.random.default_rng(3).normal(0, 3, (50, 80))
    decoder = Decoder(FULL, typical=0.8, penalty=1.3)
    scores = torch.from_numpy(logits)
    for processor in (
        them.RepetitionPenaltyLogitsProcessor(1.3),
        them.TemperatureLogitsWarper(1.7),
        them.TopKLogitsWarper(20),
        them.TopPLogitsWarper(0.9),
        them.MinPLogitsWarper(0.02),
        them.TypicalLogitsWarper(0.8),
    ):
        scores = processor(torch.tensor([[4, 9]] * 50), scores)
    decoded = decode(logits, decoder, [4, 9])
    np.testing.assert_array_equal(decoded.scores[-1], scores.numpy())
    np.testing.assert_allclose(decoded.probabilities, scores.softmax(-1).numpy(), rtol=1e-12)


def test_top_n_sigma_by_hand():
    # The paper's rule: a score stays if it is at least max - n sigma. Mean 2, variance (4 + 1 + 0 + 1 + 4) / 5 = 2.
    scores = np.array([4.0, 3.0, 2.0, 1.0, 0.0])
    for n, kept in ((0.5, 1), (1 / math.sqrt(2), 2), (1.0, 2), (1.5, 3), (2 * math.sqrt(2) + 1e-9, 5)):
        assert keep_top_n_sigma(scores, n).sum() == kept, n
    # As in llama.cpp, words that are gone do not count for the deviation.
    gone = np.append(scores, [-INF, -INF])
    np.testing.assert_array_equal(keep_top_n_sigma(gone, 1.5), np.append(keep_top_n_sigma(scores, 1.5), [False, False]))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.integers(-40, 40), min_size=1, max_size=30), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_a_temperature_changes_nothing_for_top_n_sigma(row, temperature):
    """Powers of two divide without rounding, so the masks are the same to the last word."""
    scores = np.array(row, dtype=float)
    np.testing.assert_array_equal(keep_top_n_sigma(scores, 1.3), keep_top_n_sigma(scores / temperature, 1.3))


def test_the_order_decides_how_much_a_cold_top_p_keeps():
    cold = SamplingSettings(temperature=0.5, top_p=0.8)
    first, last = (decode([3.0, 2.0, 1.0], Decoder(cold, order=ORDERS[name])) for name in ("transformers", "llama.cpp"))
    assert np.flatnonzero(first.kept).tolist() == [0]  # softmax(6, 4, 2) = 0.867, ...
    assert np.flatnonzero(last.kept).tolist() == [0, 1]  # softmax(3, 2, 1) = 0.665, 0.245, ...
    np.testing.assert_allclose(last.probabilities, [1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2)), 0])


def test_intersecting_masks_keep_more_than_a_chain():
    logits, both = np.log([0.3, 0.2, 0.15, 0.1, 0.1, 0.08, 0.07]), SamplingSettings(top_k=3, top_p=0.7)
    assert decode(logits, Decoder(both)).kept.sum() == 2
    assert decode(logits, Decoder(both, order=ORDERS["gemma"])).kept.sum() == 3


def gemmas_own(logits: np.ndarray, temperature: float, k: int, p: float) -> np.ndarray:
    """gemma_pytorch's Sampler, model.py, one line for each of its lines."""
    probabilities = softmax(logits / temperature)
    order = np.argsort(-probabilities)
    ascending = probabilities[order]
    before = np.cumsum(ascending) - ascending
    ascending = np.where((before > p) | (np.arange(len(order)) >= k), 0, ascending)
    out = np.empty_like(probabilities)
    out[order] = ascending / ascending.sum()
    return out


@pytest.mark.parametrize("seed", range(20))
def test_gemmas_order_is_gemmas_code(seed):
    logits = np.random.default_rng(seed).normal(0, 2, 60)
    decoded = decode(logits, Decoder(SamplingSettings(1.5, top_k=9, top_p=0.7), order=ORDERS["gemma"]))
    np.testing.assert_allclose(decoded.probabilities, gemmas_own(logits, 1.5, 9, 0.7), rtol=1e-9)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(some_logits, some_decoders)
def test_every_decoder_leaves_a_distribution_over_words_it_was_given(row, decoder):
    logits = np.array(row)
    decoded = decode(logits, decoder, [0, len(row) - 1])
    assert decoded.probabilities.sum() == pytest.approx(1)
    assert (decoded.kept <= (logits > -INF)).all()
    assert ((decoded.probabilities > 0) <= decoded.kept).all()
    assert (
        len(decoded.steps)
        == len(decoded.scores)
        == 1 + len(decoder.switched_on) - len(decoder.ignored) + decoder.greedy
    )
    left = [(scores > -INF).sum() for scores in decoded.scores]
    assert left == sorted(left, reverse=True)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(some_logits, some_decoders.filter(lambda each: not (each.typical or each.sigma or each.greedy)))
def test_the_first_order_is_that_of_the_four_steps(row, decoder):
    decoder = Decoder(decoder.settings)
    trace, decoded = shape_with(row, decoder.settings), decode(row, decoder)
    np.testing.assert_array_equal(decoded.kept, trace.kept)
    np.testing.assert_allclose(decoded.probabilities, trace.probabilities, rtol=1e-12)


@pytest.mark.parametrize("order", [*ORDERS.values(), Order(STEPS[::-1])])
def test_a_temperature_towards_zero_is_greedy(order):
    logits = np.random.default_rng(5).normal(0, 3, (30, 50))
    frozen = Decoder(SamplingSettings(1e-6, top_k=20, top_p=0.9, min_p=0.02), sigma=2.0, penalty=1.2, order=order)
    greedy = Decoder(FULL, typical=0.5, sigma=2.0, penalty=1.2, order=order, greedy=True)
    np.testing.assert_allclose(
        decode(logits, frozen, [1, 2]).probabilities, decode(logits, greedy, [1, 2]).probabilities, atol=1e-12
    )
    assert set(greedy.ignored) == set(STEPS) - {"penalty"}
    assert frozen.ignored == ()


def test_greedy_takes_the_first_of_tied_words_and_minds_the_penalty():
    assert decode([1.0, 2.0, 2.0], Decoder(greedy=True)).kept.tolist() == [False, True, False]
    assert decode([1.5, 2.0, 1.0], Decoder(penalty=2.0, greedy=True), [1]).kept.tolist() == [True, False, False]


def test_masks_that_have_no_word_in_common_leave_the_likeliest():
    logits = np.log([0.4, 0.15, 0.15, 0.15, 0.15])  # typical sampling cuts the first, top-k all others
    decoder = Decoder(SamplingSettings(top_k=1), typical=0.5, order=ORDERS["gemma"])
    assert decode(logits, decoder).kept.tolist() == [True, False, False, False, False]


def test_masks_that_have_no_word_in_common_stay_at_the_likeliest_whatever_comes_after():
    decoder = Decoder(SamplingSettings(top_p=0.3), typical=0.5, sigma=1.0, order=ORDERS["gemma"])
    decoded = decode(np.log([0.4, 0.15, 0.15, 0.15, 0.15]), decoder)
    assert [np.flatnonzero(scores > -INF).tolist() for scores in decoded.scores] == [[0, 1, 2, 3, 4], [0], [0], [0]]


def test_a_link_names_every_order_and_nothing_else():
    for steps in itertools.islice(itertools.permutations(STEPS), 0, None, 97):
        assert order_named(name_of(Order(steps))) == Order(steps)
    for name, order in ORDERS.items():
        assert name_of(order) == name
        assert order_named(name) == order
    for nonsense in ("", "Gemma", "top_k", ".".join(STEPS[:-1]), ".".join((*STEPS, "top_k")), "penalty." * 40):
        assert order_named(nonsense) == ORDERS["transformers"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("typical", value) for value in (0, -1, 1.1, math.nan, "1", True)]
    + [("sigma", value) for value in (0, -1, math.inf, "1", True)]
    + [("penalty", value) for value in (0, 0.9, math.nan, math.inf, None)]
    + [("order", Order(value)) for value in ((), STEPS[1:], (*STEPS, "top_k"))],
)
def test_what_is_not_accepted_is_named(name, value):
    with pytest.raises(InvalidSetting) as caught:
        Decoder(**{name: value})
    assert caught.value.name == name


def test_leading_shapes_and_bad_truths():
    logits = np.random.default_rng(0).normal(size=(2, 3, 11))
    decoder = Decoder(FULL, typical=0.7, sigma=1.0, penalty=1.5, order=ORDERS["llama.cpp"])
    together = decode(logits, decoder, [1])
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(together.probabilities[index], decode(logits[index], decoder, [1]).probabilities)
    with pytest.raises(InvalidSetting, match="truth"):
        mistakes(decode([1.0, 2.0], Decoder()), [1.0, 0.0, 0.0])


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja", "zh-Hant"])
def test_a_hot_temperature_lets_in_less_if_it_comes_last(language):
    """What the page's verdict says of T = 2 and top-p 0.9 after the six beginnings, in every storybook."""
    model = load_model(language, 0.3, "small")
    hot = SamplingSettings(2.0, top_p=0.9)
    let_in: dict[str, list[float]] = {name: [] for name in ("transformers", "llama.cpp")}
    for prompt in prompts(model.story, 6):
        follows = what_follows(model, tuple(model.story.words_of(prompt)))
        assert follows.truth is not None
        for name, shares in let_in.items():
            shares.append(mistakes(decode(follows.logits, Decoder(hot, order=ORDERS[name])), follows.truth).let_in)
    first, last = (np.array(shares) for shares in let_in.values())
    assert (last <= first).all()
    assert last.mean() < 0.5 * first.mean()


def test_the_steps_and_the_cuts_are_what_they_are_called():
    assert set(CUTS) < set(STEPS)
    assert Decoder().switched_on == ()
    assert decode([1.0, 2.0], Decoder(UNCUT)).steps == ("logits",)
