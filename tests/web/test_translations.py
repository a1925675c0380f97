"""Every language of the menu is complete, and the list of what is missing can be trusted."""

import shutil

import pytest

from scripts import translations
from scripts.translations import ROOT, differences, glossary, other_terms, problems
from tests.support.english import OTHERS

CATALOGUE = "locale/fr/LC_MESSAGES/messages.po"


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_of_the_menu_is_complete(language):
    assert problems(language) == []


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The texts of the project, to be damaged."""
    for folder in ("content", "locale"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    return tmp_path


def replaced(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        (CATALOGUE, 'msgstr "Continuer"', 'msgstr ""', "not translated: Continue"),
        (CATALOGUE, 'msgid "Continue"', '#, fuzzy\nmsgid "Continue"', "uncertain"),
        (CATALOGUE, 'msgid "Continue"', 'msgid "Go on"', "not translated: Continue"),
        ("content/fr/home.md", "## ", "## more-", "not translated"),
        ("content/en/home.md", "two different times", "different times", "older English text"),
        ("content/fr/quiz.md", "- [x] ", "- [ ] ", "another one is right"),
        ("content/fr/quiz.md", "`dropout?p=0.9`", "`dropout?p=0.8`", "code `dropout?p=0.9` missing"),
    ],
)
def test_each_kind_of_gap_is_found(copy, file, old, new, found):
    assert problems("fr") == []
    replaced(copy / file, old, new)
    assert any(found in problem for problem in problems("fr"))


def test_other_placeholders_links_formulas_and_code_are_found():
    english = "Read [this]({url}), $x^2$ and `k`: {n}."
    assert differences(english, "Lies [das]({url}), $x^2$ und `k`: {n}.") == []
    assert len(differences(english, "Lies das: {m}.")) == 6


def test_every_term_has_a_word_in_every_language_and_another_word_is_found():
    for term, forms in glossary().items():
        assert set(forms) == set(OTHERS), term
    assert other_terms("The validation loss", "der Validierungsverlust", "de", glossary()) == []
    assert "validation loss" in other_terms("The validation loss", "der Prüfverlust", "de", glossary())[0]
    assert other_terms("The {layer}", "die Lage", "de", glossary()) == [], "a placeholder is no term"
