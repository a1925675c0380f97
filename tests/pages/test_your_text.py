"""The Your text page: its claim from its own picture, a text pasted or uploaded, refusals, and hostile text."""

import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.copying import share_copied
from lib.recorded import recorded_pair
from lib.web.frame.language import LANGUAGES, prose
from lib.web.your_text.report import fresh_matches, said_by
from lib.web.your_text.settings import Settings
from lib.web.your_text.text import story_text
from tests.support.apptest import address, healthy, listing, open_app_page, pictures, shown, tables, until

ENOUGH = "The quick brown fox jumps over the lazy dog, and the dog sleeps on. " * 10


def said(app: AppTest) -> list[str]:
    """What both models say, as HTML."""
    return [str(each.proto.body) for each in app.get("html") if 'class="said"' in each.proto.body]


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [each for each in app.button if each.label == label]
    return healthy(button.click().run())


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_dropout_the_model_copies_more_and_its_validation_loss_climbs(language):
    app = healthy(open_app_page("your_text", lang=language))
    (data,) = pictures(app, "training")
    assert (data["recorded"], data["complete"]) == (True, True)
    without, with_dropout = data["series"]["val_loss.0.mean"], data["series"]["val_loss.1.mean"]
    assert without[-1] > 1.25 * min(without)
    assert without[-1] - min(without) > with_dropout[-1] - min(with_dropout)
    assert data["series"]["train_loss.0.mean"][-1] < data["series"]["train_loss.1.mean"][-1] / 3
    (table,) = tables(app)
    name, run, *shares = table.values()
    plain, dropped, fresh = (int(each) for each in run)
    assert plain > dropped  # in this one draw, as the page shows it; over ten draws see below
    assert plain > fresh
    assert len(name) == 3
    of_five = [float(re.sub(r"\D", "", each)) for each in shares[2]]
    assert of_five[0] > max(of_five[1:])
    marks = [len("".join(re.findall("<mark>(.*?)</mark>", each, re.DOTALL))) for each in said(app)]
    assert marks[0] > marks[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_over_ten_draws_the_longest_copied_run_is_half_as_long_again_without_dropout(language):
    """One draw of 200 tokens says little: the longest run of a single one varies by a factor of two (seeds 0 to 9)."""
    text, settings = story_text(language), Settings()
    job = recorded_pair(text, settings.p, settings.seed)
    assert job is not None
    plain, dropped = (
        np.mean([max(said_by(model, text, replace(settings, say=say)).matches) for say in range(10)])
        for model in job.models
    )
    assert plain > 1.5 * dropped
    assert plain > 1.5 * max(fresh_matches(text))
    of_five, of_five_dropped = (
        np.mean([share_copied(said_by(model, text, replace(settings, say=say)).matches, 5) for say in range(10)])
        for model in job.models
    )
    assert of_five > 1.5 * of_five_dropped


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_cut_takes_the_copies_away(language):
    """What the quiz says of it: the smaller k, the more is copied (means of five draws; the seeds are fixed)."""
    text, settings = story_text(language), Settings()
    model = recorded_pair(text, settings.p, settings.seed).models[0]
    one, three, ten, everything = (
        np.mean([share_copied(said_by(model, text, replace(settings, k=k, say=i)).matches, 5) for i in range(5)])
        for k in (1, 3, 10, 2000)
    )
    assert one > three > everything - 0.05
    assert min(three, ten, everything) > share_copied(fresh_matches(text), 5)


def test_another_cut_or_another_draw_says_something_else_and_trains_nothing():
    app = healthy(open_app_page("your_text"))
    (before,) = pictures(app, "training")
    first = said(app)
    press(app, "Say something else")
    assert said(app) != first
    app.button_group(key="your_text-k").set_value(1).run()
    assert said(app) != first
    (after,) = pictures(healthy(app), "training")
    assert after["run"] == before["run"]
    assert address(app) == {"your_text-k": "1", "your_text-say": "1", "lang": "en"} or address(app) == {
        "your_text-k": "1",
        "your_text-say": "1",
    }


def paste(app: AppTest, text: str) -> AppTest:
    return healthy(app.text_area(key="pasted").set_value(text).run())


def test_a_pasted_text_is_trained_on_and_stays_out_of_the_link_and_the_code():
    app = healthy(open_app_page("your_text", source="paste"))
    hostile = "<script>alert(1)</script> $x$ [a](b) :smile: **bold** \\n `code` "
    paste(app, hostile * 12)
    app = press(app, "Train both")
    until(lambda: bool(said(healthy(app.run()))))
    for each in said(app):
        assert "<script" not in each
        assert set(re.findall(r"</?(\w+)", each)) <= {"p", "mark"}
    everywhere = shown(app)
    for piece in ("alert(1)", "$x$", "[a](b)"):
        assert piece not in everywhere
        assert piece not in str(address(app))
    assert "alert" not in listing(app)
    another = healthy(open_app_page("your_text", **address(app)))
    assert prose("your_text", "no-text") in [each.value for each in another.info]
    assert not said(another)


def test_an_upload_is_read_and_a_refusal_keeps_what_was_there():
    app = healthy(open_app_page("your_text", source="file"))
    (uploader,) = app.get("file_uploader")
    healthy(uploader.set_value(("text.txt", ENOUGH.replace("quick", "flînke").encode("cp1252"), "text/plain")).run())
    assert app.session_state["text_of_file"] == ENOUGH.replace("quick", "flînke").strip()
    (uploader,) = app.get("file_uploader")
    healthy(uploader.set_value(("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png")).run())
    assert [each.value for each in app.error] == [prose("your_text", "not-text")]
    assert app.session_state["text_of_file"].startswith("The flînke")
    (uploader,) = app.get("file_uploader")
    healthy(uploader.set_value(("large.txt", b"a " * 100_001, "text/plain")).run())
    assert [each.value for each in app.error] == [prose("your_text", "too-large")]
    assert not app.error[0].value.startswith("Traceback")


def test_too_short_a_text_is_refused_and_the_button_waits():
    app = healthy(open_app_page("your_text", source="paste"))
    (button,) = [each for each in app.button if each.label == "Train both"]
    assert button.disabled
    paste(app, "To be, or not to be.")
    assert [each.value for each in app.error] == [prose("your_text", "too-short")]
    paste(app, ENOUGH)
    assert not app.error
    (button,) = [each for each in app.button if each.label == "Train both"]
    assert not button.disabled


def test_a_changed_text_does_not_change_the_run():
    app = healthy(open_app_page("your_text", source="paste"))
    paste(app, ENOUGH)
    press(app, "Train both")
    (before,) = pictures(app, "training")
    paste(app, ENOUGH * 2)
    (after,) = pictures(app, "training")
    assert after["run"] == before["run"]
