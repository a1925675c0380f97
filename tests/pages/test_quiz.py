"""The quiz as Streamlit runs it: a question is asked, answered, explained, and counted."""

from urllib.parse import parse_qsl

import pytest

from lib.web.frame.language import LANGUAGES
from lib.web.quiz.questions import questions
from tests.support.apptest import address, healthy, open_app_page, shown

ENGLISH = questions("en")
NEXT, BACK = "step-after-question", "step-before-question"


def opened(**query):
    return healthy(open_app_page("quiz", **query))


def pressed(app, key):
    return healthy(app.button(key=key).click().run())


def answered(app, question, right=True):
    """Choose the right option, or a wrong one."""
    option = question.right if right else (question.right + 1) % len(question.options)
    return pressed(app, f"option-{option + 1}")


def options(app):
    return [each for each in app.button if str(each.key).startswith("option-")]


@pytest.mark.parametrize("n", range(1, len(ENGLISH) + 1))
def test_each_question_is_a_link_and_its_options_stand_as_written(n):
    app, question = opened(q=str(n)), ENGLISH[n - 1]
    assert app.subheader[0].value == question.text
    assert [each.label for each in options(app)] == [f"{i}\\. {text}" for i, text in enumerate(question.options, 1)]
    assert not any(each.disabled or each.icon for each in options(app))
    assert f"Question {n} of {len(ENGLISH)}" in shown(app)
    assert question.why not in shown(app)
    assert address(app) == ({"quiz-q": str(n)} if n > 1 else {})


@pytest.mark.parametrize("right", [True, False])
def test_an_answer_is_judged_in_words_and_marks_and_explained(right):
    question = ENGLISH[3]
    app = answered(opened(q="4"), question, right)
    said = (app.success if right else app.warning)[0].value
    assert said.endswith(question.why)
    assert said.startswith("**Right.**" if right else "**Not right. The right answer: All of them.**")
    marks = {at: each.icon for at, each in enumerate(options(app)) if each.icon}
    wrong = {} if right else {(question.right + 1) % 3: ":material/cancel:"}
    assert marks == {question.right: ":material/check_circle:", **wrong}
    assert all(each.disabled for each in options(app)), "the first answer counts"


def test_the_way_goes_through_all_questions_to_the_score_and_back():
    app = opened()
    assert app.button(key=BACK).disabled
    for question in ENGLISH:
        assert app.subheader[0].value == question.text
        pressed(app, NEXT)
    assert app.button(key=NEXT).disabled
    assert "You have 0 of 28 right." in shown(app)
    assert "28 questions are not answered yet." in shown(app)
    pressed(app, BACK)
    assert app.subheader[0].value == ENGLISH[-1].text
    pressed(app, NEXT)
    pressed(app, "first-missing")
    assert app.subheader[0].value == ENGLISH[0].text


def test_the_score_counts_and_leads_to_what_was_wrong():
    app = opened()
    for n, question in enumerate(ENGLISH, 1):
        answered(app, question, right=n not in (5, 17))
        pressed(app, NEXT)
    assert "You have 26 of 28 right." in shown(app)
    assert "not answered" not in shown(app)
    again = {each.key: each.label for each in app.button if str(each.key).startswith("again-")}
    assert again == {f"again-{n}": f"{n} · {ENGLISH[n - 1].text}" for n in (5, 17)}
    pressed(app, "again-17")
    assert app.subheader[0].value == ENGLISH[16].text
    assert app.warning  # the answer is remembered
    app.query_params.clear()
    app.switch_page("app.py").run()
    healthy(app.switch_page("pages/quiz.py").run())
    assert app.warning, "also after another page"
    pressed(opened_score(app), "start-again")
    assert app.subheader[0].value == ENGLISH[0].text
    assert not options(app)[0].disabled


def opened_score(app):
    """Go on to the score."""
    while not app.button(key=NEXT).disabled:
        pressed(app, NEXT)
    return app


def test_a_topic_leads_to_its_first_question():
    app = opened(q="2")
    topics = app.menu_button(key="topics")
    assert topics.label == "The question"
    assert topics.options == [
        "The question",
        "Dropout",
        "Train vs. validation",
        "Top-k",
        "Two dice",
        "Your text",
        "Today",
    ]
    healthy(topics.click("top_k").run())
    first = next(n for n, question in enumerate(ENGLISH, 1) if question.page == "top_k")
    assert address(app) == {"quiz-q": str(first)}
    assert app.subheader[0].value == ENGLISH[first - 1].text


