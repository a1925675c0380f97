"""A toy seventh language, made as docs/translating.md says: every message and section is the English with a mark."""

import re
import shutil

import numpy as np
import pytest
from babel.messages.pofile import read_po

from lib import language_model, story
from lib.language_model import LanguageModelConfig, checkpoint_path, load_model, train_language_model
from lib.story import load_story
from lib.web.frame import frame, language, steps  # frame: what else is at ROOT is found before it is changed
from scripts import messages, read_story, translations
from tests.support.apptest import healthy, open_app_page, shown

assert frame.ROOT == language.ROOT
GUIDE = (translations.ROOT / "docs" / "translating.md").read_text(encoding="utf-8")
STORY = "sentence:\n    <who> dormas\n    <who> manĝas\nwho: equal\n    la hundo, la kato, la birdo\n"
CACHES = (language._catalogue, language._sections, language._symbols, story.story_languages, story._loaded)


@pytest.fixture
def esperanto(tmp_path, monkeypatch):
    """A copy of all texts with a language more, which the program reads instead of its own."""
    for folder in ("content", "locale", "static"):
        shutil.copytree(language.ROOT / folder, tmp_path / folder)
    shutil.copytree(language.ROOT / "data" / "stories", tmp_path / "stories")
    for module in (language, steps, translations):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "LOCALE", tmp_path / "locale")
    monkeypatch.setattr(messages, "TEMPLATE", tmp_path / "locale" / "messages.pot")
    monkeypatch.setattr(translations, "GLOSSARY", tmp_path / "locale" / "glossary.toml")
    for module in (story, read_story):
        monkeypatch.setattr(module, "STORIES", tmp_path / "stories")
    monkeypatch.setattr(language_model, "DATA", tmp_path)
    for cache in CACHES:
        cache.cache_clear()
    yield tmp_path
    for cache in CACHES:
        cache.cache_clear()


def marked(text: str) -> str:
    return f"†{text}"


def test_a_seventh_language_is_made_as_the_guide_says(esperanto, monkeypatch, capsys):
    monkeypatch.setitem(language.LANGUAGES, "eo", "Esperanto")
    assert '`"eo": "Esperanto"`' in GUIDE
    # 1: the catalogue
    messages.main()
    path = esperanto / "locale" / "eo" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="eo")
    for message in catalogue:
        if message.id:
            message.string = tuple(map(marked, message.id)) if isinstance(message.id, tuple) else marked(message.id)
    messages.written(catalogue, path)
    # 2: the prose
    shutil.copytree(esperanto / "content" / "en", esperanto / "content" / "eo")
    for page in (esperanto / "content" / "eo").rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r"(^## .*\n(?:`.*`\n\n)?)", r"\1†", text, flags=re.MULTILINE), encoding="utf-8")
    assert translations.main(["eo"]) == 1, "the heads do not say which English they are from"
    assert translations.main(["eo", "--made"]) == 0
    # 3: the terms, which a translation that keeps the English words has by itself
    (esperanto / "locale" / "glossary.toml").write_text('["dropout"]\neo = ["forlaso"]\n')
    assert translations.main(["eo"]) == 1
    (esperanto / "locale" / "glossary.toml").write_text('["dropout"]\neo = ["dropout"]\n')
    # 4: the storybook
    (esperanto / "stories" / "eo.txt").write_text(STORY, encoding="utf-8")
    story.story_languages.cache_clear()
    assert read_story.main(["eo", "--sentences", "3"]) == 0
    assert load_story("eo").number_of_sentences == 6
    # 5: a model, of fewer steps than a real one
    config = LanguageModelConfig(language="eo", p=0.3, steps=30, n_sentences=50, width=16, heads=2, record_every=30)
    *_progress, last = train_language_model(config)
    last.model.save(checkpoint_path("eo", 0.3, "small"))
    sentence = load_model("eo", 0.3).generate(1, np.random.default_rng(0))[0]
    assert set(sentence) <= set(load_story("eo").vocabulary)
    # 7: nothing is left to say, and the page speaks it
    capsys.readouterr()
    assert translations.main(["eo"]) == 0
    assert capsys.readouterr().out.strip() == "eo: nothing left"
    text = shown(healthy(open_app_page("dropout", lang="eo", step="2")))
    assert "†Is it the same network every time?" in text
    assert "†**Roll the die.**" in text


def test_every_command_of_the_guide_is_there():
    for module in set(re.findall(r"python -m scripts\.(\w+)", GUIDE)):
        assert (language.ROOT / "scripts" / f"{module}.py").exists(), module
