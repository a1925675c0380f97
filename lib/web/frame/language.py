"""The person's language: which one it is, its strings (gettext) and its prose (content/).

English strings are the message ids, so English needs no catalogue. The other catalogues are compiled from their ``.po``
files in memory: a translator edits text, and no binary file is committed. Nothing is set for the whole process, as
Python's own `locale` would: forty sessions in six languages share it. docs/translating.md says how to add a language.
"""

import functools
import gettext as gnu_gettext
import io
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.web.frame.session import session

LANGUAGES = {  # in the menu; each is complete (tests/web/test_translations.py)
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "es": "Español",
    "ja": "日本語",
    "zh-Hant": "繁體中文",
}
ROOT = Path(__file__).resolve().parents[3]
_run = threading.local()
# In a translation the name is followed by a mark of the English section it was made from (scripts/translations.py).
SECTION = re.compile(r"^## ([a-z0-9_-]+)(?: \(en ([0-9a-f]{8})\))?\n", re.MULTILINE)


def folder_of(language: str) -> str:
    """The name of a language's folder in locale/ and content/, and Babel's name for it.

    >>> folder_of("zh-Hant")
    'zh_Hant'
    """
    return language.replace("-", "_")


def matching_language(tag: str | None) -> str | None:
    """The language of ours that a tag such as ``de-CH`` asks for, or None.

    >>> matching_language("de-CH"), matching_language("zh-TW"), matching_language("tlh")
    ('de', 'zh-Hant', None)
    """
    primary = re.split("[-_]", tag or "")[0].lower()
    return next((language for language in LANGUAGES if language.split("-")[0] == primary), None)


def choose_language() -> None:
    """Settle on the language of this run of a page: what somebody has chosen, else the browser's, else English.

    The frame calls it once at the start of every run. The choice is kept in the session and not in a widget, because a
    page change drops a widget's value.
    """
    language = session.language or matching_language(st.context.locale) or "en"
    _run.context, _run.language = get_script_run_ctx(), language


def current_language() -> str:
    """The language of this session.

    A page asks for it two hundred times, and Streamlit takes a while to look into its state: each thread remembers the
    answer for as long as it runs the same script for the same session.
    """
    if getattr(_run, "context", None) is None or _run.context is not get_script_run_ctx():
        choose_language()
    return str(_run.language)


@functools.cache  # one for each language, read in 0.05 s when its first reader comes
def _catalogue(language: str) -> gnu_gettext.NullTranslations:
    path = ROOT / "locale" / folder_of(language) / "LC_MESSAGES" / "messages.po"
    if language == "en" or not path.exists():
        return gnu_gettext.NullTranslations()
    # Babel is imported here, so that a class that reads English never waits for it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=folder_of(language)))
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
    path = ROOT / "content" / folder_of(language) / f"{page}.md"
    return {name: text for name, (text, _mark) in read_sections(path).items()} if path.exists() else {}


def read_sections(path: Path) -> dict[str, tuple[str, str]]:
    """The sections of a file of prose: by name, the text and the mark of the English that it was made from."""
    _before, *rest = SECTION.split(path.read_text(encoding="utf-8"))
    return {
        name: (text.strip(), mark or "") for name, mark, text in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    }


def decimal(value: float, digits: int = 2) -> str:
    """A number with that many decimals as the person's language writes it: 0.82, 0,82."""
    return _number(value, digits, _symbols(current_language()))


def percent(fraction: float, digits: int = 1) -> str:
    """A fraction as a percentage in the person's language: 84.6%, or 84,6 % with a no-break space."""
    symbols = _symbols(current_language())
    return symbols.percent.format(_number(100 * fraction, digits, symbols))


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign, as type sets it: +0.82, −0.82. What is shown as zero has none."""
    shown = round(value, digits)
    return ("+" if shown > 0 else "−" if shown < 0 else "") + decimal(abs(shown), digits)


@dataclass(frozen=True)
class _Symbols:
    """How a language writes numbers: its decimal sign, what parts thousands, and a percentage."""

    decimal: str = "."
    group: str = ","
    percent: str = "{}%"


# Babel takes 40 times as long as Python's own formatting, and 60 ms to import, and a page shows hundreds of numbers. So
# it is asked for the signs only, once for each language, and not for English (tests/web/test_language.py compares).
@functools.cache  # one for each language
def _symbols(language: str) -> _Symbols:
    if language == "en":
        return _Symbols()
    from babel import Locale

    locale = Locale.parse(language, sep="-")
    signs = locale.number_symbols["latn"]
    return _Symbols(signs["decimal"], signs["group"], locale.percent_formats[None].pattern.replace("#,##0", "{}"))


def separators() -> str:
    """The decimal sign and what parts thousands, as Plotly is told them.

    >>> separators()
    '.,'
    """
    symbols = _symbols(current_language())
    return symbols.decimal + symbols.group


def percentage() -> str:
    """How a percentage is written around its number, as Plotly cannot be told: its ticks get it afterwards.

    >>> percentage()
    '{}%'
    """
    return _symbols(current_language()).percent


def _number(value: float, digits: int, symbols: _Symbols) -> str:
    return f"{value:,.{digits}f}".translate({ord("."): symbols.decimal, ord(","): symbols.group})


def listed(items: Iterable[str]) -> str:
    """A list as the person's language writes it, without an "and".

    >>> listed(["rose", "lily", "iris"])
    'rose, lily, iris'
    """
    return _between(_("{one}, {two}")).join(items)


def in_parts(items: Iterable[str]) -> str:
    """Descriptions one after the other.

    >>> in_parts(["rose, red", "lily, white"])
    'rose, red; lily, white'
    """
    return _between(_("{one}; {two}")).join(items)


def in_sentences(*texts: str) -> str:
    """Sentences one after the other, with a space between them where the person's language has one. Empty ones are
    left out.

    >>> in_sentences("It rains.", "", "It pours.")
    'It rains. It pours.'
    """
    return _between(_("{one} {two}")).join(filter(None, texts))


def _between(example: str) -> str:
    return example.removeprefix("{one}").removesuffix("{two}")


def quoted(text: str) -> str:
    """A word or a label in the quotation marks of the person's language.

    >>> quoted("rose")
    '“rose”'
    """
    return _("“{word}”", word=text)


def strong(text: str) -> str:
    """Bold in Markdown. (Babel, which gathers the messages, does not look for them inside f-strings.)

    >>> strong("Takeaway:")
    '**Takeaway:**'
    """
    return f"**{text}**"


def plain(text: str) -> str:
    """Somebody's own text, made safe to stand inside Markdown: every character that means something is escaped.

    >>> plain("<b>*$x$*</b> :smile: [a](b)")
    '\\\\<b\\\\>\\\\*\\\\$x\\\\$\\\\*\\\\</b\\\\> \\\\:smile\\\\: \\\\[a\\\\]\\\\(b\\\\)'
    """
    one_line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$:&-])", r"\\\1", one_line)
