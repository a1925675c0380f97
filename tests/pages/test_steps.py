"""The path through a lesson as Streamlit runs it: steps set the controls, and who leaves the path can come back."""

import pytest

from lib.web.frame import steps
from lib.web.frame.navigation import PAGES
from lib.web.frame.steps import steps_of
from tests.support.apptest import address, healthy, open_app_page, shown

BACK, NEXT = "step-before-button", "step-after-button"


def opened(page, **query):
    return healthy(open_app_page("app.py" if page == "home" else page, **query))


@pytest.mark.parametrize("page", [page.id for page in PAGES])
def test_each_step_is_a_link_and_says_its_words(page):
    for number, step in enumerate(steps_of(page, "en"), 1):
        if step.page != page:
            continue
        app = opened(page, step=str(number))
        assert step.text in shown(app)
        assert address(app) == {"step": str(number)}
        for name, text in step.settings.items():
            assert str(app.session_state["links"][page][name]) == text


def test_without_a_step_there_is_no_path():
    app = opened("dropout")
    assert "Step 1 of" not in shown(app)
    app.button(key="icon-format_list_numbered").click()
    assert "Step 1 of 5" in shown(healthy(app.run()))
    assert address(app) == {"step": "1"}
    assert app.session_state["dropout-mode"] == "eval"


def test_next_and_previous_set_the_controls():
    app = opened("dropout", step="2")
    assert app.session_state["dropout-p"] == 0.5
    healthy(app.button(key=NEXT).click().run())
    assert app.session_state["dropout-p"] == 0.9
    assert address(app) == {"step": "3"}
    healthy(app.button(key=BACK).click().run())
    assert app.session_state["dropout-p"] == 0.5
    assert app.button(key=BACK).disabled is False
    healthy(app.button(key=BACK).click().run())
    assert app.button(key=BACK).disabled is True


def test_who_moves_a_control_has_left_the_path_and_can_come_back():
    app = opened("dropout", step="3")
    app.select_slider(key="dropout-p").set_value(0.2)
    healthy(app.run())
    assert "You have left step 3." in shown(app)
    assert address(app) == {"dropout-p": "0.2", "left": "3"}
    again = opened("dropout", **address(app))  # a reload, or a link to a classmate
    assert again.session_state["dropout-p"] == 0.2
    healthy(again.button(key="step-again-button").click().run())
    assert again.session_state["dropout-p"] == 0.9
    assert address(again) == {"step": "3"}


def test_what_somebody_has_typed_is_put_back_too():
    app = opened("top_k", step="2")
    first = app.text_input(key="top_k-text").value
    healthy(app.text_input(key="top_k-text").set_value("the fox").run())
    healthy(app.button(key="step-again-button").click().run())
    assert app.text_input(key="top_k-text").value == first
    assert address(app) == {"step": "2"}


def test_a_path_over_several_pages_goes_on_there():
    app = opened("home", step="1")
    assert "Step 1 of 7" in shown(app)
    there = opened("dropout", step="2", lesson="home")
    assert "Step 2 of 7" in shown(there)
    assert address(there) == {"step": "2", "lesson": "home"}


def test_leaving_the_steps_keeps_the_settings():
    app = opened("dropout", step="3")
    healthy(app.button(key="icon-close").click().run())
    assert "Step 3" not in shown(app)
    assert address(app) == {"dropout-p": "0.9"}


def test_presenting_is_in_the_address_and_begins_with_the_first_step():
    app = opened("training", present="1")
    assert "Step 1 of 6" in shown(app)
    assert address(app) == {"step": "1", "present": "1"}
    healthy(app.button(key="icon-co_present").click().run())
    assert "present" not in address(app)


@pytest.mark.parametrize("step", ["0", "9", "-1", "x", "", "²"])
def test_a_step_that_is_not_there_is_none(step):
    assert address(opened("dropout", step=step)) == {}


def test_a_lesson_that_cannot_be_read_says_so_and_the_page_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    folder = tmp_path / "content" / "en" / "lessons"
    folder.mkdir(parents=True)
    (folder / "mine.md").write_text("## one\nLook at <b>dropout</b>.\n")
    app = opened("dropout", lesson="mine", step="1")
    assert "content/en/lessons/mine.md, section one" in app.error[0].value
    assert "<b>" not in app.error[0].value
    assert app.select_slider(key="dropout-p").value == 0.5


def test_a_lesson_that_is_spoiled_while_one_follows_it_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    file = tmp_path / "content" / "en" / "lessons" / "mine.md"
    file.parent.mkdir(parents=True)
    file.write_text("## one\n`dropout?p=0.9`\n\nLook.\n\n## two\n`dropout?p=0.1`\n\nLook again.\n")
    app = opened("dropout", lesson="mine", step="2")
    assert "Look again." in shown(app)
    file.write_text("## one\n`dropout?p=0.9`\n\nLook.\n")
    healthy(app.select_slider(key="dropout-p").set_value(0.3).run())
    file.write_text("## one\nLook.\n")
    healthy(app.select_slider(key="dropout-p").set_value(0.4).run())
    assert "Step" not in shown(app)
    assert address(app) == {"dropout-p": "0.4"}
