"""The quiz's questions: the same in all languages, one right option each, and what they say of PyTorch, top-k and our
own measurements is so."""

from collections import Counter

import numpy as np
import pytest
import torch

from lib.experiment import Cell, ExperimentConfig
from lib.recorded import recorded_cells
from lib.sampling import shape_distribution
from lib.web.frame.language import LANGUAGES
from lib.web.frame.navigation import PAGES
from lib.web.quiz import questions as module
from lib.web.quiz.questions import QuestionError, question_in, questions
from tests.support.english import OTHERS, english
from tests.support.links import as_the_page_writes

ENGLISH = questions("en")


def test_there_are_three_questions_or_more_about_every_page():
    about = Counter(question.page for question in ENGLISH)
    assert set(about) == {page.id for page in PAGES} - {"questions", "quiz", "room"}
    assert min(about.values()) >= 3
    assert len(ENGLISH) >= 24


@pytest.mark.parametrize("paper", ["README.md", "CHANGELOG.md", "docs/teaching.md"])
def test_the_papers_say_how_many_there_are(paper):
    assert f"{len(ENGLISH)} questions" in (module.ROOT / paper).read_text(encoding="utf-8")


def test_those_about_a_page_stand_together_in_the_order_of_the_pages():
    pages = list(dict.fromkeys(question.page for question in ENGLISH))
    assert [question.page for question in ENGLISH] == sorted((each.page for each in ENGLISH), key=pages.index)
    assert pages == [page.id for page in PAGES if page.id not in ("questions", "quiz", "room")]


def test_the_right_option_is_at_no_place_more_often_than_every_other_time():
    assert max(Counter(question.right for question in ENGLISH).values()) <= len(ENGLISH) / 2
    longest = sum(max(each.options, key=len) == each.options[each.right] for each in ENGLISH)
    assert longest <= len(ENGLISH) / 2, "who chooses the longest option each time should not pass"


@pytest.mark.parametrize("question", ENGLISH, ids=lambda question: question.name)
def test_a_question_opens_a_page_and_says_only_what_is_not_the_default(question):
    assert as_the_page_writes(question.page, question.settings) == question.settings


@pytest.mark.parametrize("language", OTHERS)
def test_a_question_is_the_same_in_all_languages_but_for_its_words(language):
    for question, translated in zip(ENGLISH, questions(language), strict=True):
        same = ("name", "page", "settings", "right")
        assert [getattr(translated, each) for each in same] == [getattr(question, each) for each in same]
        assert len(translated.options) == len(question.options)
        words = [translated.text, *translated.options, translated.why]
        assert not {translated.text, translated.why} & {question.text, question.why}
        assert english(words) == set()


GOOD = "`dropout?p=0.9`\n\n**How many play?**\n\n- [ ] Half\n- [x] All\n\nNo die is rolled."


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("`dropout?p=0.9`\n", "", "begins with the page"),
        ("- [ ] Half\n", "", "2 to 4 options, not 1"),
        ("- [ ] Half\n", "- [ ] Half\n" * 4, "2 to 4 options, not 5"),
        ("[x]", "[ ]", "one option is the right one, “- .x.”, not 0"),
        ("[ ]", "[x]", "not 2"),
        ("[ ]", "[X]", "after the page come"),
        ("\n\nNo die is rolled.", "", "after the page come"),
        ("- [ ] Half\n- [x] All\n\n", "", "after the page come"),
        ("**How many play?**\n\n", "", "after the page come"),
        ("- [x] All\n\nNo", "- [x] All\nNo", "after the page come"),
    ],
)
def test_what_is_no_question_is_refused(old, new, mistake):
    assert question_in("good", GOOD).right == 1
    assert old in GOOD
    with pytest.raises(QuestionError, match=mistake):
        question_in("bad", GOOD.replace(old, new, 1))


def test_a_mistake_names_the_file_and_the_section(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "content" / "en").mkdir(parents=True)
    (tmp_path / "content" / "en" / "quiz.md").write_text(f"## one\n{GOOD}\n\n## two\nWhat?\n")
    with pytest.raises(QuestionError, match=r"content/en/quiz\.md, section two: a question begins with"):
        questions.__wrapped__("en")


# --- What the questions say ---


def right(name: str) -> str:
    (question,) = (each for each in ENGLISH if each.name == name)
    return question.options[question.right]


def test_pytorch_drops_with_p_and_scales_while_training():
    torch.manual_seed(0)
    kept = torch.nn.Dropout(0.9)(torch.ones(100_000)) > 0
    assert kept.float().mean() == pytest.approx(0.1, abs=0.004)  # four standard errors: wrong once in 16,000 seeds
    assert "one neuron in ten" in right("p-means")
    layer = torch.nn.Dropout(0.5)
    assert set(layer(torch.ones(1000)).tolist()) == {0.0, 2.0}
    assert "doubles" in right("scaling")
    assert set(layer.eval()(torch.ones(1000)).tolist()) == {1.0}
    assert right("after-training") == "All of them"


def test_two_words_of_30_and_10_per_cent_have_75_and_25_after_the_cut():
    before = np.array([0.1, 0.3, *[0.06] * 10])
    after = shape_distribution(np.log(before), top_k=2).probabilities
    assert after[:2] == pytest.approx([0.25, 0.75])
    assert right("shared-out").startswith("75%")


def test_a_higher_temperature_leaves_the_order_and_moves_probabilities_together():
    logits = np.random.default_rng(0).normal(size=20)
    cold, hot = (shape_distribution(logits, temperature=T).probabilities for T in (1.0, 2.0))
    assert (np.argsort(cold) == np.argsort(hot)).all()
    assert hot.max() / hot.min() < cold.max() / cold.min()
    assert right("hotter").startswith("Their order stays")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_both_dice_is_so_in_every_language(language):
    cells = recorded_cells(ExperimentConfig(language=language))

    def measured(measure: str, p: float, k: int | None, dropout_on: bool = False) -> float:
        return float(getattr(cells[Cell(p, k, dropout_on)], measure).value)

    # copies
    assert measured("copied", 0.0, 3) > measured("copied", 0.0, None) > 0.5
    assert max(measured("copied", 0.3, k) for k in (None, 3)) < 0.1
    # greedy: one of a thousand sentences is different
    assert measured("different", 0.3, 1) == pytest.approx(0.001)
    # hidden-mistakes
    assert measured("accepted", 0.5, None) < measured("accepted", 0.5, 3)
    assert measured("accepted", 0.5, None) < measured("accepted", 0.0, None) - 0.1
    # forgotten
    assert measured("accepted", 0.3, None, dropout_on=True) < measured("accepted", 0.3, None) - 0.1
