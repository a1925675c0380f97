"""Words become text and text becomes words again, in every language of the storybook."""

import numpy as np
import pytest

from lib import writing
from lib.grammar import parse_grammar
from lib.story import Story, load_story, story_languages


@pytest.mark.parametrize("language", story_languages())
def test_a_written_sentence_is_cut_into_the_same_words(language):
    story = load_story(language)
    for words in story.sample(500, np.random.default_rng(0)):
        assert story.words_of(story.text_of(words)) == words
        assert story.words_of(writing.joined(words[:3])) == words[:3]


@pytest.mark.parametrize("language", story_languages())
def test_sentences_are_set_as_the_language_sets_them(language):
    story = load_story(language)
    for words in story.sample(200, np.random.default_rng(1)):
        text = story.text_of(words)
        assert text[0] == text[0].upper()
        assert text[-1] == ("。" if language in ("ja", "zh-Hant") else ".")
        assert (" " in text) == (language not in ("ja", "zh-Hant"))
        assert "’ " not in text


def test_what_a_person_types_is_understood():
    french = load_story("fr")
    assert french.words_of("  l'OURS ") == ["l’", "ours"]
    german = Story(parse_grammar("sentence:\n  der Fuchs schlief"))
    assert german.words_of("Der fuchs schlief.") == ["der", "Fuchs", "schlief"]
    assert german.nearest_words("fuks") == ["Fuchs"]


def test_of_two_ways_to_cut_the_possible_one_is_taken():
    """The longest word first would leave 樹下 with nothing to follow it."""
    story = Story(parse_grammar("sentence:\n  大 樹下 睡著了\n  大樹 很高"))
    assert story.words_of("大樹下睡著了。") == ["大", "樹下", "睡著了"]
    assert story.words_of("大樹很高") == ["大樹", "很高"]


def test_unknown_words_stay_whole_where_nothing_is_possible():
    story = Story(parse_grammar("sentence:\n  大樹 很高"))
    assert story.words_of("大樹跳舞") == ["大樹", "跳舞"]
    assert story.unknown_words(story.words_of("大樹跳舞")) == ["跳舞"]


@pytest.mark.parametrize("words", [[], ["a"], ["l’"], ["小", "a", "白"]])
def test_spaced_and_joined_agree(words):
    assert "".join(writing.spaced(words)).rstrip() == writing.joined(words).rstrip()
