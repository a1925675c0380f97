"""Whether a text is English, in an app that should speak another language."""

import functools
import re
from collections.abc import Iterable

from lib.recorded_llm import load_recorded_llm
from lib.studies.facts import load_facts
from lib.tokens import readable, visible
from lib.web.frame.language import LANGUAGES

OTHERS = [language for language in LANGUAGES if language != "en"]
# Of these words one alone shows that a text is English: no other language of the app has them.
_WORDS = re.compile(r"(?<![\w-])(the|of|and|with|which|this|what|from|that|is|are|it)(?![\w-])", re.IGNORECASE)


def english(texts: Iterable[str]) -> set[str]:
    """Those of the texts that are English. What no language translates does not count: titles and authors, and what a
    real language model reads and writes."""
    return {text for text in texts if text not in _tokens() and _WORDS.search(_said().sub("", _papers().sub("", text)))}


@functools.cache
def _tokens() -> set[str]:
    return {visible(token) for token in load_recorded_llm().tokens.values()}


@functools.cache
def _said() -> re.Pattern[str]:
    beginnings = sorted((" ".join(readable(each.encode()).split()) for each in load_recorded_llm().beginnings), key=len)
    return re.compile("|".join([*map(re.escape, reversed(beginnings)), r"␣\w+"]))


@functools.cache
def _papers() -> re.Pattern[str]:
    facts = load_facts()
    names = {text for event in facts.events for text in (event.title, event.who)}
    names |= {reading.title for reading in facts.readings}
    return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
