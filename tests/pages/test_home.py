import json

import pytest

from lib.web.frame.language import LANGUAGES
from scripts.make_life_strip import FILE, SEED, passes, words
from tests.support.apptest import healthy, open_app_page, pictures, shown


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
    assert [step["drawn"] for step in data["words"]] == [step["drawn"] for step in recording["words"]]
    for step in data["words"]:
        # The word drawn is one that the cut kept, and the cut kept the likeliest ones.
        assert step["choices"][step["drawn"]]["kept"]
        kept = [choice["probability"] for choice in step["choices"] if choice["kept"]]
        cut = [choice["probability"] for choice in step["choices"] if not choice["kept"]]
        assert not cut or min(kept) >= max(cut)


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_opens_in_every_language_and_its_links_stay_in_it(language):
    app = healthy(open_app_page(lang=language))
    app.session_state["languages"] = True  # somebody opens the list
    healthy(app.run())
    links = {link.proto.label: link.proto.query_string for link in app.get("page_link")}
    assert set(LANGUAGES.values()) <= set(links)
    lessons = [query for label, query in links.items() if label not in LANGUAGES.values()]
    assert lessons
    assert all(f"lang={language}" in query for query in lessons)


def test_an_unknown_language_in_the_link_falls_back_to_english():
    app = healthy(open_app_page(lang="<script>"))
    assert app.session_state["language"] == "en"


def test_the_recording_is_what_its_script_makes():
    recording = json.loads(FILE.read_text(encoding="utf-8"))
    assert recording["passes"] == passes(SEED)
    assert recording["words"] == words(SEED), "run: python -m scripts.make_life_strip"
