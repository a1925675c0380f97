"""The questions page as Streamlit runs it: a list to search, a guess, an experiment, and its verdict."""

import re
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from lib.listings.questions import question_listing
from lib.questions.every import RECORDED
from lib.questions.threads import THREADS
from lib.statistics.intervals import Estimate
from lib.web.frame.language import LANGUAGES, prose
from lib.web.questions import report
from lib.web.questions.asked import asked, rows_of
from tests.support.apptest import address, charts, healthy, listing, open_app_page, shown

FIRST, SECOND, *_REST = THREADS
HOSTILE = ["<script>alert(1)</script>", "**bold** [a](b) $x$ :smile:", "\x00", "a" * 1000, "((", "\\"]


def opened(**query):
    return healthy(open_app_page("questions", lang="en", **query))


def pressed(app, key):
    return healthy(app.button(key=key).click().run())


def listed(app):
    return [str(each.key).removeprefix("asked-") for each in app.button if str(each.key).startswith("asked-")]


def said(app):
    """The verdict: what it says, and whether it is a good one."""
    verdicts = [(each.value, "success") for each in app.success] + [(each.value, "warning") for each in app.warning]
    return [each for each in verdicts if each[0].startswith("**Tried") or "With this seed" in each[0]]


def test_the_page_opens_with_a_question_and_without_its_answer():
    app = opened()
    assert app.subheader[0].value == asked(FIRST).text
    assert listed(app) == list(THREADS)
    assert [each.label for each in app.button if str(each.key).startswith("option-")] == [
        f"{i}\\. {option}" for i, option in enumerate(asked(FIRST).options, 1)
    ]
    assert asked(FIRST).why not in shown(app)
    assert (charts(app), said(app), address(app)) == ([], [], {"lang": "en"})


@pytest.mark.parametrize("name", THREADS)
def test_each_question_is_a_link_and_its_experiment_is_shown(name):
    app, result = opened(question=name, shown="true"), report.result_of(name, 0)
    assert app.subheader[0].value == asked(name).text
    assert asked(name).why in shown(app)
    (chart,) = charts(app)
    assert chart["figure"]["data"][0]["x"] == [each.value for each in result.rows.values()]
    for row in rows_of(name):
        assert row.replace("`", "") in chart["alt"]
    ((verdict, kind),) = said(app)
    assert kind == "success"
    assert verdict.startswith("**Tried, and so it is.** ")
    numbers = {row: report.written(each, result) for row, each in result.rows.items()}
    assert verdict.endswith(prose("questions", f"{name}-yes", **numbers))
    for thread in THREADS[name]:
        assert f"({thread})" in shown(app)
    assert ("were recorded" in shown(app)) == (name in RECORDED)
    (link,) = (each.proto for each in app.get("page_link") if each.proto.label.startswith("See it"))
    query = {f"{asked(name).page}-{key}": value for key, value in asked(name).settings.items()}
    assert dict(parse_qsl(link.query_string)) == {"lang": "en", "exact": "1", **query}
    assert listing(app) == question_listing(name).rstrip()


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.1, 2.0, "yes"), (-0.1, 2.0, "unclear"), (-2.0, -0.1, "no"), (0.0, 0.0, "unclear")]
)
def test_the_verdict_says_what_the_numbers_say_both_ways(low, high, verdict, monkeypatch):
    result = replace(report.result_of(FIRST, 0), effect=Estimate((low + high) / 2, low, high))
    monkeypatch.setattr(report, "result_of", lambda *_: result)
    ((text, kind),) = said(opened(shown="true"))
    if verdict == "yes":
        assert kind == "success"
    else:
        assert (text, kind) == (prose("questions", verdict), "warning")


def test_a_guess_is_judged_and_shows_the_experiment():
    question = asked(FIRST)
    app = pressed(opened(), f"option-{question.right + 1}")
    assert app.success[0].value.endswith(question.why)
    assert len(charts(app)) == 1
    assert "questions-shown" not in address(app), "who gets the link guesses first"
    wrong = pressed(opened(), f"option-{(question.right + 1) % 3 + 1}")
    assert "Not right." in wrong.warning[0].value
    assert len(charts(wrong)) == 1


def test_a_button_shows_the_answer_to_who_does_not_want_to_guess():
    app = pressed(opened(), "show")
    assert address(app) == {"questions-shown": "true", "lang": "en"}
    assert len(charts(app)) == 1
    assert not [each for each in app.button if each.key == "show"]


def test_the_list_and_the_ways_lead_to_another_question_without_its_answer():
    app = pressed(opened(shown="true"), "step-after-question")
    assert address(app) == {"questions-question": SECOND, "lang": "en"}
    assert charts(app) == []
    pressed(app, "asked-why_dropout")
    assert app.button(key="step-after-question").disabled
    assert app.button(key="asked-why_dropout").disabled
    pressed(app, "asked-" + FIRST)
    assert app.button(key="step-before-question").disabled
    assert address(app) == {"lang": "en"}


def test_a_search_shortens_the_list_and_leaves_the_question():
    app = opened(question="channels")
    healthy(app.text_input(key="questions-find").set_value("softmax").run())
    assert listed(app) == ["empty_row"]
    assert app.subheader[0].value == asked("channels").text
    assert address(app)["questions-find"] == "softmax"
    assert listed(opened(find="softmax")) == ["empty_row"]


@pytest.mark.parametrize("words", HOSTILE)
def test_what_somebody_searches_for_is_never_shown_as_anything_but_text(words):
    app = opened()
    healthy(app.text_input(key="questions-find").set_value(words[:60]).run())
    healthy(open_app_page("questions", find=words))
    assert listed(app) == []
    assert app.info[0].value == "No question has these words."
    assert words[:60].strip("\x00") not in shown(app) or not words.strip("\x00")


def test_another_seed_gives_other_numbers_and_is_in_the_link():
    app = opened(question="drop_or_keep", shown="true")
    first = charts(app)[0]["alt"]
    healthy(app.number_input(key="questions-seed").set_value(7).run())
    assert charts(app)[0]["alt"] != first
    assert address(app)["questions-seed"] == "7"
    assert charts(opened(question="drop_or_keep", shown="true", seed="7"))[0]["alt"] == charts(app)[0]["alt"]


@pytest.mark.parametrize("query", [{"question": "<b>"}, {"question": ""}, {"seed": "-1"}, {"shown": "perhaps"}])
def test_a_link_with_nonsense_opens_the_page_as_it_is(query):
    app = opened(**query)
    assert app.subheader[0].value == asked(FIRST).text
    assert address(app) == {"lang": "en"}


def test_a_projector_shows_the_question_alone():
    app = opened(question="channels", present="1", shown="true")
    assert listed(app) == []
    assert len(charts(app)) == 1
    pressed(app, "step-after-question")
    assert "Does dropout hurt" in app.subheader[0].value


@pytest.mark.parametrize("language", LANGUAGES)
def test_question_experiment_and_verdict_are_drawn_in_every_language(language):
    app = healthy(open_app_page("questions", question="channels", shown="true", lang=language))
    assert re.search(r"\d[.,]\d\W?%", app.success[0].value)
    assert len(charts(app)) == 1
