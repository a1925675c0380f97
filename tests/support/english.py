"""Whether a text is English, in an app that should speak another language."""

import functools
import re
from collections.abc import Iterable

from lib.studies.facts import load_facts
from lib.web.frame.language import LANGUAGES

OTHERS = [language for language in LANGUAGES if language != "en"]
# Of these words one alone shows that a text is English: no other language of the app has them.
_WORDS = re.compile(r"(?<![\w-])(the|of|and|with|which|this|what|from|that|is|are|it)(?![\w-])", re.IGNORECASE)


def english(texts: Iterable[str]) -> set[str]:
    """Those of the texts that are English. Titles and authors do not count, which no language translates."""
    return {text for text in texts if _WORDS.search(_papers().sub("", text))}


@functools.cache
def _papers() -> re.Pattern[str]:
    facts = load_facts()
    names = {text for event in facts.events for text in (event.title, event.who)}
    names |= {reading.title for reading in facts.readings}
    return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
