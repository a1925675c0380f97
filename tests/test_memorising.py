"""Memorising in bits: against the model's own loss, the grammar itself, and the claim in every language."""

import math

import numpy as np
import pytest

from lib.language_model import PrefixTooLongError, UnknownWord, load_model
from lib.memorising import bits_too_likely, memorised_bits
from lib.sampling import softmax
from lib.story import load_story


def word_by_word(model, sentence) -> float:
    """The sentence's log-probability from one next-word question after the other."""
    said, total = [], 0.0
    for word in (*sentence, model.story.eos):
        total += math.log(softmax(model.next_logits(said))[model.story.word_id[word]])
        said.append(word)
    return total


def test_a_sentences_probability_is_that_of_its_words_and_its_end():
    model = load_model("en", 0.3, "small")
    sentences = [*model.training_sentences[:20], [], ["the"]]
    expected = [word_by_word(model, sentence) for sentence in sentences]
    np.testing.assert_allclose(model.log_probabilities(sentences), expected, rtol=1e-4)
    words = sum(len(sentence) + 1 for sentence in sentences)
    assert -model.log_probabilities(sentences).sum() / words == pytest.approx(model.loss(sentences), rel=1e-4)
    assert model.log_probabilities([]).shape == (0,)


def test_what_cannot_be_scored_is_refused():
    model = load_model("en", 0.3, "small")
    with pytest.raises(UnknownWord):
        model.log_probabilities([["the", "nonsuch"]])
    with pytest.raises(PrefixTooLongError):
        model.log_probabilities([["the"] * model.config.context])


class Source:
    """A model that knows exactly how sentences are made."""

    def __init__(self):
        self.story = load_story()

    def log_probabilities(self, sentences):
        return np.array([self.story.log_probability(sentence) for sentence in sentences])


def test_the_source_itself_finds_nothing_too_likely():
    source = Source()
    sentences = source.story.sample(50, np.random.default_rng(0))
    assert bits_too_likely(source, sentences).tolist() == [0] * 50


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja", "zh-Hant"])
def test_without_dropout_training_sentences_are_far_too_likely_and_fresh_ones_too_unlikely(language):
    bits = {p: memorised_bits(load_model(language, p, "small"), 60) for p in (0.0, 0.3)}
    learned = {tuple(sentence) for sentence in load_model(language, 0.0, "small").training_sentences}
    assert all(len(each.trained) == len(each.fresh) == 60 for each in bits.values())
    assert len(learned) > 1_000
    (trained, fresh), (trained_with, fresh_with) = bits[0.0].medians, bits[0.3].medians
    assert trained > 7
    assert fresh < -10
    assert abs(trained_with) < 2
    assert -4 < fresh_with < 0
