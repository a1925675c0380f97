"""Lessons in steps: every file can be read, every step opens what it says, and mistakes are named."""

import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from lib.web.frame import steps
from lib.web.frame.language import LANGUAGES, ROOT
from lib.web.frame.navigation import PAGES
from lib.web.frame.steps import LessonError, has_path, step_in, steps_of
from tests.support.links import as_the_page_writes

LESSONS = sorted(path.stem for path in (ROOT / "content" / "en" / "lessons").glob("*.md"))
LED = [page.id for page in PAGES if page.id not in ("questions", "quiz", "room")]  # they have no path


def test_every_page_but_the_quiz_has_a_lesson_of_four_to_seven_steps():
    assert set(LED) <= set(LESSONS)
    for page in PAGES:
        assert has_path(page.id) == (page.id in LED)
    for page in LED:
        assert 4 <= len(steps_of(page, "en")) <= 7


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_step_opens_a_page_and_says_only_what_is_not_the_default(lesson):
    """As the page itself would write it: so that the page knows whether somebody has left the path."""
    for step in steps_of(lesson, "en"):
        assert step.page in {page.id for page in PAGES}
        assert as_the_page_writes(step.page, step.settings) == step.settings


@pytest.mark.parametrize("lesson", LED)
def test_a_lesson_is_the_same_in_all_languages_but_for_its_words(lesson):
    english = steps_of(lesson, "en")
    for language in LANGUAGES:
        translated = steps_of(lesson, language)
        assert [(step.page, step.settings) for step in translated] == [(step.page, step.settings) for step in english]
        assert language == "en" or not {step.text for step in translated} & {step.text for step in english}


def test_a_path_begins_and_ends_on_its_page():
    for page in LED:
        path = steps_of(page, "en")
        assert path[0].page == path[-1].page == page


@pytest.mark.parametrize("name", ["", "nobody", "../en/home", "HOME", "a" * 300])
def test_a_lesson_that_is_not_there_has_no_steps(name):
    assert steps_of(name, "en") == ()


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """The folder of English lessons, with nothing in it."""
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    folder = tmp_path / "content" / "en" / "lessons"
    folder.mkdir(parents=True)
    return folder


def test_a_lesson_of_ones_own_is_one_file_in_one_language(own):
    (own / "mine.md").write_text("# Mine.\n\n## one\n`dropout?p=0.9`\n\nLook.\n\n## two\n`home`\n\nThe end.\n")
    assert [step.text for step in steps_of("mine", "ja")] == ["Look.", "The end."]
    french = own.parents[1] / "fr" / "lessons"
    french.mkdir(parents=True)
    (french / "mienne.md").write_text("## un\n`training`\n\nRegardez.\n")
    assert [step.text for step in steps_of("mienne", "en")] == ["Regardez."]


def test_a_lesson_is_read_again_when_it_has_changed(own):
    file = own / "mine.md"
    for text in ("Look.", "Look again."):
        file.write_text(f"## one\n`dropout`\n\n{text}\n")
        assert [step.text for step in steps_of("mine", "en")] == [text]


def test_a_mistake_names_the_file_and_the_section(own):
    (own / "mine.md").write_text("## one\n`dropout`\n\nLook.\n\n## two\nLook at dropout?p=0.9.\n")
    with pytest.raises(LessonError, match=r"content/en/lessons/mine\.md, section two: a step begins with"):
        steps_of("mine", "en")


GUIDE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")


def test_the_guide_s_lesson_can_be_followed(own):
    (own / "monday.md").write_text(re.findall(r"```markdown\n(.*?)```", GUIDE, re.DOTALL)[0])
    lesson = steps_of("monday", "en")
    assert [step.page for step in lesson] == ["dropout", "dropout", "top_k"]
    assert [step.settings for step in lesson] == [{"x": "3", "p": "0.2"}, {"x": "3", "p": "0.8"}, {"k": "1"}]


def test_every_setting_that_the_guide_names_is_there():
    links = re.findall(r"`/?(\w+)\?([^`]+)`", GUIDE)
    assert len(links) > 8
    for page, query in links:
        said = {name: text for name, text in parse_qsl(query) if name not in ("step", "present", "lang", "lesson")}
        assert as_the_page_writes(page, said) == said


@pytest.mark.parametrize(
    "section", ["", "`dropout`", "dropout?p=1\n\nLook.", "`drop out`\nLook.", "`dropout?p=1` Look."]
)
def test_what_is_no_step_is_refused(section):
    with pytest.raises(LessonError):
        step_in(section)
