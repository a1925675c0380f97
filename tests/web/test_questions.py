"""The prose of the questions page: the same questions in all languages, one right guess each, found by their words."""

from collections import Counter

import pytest

from lib.questions.threads import THREADS
from lib.web.frame import language as web_language
from lib.web.frame.language import LANGUAGES, ROOT, prose
from lib.web.questions.asked import asked, found, rows_of, tried
from lib.web.questions.report import result_of
from lib.web.quiz.questions import questions
from tests.support.links import as_the_page_writes


@pytest.fixture(params=LANGUAGES)
def language(request, monkeypatch) -> str:
    """Each language in turn."""
    monkeypatch.setattr(web_language, "current_language", lambda: request.param)
    return request.param


def test_every_question_has_its_three_sections_and_a_name_for_every_row(language):
    for name in THREADS:
        question, result = asked(name), result_of(name, 0)
        assert len(rows_of(name)) == len(set(rows_of(name))) == len(result.rows), name
        said = tried(name, **dict.fromkeys(result.setup, "§"))
        assert "{" not in said
        assert not any(row in said.splitlines() for row in rows_of(name))
        verdict = prose("questions", f"{name}-yes", **{row: f"<{row}>" for row in result.rows})
        for more_or_less in question.options:
            assert more_or_less not in said
        assert "<" in verdict, "a verdict says numbers"
        assert "{" not in verdict
    for name in ("unclear", "no", "takeaway"):
        assert prose("questions", name)


def test_the_verdict_says_the_two_numbers_that_decide(language):
    from tests.questions.test_experiments import RESTS_ON

    for name, pairs in RESTS_ON.items():
        verdict = prose("questions", f"{name}-yes", **{row: f"<{row}>" for row in result_of(name, 0).rows})
        for pair in pairs if len(pairs) < 4 else ():
            assert all(f"<{row}>" in verdict for row in pair if row), name


def test_the_same_guess_is_right_and_the_same_page_is_linked(language, monkeypatch):
    here = {name: asked(name) for name in THREADS}
    monkeypatch.setattr(web_language, "current_language", lambda: "en")
    for name, question in here.items():
        english = asked(name)
        assert (question.page, question.settings, question.right) == (english.page, english.settings, english.right)
        assert len(question.options) == len(english.options) == 3


@pytest.mark.parametrize("name", THREADS)
def test_a_question_links_to_a_page_and_says_only_what_is_not_the_default(name):
    question = asked(name)
    assert as_the_page_writes(question.page, question.settings) == question.settings


def test_the_right_guess_is_at_no_place_more_often_than_every_other_time():
    every = [asked(name) for name in THREADS]
    assert max(Counter(each.right for each in every).values()) <= len(every) / 2
    longest = sum(max(each.options, key=len) == each.options[each.right] for each in every)
    assert longest <= len(every) / 2, "who chooses the longest guess each time should not pass"


def test_no_question_has_a_name_of_the_quiz_whose_answers_are_kept_in_the_same_place():
    assert not {each.name for each in questions("en")} & set(THREADS)


@pytest.mark.parametrize("paper", ["README.md", "CHANGELOG.md", "docs/teaching.md"])
def test_the_papers_say_how_many_there_are(paper):
    assert f"{len(THREADS)} questions" in (ROOT / paper).read_text(encoding="utf-8")


def test_a_search_is_for_all_words_in_any_order_and_anywhere():
    assert found("batch NORMALISATION") == found("normalisation batch") == ["batch_norm"]
    assert found("norm") == ["batch_norm"]
    assert set(found("min-p")) == {"which_cut"}
    assert found("batch xyzzy") == []
    assert found(".*") == found("<b>") == []


def test_every_question_is_found_by_its_own_words(language):
    for name in THREADS:
        assert name in found(asked(name).text)
    assert found("") == found("   ") == list(THREADS)


@pytest.mark.parametrize(
    ("tag", "words", "name"),
    [("fr", "reseau entraine", "knows_not"), ("es", "mascara", "mask_per_example"), ("ja", "マスク", "knows_not")],
)
def test_accents_do_not_count_and_languages_without_spaces_are_searched_too(tag, words, name, monkeypatch):
    monkeypatch.setattr(web_language, "current_language", lambda: tag)
    assert name in found(words)
