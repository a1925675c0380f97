import json

import pytest

from lib.story import story_languages
from lib.web.frame.language import LANGUAGES
from scripts.make_life_strip import FILE, SEED, passes, words
from tests.support.apptest import address, healthy, open_app_page, pictures, shown


def test_home_asks_the_question_and_names_both_dice():
    app = healthy(open_app_page())
    assert app.title[0].value == "Why dropout, if top-k is already random?"
    assert "two dice, at two different times" in shown(app)
    assert "**dropout**" in shown(app)
    assert "**top-k sampling**" in shown(app)


def test_the_strip_shows_the_recording_and_nothing_else():
    app = healthy(open_app_page())
    (data,) = pictures(app, "home")
    recording = json.loads(FILE.read_text(encoding="utf-8"))
    assert data["passes"] == recording["passes"]
    assert [step["drawn"] for step in data["words"]] == [step["drawn"] for step in recording["words"]["en"]]
    for step in data["words"]:
        # The word drawn is one that the cut kept, and the cut kept the likeliest ones.
        assert step["choices"][step["drawn"]]["kept"]
        kept = [choice["probability"] for choice in step["choices"] if choice["kept"]]
        cut = [choice["probability"] for choice in step["choices"] if not choice["kept"]]
        assert not cut or min(kept) >= max(cut)


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_opens_in_every_language_and_stays_in_it_until_another_is_chosen(language):
    app = healthy(open_app_page(lang=language))
    assert address(app) == {"lang": language}
    languages = app.menu_button(key="languages")
    assert languages.label == LANGUAGES[language]
    assert languages.options == list(LANGUAGES.values())
    other = "fr" if language != "fr" else "ja"
    languages.click(other).run()
    assert address(healthy(app)) == {"lang": other}
    app.query_params.clear()  # a link of the navigation says nothing
    app.switch_page("pages/dropout.py")
    assert address(healthy(app.run())) == {"lang": other}


def test_an_unknown_language_in_the_link_falls_back_to_english():
    app = healthy(open_app_page(lang="<script>"))
    assert address(app) == {}
    assert app.title[0].value == "Why dropout, if top-k is already random?"


def test_the_recording_is_what_its_script_makes():
    recording = json.loads(FILE.read_text(encoding="utf-8"))
    assert recording["passes"] == passes(SEED)
    told = {language: words(language, SEED) for language in story_languages()}
    assert recording["words"] == told, "run: python -m scripts.make_life_strip"
