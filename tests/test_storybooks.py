"""Each language has a storybook of its own, and models that learned it as the English ones learned theirs."""

import numpy as np
import pytest

from lib.experiment import Cell, ExperimentConfig
from lib.language_model import load_model
from lib.recorded import recorded_cells
from lib.story import load_story, story_languages
from lib.web.frame.language import LANGUAGES


def test_every_language_of_the_menu_has_a_storybook():
    assert set(story_languages()) == set(LANGUAGES)


@pytest.mark.parametrize("language", story_languages())
def test_a_storybook_is_large_and_about_as_uncertain_as_the_english_one(language):
    story = load_story(language)
    assert len(story.vocabulary) > 450
    assert 1.4 < story.entropy_per_word < 1.75
    assert story.number_of_sentences > 1e8
    lengths = [len(words) for words in story.sample(2_000, np.random.default_rng(0))]
    assert max(lengths) < 30, "the models read at most 31 words"


def test_every_storybook_is_a_world_of_its_own():
    """No two share more than names."""
    vocabularies = {language: set(load_story(language).vocabulary[1:]) for language in story_languages()}
    for language, words in vocabularies.items():
        others = set().union(*(each for name, each in vocabularies.items() if name != language))
        assert len(words & others) < 0.15 * len(words), language


@pytest.mark.parametrize("language", story_languages())
def test_without_dropout_the_sentences_are_memorised_and_with_it_not(language):
    """Training loss far below the floor, which only memorising reaches, and copies; p = 0.3 stays near it."""
    floor = load_story(language).entropy_per_word
    without, with_dropout = (load_model(language, p).history for p in (0.0, 0.3))
    assert without.train_loss[-1] < 0.6 * floor
    assert with_dropout.train_loss[-1] > 0.9 * floor
    assert with_dropout.val_loss[-1] < without.val_loss[-1] - 0.5
    cells = recorded_cells(ExperimentConfig(language=language))
    assert cells[Cell(0.0, None)].copied.value > 0.7
    assert cells[Cell(0.3, None)].copied.value < 0.1


@pytest.mark.parametrize("language", story_languages())
def test_neither_die_does_the_other_s_job(language):
    """The takeaway of the Two dice page, from what it opens with."""
    cells = recorded_cells(ExperimentConfig(language=language))
    assert cells[Cell(0.0, 1)].copied.value > 0.7, "no k undoes what was memorised"
    assert cells[Cell(0.3, 1)].different.value == cells[Cell(0.0, 1)].different.value == 0.001, "greedy is not varied"
    assert cells[Cell(0.3, None)].different.value > 0.9
