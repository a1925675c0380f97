import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from lib.web.frame import language as web_language
from lib.web.frame.language import LANGUAGES, ROOT, decimal, in_sentences, matching_language, percent, plain, signed
from scripts.messages import TEMPLATE, gathered, written

PLACEHOLDER = re.compile(r"\{\w*\}")


def test_the_template_holds_every_message_of_the_program(tmp_path):
    written(gathered(), tmp_path / "messages.pot")
    assert (tmp_path / "messages.pot").read_text() == TEMPLATE.read_text(), "run: python -m scripts.messages"


def test_no_message_hides_where_babel_does_not_look():
    """Python's own parser finds every call of _ and ngettext, in f-strings too."""
    gathered_ids = {
        id for message in gathered() for id in ([message.id] if isinstance(message.id, str) else message.id)
    }
    calls = [
        (path.name, call.args[0].value)
        for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "lib" / "web").rglob("*.py")]
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")
        if isinstance(call.args[0], ast.Constant)
    ]
    assert len(calls) > 400
    assert [call for call in calls if call[1] not in gathered_ids] == []


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_catalogues_have_the_messages_of_the_template_and_keep_their_placeholders(language):
    path = ROOT / "locale" / language.replace("-", "_") / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file)
    assert {message.id for message in catalogue if message.id} == {message.id for message in gathered() if message.id}
    for message in catalogue:
        asked = message.id if isinstance(message.id, tuple) else (message.id,)
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in filter(None, given if message.id else ()):
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(asked[-1])), text


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        *[("en-GB", "en"), ("fr", "fr"), ("de_AT", "de"), ("ja-JP", "ja"), ("zh-TW", "zh-Hant"), ("ZH-hk", "zh-Hant")],
        *[(None, None), ("", None), ("xx", None), ("../../etc", None)],
    ],
)
def test_matching_language(tag, language):
    assert matching_language(tag) == language


def test_no_text_for_people_stands_outside_of_gettext():
    """Streamlit commands on the page get their words from _() or prose(), never from a bare string."""
    bare = re.compile(
        r"st\.(?:title|header|subheader|markdown|caption|info|success|warning|error|button|slider|selectbox|toggle|"
        r"expander|popover|menu_button|text_input|number_input|metric|radio|pills)\(\s*f?\"[^\"{*|:\\-]"
    )
    files = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "lib" / "web").rglob("*.py")]
    found = [f"{path.name}: {hit.group()}" for path in files for hit in bare.finditer(path.read_text(encoding="utf-8"))]
    assert not found
    assert bare.search('st.button("Train")')


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "**bold**", "$x^2$", ":smile:", "[a](b:c)", "`c`"])
def test_plain_text_means_nothing_in_markdown(text):
    escaped = plain(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == text
    # Every character that Markdown, HTML or Streamlit's directives could read is behind a backslash.
    assert not re.search(r"(?<!\\)[<>*$:\[\]()`_]", escaped)


def test_content_has_every_section_that_the_pages_name():
    named = set()
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "lib" / "web").rglob("*.py")]:
        named |= set(re.findall(r'prose\(\s*"(\w+)",\s*"([a-z0-9_-]+)"', path.read_text(encoding="utf-8")))
    assert named
    for page, section in named:
        text = (ROOT / "content" / "en" / f"{page}.md").read_text(encoding="utf-8")
        assert f"## {section}\n" in text, (page, section)


def test_a_reader_of_english_never_waits_for_babel():
    program = "import sys; import lib.web.frame.frame, lib.web.home.life_strip; print('babel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(ROOT), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [0.0, 0.799, -0.25, 1234.5678, 12.0])
@pytest.mark.parametrize("digits", [0, 1, 3])
def test_numbers_are_written_as_the_language_writes_them(language, value, digits, monkeypatch):
    """Babel knows how."""
    monkeypatch.setattr(web_language, "current_language", lambda: language)
    locale = Locale.parse(language, sep="-")
    decimals = "." + "0" * digits if digits else ""
    pattern = locale.percent_formats[None].pattern.replace("#,##0", f"#,##0{decimals}")
    assert decimal(value, digits) == format_decimal(value, format=f"#,##0{decimals}", locale=locale)
    assert percent(value, digits) == format_percent(value, format=pattern, locale=locale)


def test_sentences_have_a_space_between_them_where_the_language_has(monkeypatch):
    joined = {}
    for language in LANGUAGES:
        monkeypatch.setattr(web_language, "current_language", lambda language=language: language)
        joined[language] = in_sentences("A.", "", "B.")
    assert {language for language, text in joined.items() if text == "A.B."} == {"ja", "zh-Hant"}
    assert set(joined.values()) == {"A.B.", "A. B."}


def test_a_percentage_and_its_sign_never_part(monkeypatch):
    shown = {}
    for language in LANGUAGES:
        monkeypatch.setattr(web_language, "current_language", lambda language=language: language)
        shown[language] = percent(0.799)
    assert shown["en"] == "79.9%"
    assert shown["fr"] == shown["de"] == shown["es"] == "79,9\N{NO-BREAK SPACE}%"
    assert not [text for text in shown.values() if " " in text]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.825, 1, "+0.8"), (-0.825, 1, "−0.8"), (0.04, 1, "0.0"), (-0.04, 1, "0.0"), (1234, 0, "+1,234")],
)
def test_a_difference_has_the_sign_of_what_is_shown(value, digits, text, monkeypatch):
    monkeypatch.setattr(web_language, "current_language", lambda: "en")
    assert signed(value, digits) == text
