"""The person's language: which one it is, its strings (gettext) and its prose (content/).

English strings are the message ids, so English needs no catalogue. The other catalogues are compiled from their ``.po``
files in memory the first time somebody asks for them: a translator edits text, and no binary file is committed.
A sentence that is not translated yet is shown in English.
"""

import functools
import gettext as gnu_gettext
import io
import re
import threading
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGES = {
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "es": "Español",
    "ja": "日本語",
    "zh-Hant": "繁體中文",
}
ROOT = Path(__file__).resolve().parents[3]
_run = threading.local()
_SECTION = re.compile(r"^## ([a-z0-9_-]+)\n", re.MULTILINE)


def matching_language(tag: str | None) -> str | None:
    """The language of ours that a tag such as ``de-CH`` asks for, or None.

    >>> matching_language("de-CH"), matching_language("zh-TW"), matching_language("tlh")
    ('de', 'zh-Hant', None)
    """
    primary = re.split("[-_]", tag or "")[0].lower()
    return next((language for language in LANGUAGES if language.split("-")[0] == primary), None)


def choose_language() -> None:
    """Settle on this session's language: the link's, else the one before, else the browser's, else English.

    The frame calls it once at the start of every run of a page. It is kept in the session state and not in a widget,
    because a page change drops a widget's value.
    """
    asked = matching_language(st.query_params.get("lang"))
    if asked:
        st.session_state["language"] = asked
    elif "language" not in st.session_state:
        st.session_state["language"] = matching_language(st.context.locale) or "en"
    _run.context, _run.language = get_script_run_ctx(), str(st.session_state["language"])


def current_language() -> str:
    """The language of this session.

    A page asks for it two hundred times, and Streamlit takes a while to look into its state: each thread remembers the
    answer for as long as it runs the same script for the same session.
    """
    if getattr(_run, "context", None) is None or _run.context is not get_script_run_ctx():
        choose_language()
    return str(_run.language)


@functools.cache  # one for each language, some 50 kB
def _catalogue(language: str) -> gnu_gettext.NullTranslations:
    path = ROOT / "locale" / language.replace("-", "_") / "LC_MESSAGES" / "messages.po"
    if language == "en" or not path.exists():
        return gnu_gettext.NullTranslations()
    # Babel is imported here, so that a class that reads English never waits for it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language.replace("-", "_")))
    compiled.seek(0)
    return gnu_gettext.GNUTranslations(compiled)


def _(message: str, **values: object) -> str:
    """The message in the person's language, with ``{names}`` filled in."""
    translated = _catalogue(current_language()).gettext(message)
    return translated.format(**values) if values else translated


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """The message for this count in the person's language; ``{count}`` and other names are filled in."""
    return _catalogue(current_language()).ngettext(one, many, count).format(count=count, **values)


def prose(page: str, section: str, **values: object) -> str:
    """One named section (``## section``) of ``content/<language>/<page>.md``; English where it is not translated."""
    for language in (current_language(), "en"):
        text = _sections(language, page).get(section)
        if text is not None:
            return text.format(**values) if values else text
    raise KeyError(f"content/en/{page}.md has no section '## {section}'")


@functools.cache  # one for each language and page, some 10 kB
def _sections(language: str, page: str) -> dict[str, str]:
    path = ROOT / "content" / language.replace("-", "_") / f"{page}.md"
    if not path.exists():
        return {}
    _before, *rest = _SECTION.split(path.read_text(encoding="utf-8"))
    return {name: text.strip() for name, text in zip(rest[::2], rest[1::2], strict=True)}


def decimal(value: float, digits: int = 2) -> str:
    """A number with that many decimals as the person's language writes it: 0.82, 0,82.

    Every page shows numbers, most in English: Babel's rules are loaded only for the languages that differ.
    """
    language = current_language()
    if language in ("en", "ja", "zh-Hant"):
        return f"{value:,.{digits}f}"
    from babel.numbers import format_decimal

    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, format=pattern, locale=language))


def percent(fraction: float, digits: int = 1) -> str:
    """A fraction as a percentage in the person's language: 84.6 %."""
    return f"{decimal(100 * fraction, digits)} %"


def strong(text: str) -> str:
    """Bold in Markdown. (Babel, which gathers the messages, does not look for them inside f-strings.)

    >>> strong("Take away")
    '**Take away**'
    """
    return f"**{text}**"


def plain(text: str) -> str:
    """Somebody's own text, made safe to stand inside Markdown: every character that means something is escaped.

    >>> plain("<b>*$x$*</b> :smile: [a](b)")
    '\\\\<b\\\\>\\\\*\\\\$x\\\\$\\\\*\\\\</b\\\\> \\\\:smile\\\\: \\\\[a\\\\]\\\\(b\\\\)'
    """
    one_line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$:&-])", r"\\\1", one_line)