def test_an_answer_stays_when_the_language_changes():
    app = answered(opened(q="4"), ENGLISH[3])
    healthy(app.menu_button(key="languages").click("ja").run())
    question = questions("ja")[3]
    assert app.subheader[0].value == question.text
    assert app.success[0].value.endswith(question.why)


@pytest.mark.parametrize("q", ["0", "-1", str(len(ENGLISH) + 2), "1.5", "x", "", "<b>"])
def test_a_question_that_is_not_there_is_the_first(q):
    app = opened(q=q)
    assert app.subheader[0].value == ENGLISH[0].text
    assert address(app) == {}


def test_presenting_needs_no_path():
    app = opened(q="3", present="1")
    assert address(app) == {"quiz-q": "3", "present": "1"}
    assert "Step" not in shown(app)
    pressed(app, "icon-co_present")
    pressed(app, "icon-co_present")
    assert address(app) == {"quiz-q": "3", "present": "1"}
    assert not [each for each in app.button if each.key == "icon-format_list_numbered"]


def link(app):
    """The link to the picture that shows the answer: the page's file and what the link says."""
    (found,) = (each.proto for each in app.get("page_link") if each.proto.label.startswith("See it"))
    return found.page, dict(parse_qsl(found.query_string))


# What the linked page itself says of the answer.
SAID = {
    "after-training": "every neuron takes part in every pass",
    "same-digit": "In each forward pass, every neuron rolls the die.",
    "stands-for": "After 1000 passes, the mean gives class",
    "below-floor": "Training loss below the floor means memorising: Without dropout",
    "turning-up": "**Dropout helped here.**",
    "ten-times": "**Dropout made no clear difference here.**",
    "eight-neurons": "**Dropout hurt here.**",
    "k-is-one": "100 draws gave 1 different words",
    "shared-out": "shares out the whole probability among the rest",
    "in-the-network": "Top-k leaves the model as it is.",
    "one-k": "one k for every place is a compromise",
    "greedy": "no dropout in training makes a greedy model varied",
    "forgotten": "what it draws are mistakes",
    "silence": "Silence is not zero.",
    "read-once": "**p = 0.1** changes the validation loss",
    "instead": "What reduced memorising here: **dropout, weight decay, early stopping, more data: 1,000**",
}


@pytest.mark.parametrize("n", range(1, len(ENGLISH) + 1))
def test_the_link_opens_exactly_the_picture_that_shows_the_answer(n):
    question = ENGLISH[n - 1]
    page, query = link(answered(opened(q=str(n)), question))
    assert page == ("" if question.page == "home" else question.page)
    assert query == {"lang": "en", "exact": "1", **{f"{question.page}-{k}": v for k, v in question.settings.items()}}
    app = healthy(open_app_page("app.py" if question.page == "home" else question.page, **query))
    assert app.session_state["links"].get(question.page, {}) == question.settings
    assert SAID.get(question.name, "") in shown(app)
    assert not app.error


def see(app, number):
    """Go to the quiz, answer this question, counted from 1, and take the link to the picture."""
    app.query_params.clear()
    app.query_params["q"] = str(number)
    healthy(app.switch_page("pages/quiz.py").run())
    page, query = link(answered(app, ENGLISH[number - 1]))
    app.query_params.clear()
    app.query_params.update(query)
    return healthy(app.switch_page(f"pages/{page}.py").run())


def test_what_one_has_set_before_is_not_in_the_linked_picture():
    app = see(healthy(open_app_page("dropout", p="0.2", seed="7")), 4)
    assert address(app) == {"dropout-mode": "eval", "lang": "en"}


def test_nor_a_run_that_one_has_started_there():
    app = healthy(open_app_page("training", train="1", steps="200", seeds="2", n="20"))
    assert address(app)["train"] == "1"
    app = see(app, 9)
    assert address(app) == {"lang": "en"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_question_answer_and_score_are_drawn_in_every_language(language):
    question = questions(language)[-1]
    app = answered(opened(q=str(len(ENGLISH)), lang=language), question, right=False)
    assert question.options[question.right] in app.warning[0].value
    assert len(pressed(app, NEXT).subheader) == 1
