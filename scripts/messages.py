"""Gather the strings of the interface: ``python -m scripts.messages``.

It writes ``locale/messages.pot`` from the calls of ``_`` and ``ngettext`` in app.py, pages/ and lib/web/, and from the
sentences in lib/tables.py, lib/listings/comments.py and data/facts.toml. Then it brings every language's
``messages.po`` up to date. Translations of unchanged strings stay; a string that has changed is shown in English until
somebody translates it.
"""

import functools
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po, write_po

from lib.listings import comments
from lib.studies.facts import load_facts
from lib.tables import MESSAGES
from lib.web.frame.language import LANGUAGES, folder_of

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "locale"
TEMPLATE = LOCALE / "messages.pot"
KEYWORDS = {"_": None, "ngettext": (1, 2)}


@functools.cache
def gathered() -> Catalog:
    """The template: every message, in the order of the files."""
    catalog = Catalog(project="Two Dice", copyright_holder="The Two Dice authors", charset="utf-8", fuzzy=False)
    sources: dict[str, list[str | tuple[str, ...]]] = {"app.py": []}
    for _line, message, _comments, _context in extract_from_file("python", ROOT / "app.py", keywords=KEYWORDS):
        sources["app.py"].append(message)
    for folder in ("pages", "lib/web"):
        for name, _line, message, _comments, _context in extract_from_dir(ROOT / folder, keywords=KEYWORDS):
            sources.setdefault(f"{folder}/{name}", []).append(message)
    sources["lib/tables.py"] = list(MESSAGES.values())
    sources["lib/listings/comments.py"] = list(comments.MESSAGES)
    sources["data/facts.toml"] = list(load_facts().sentences())
    for name in sorted(sources):
        for message in sources[name]:
            # Without line numbers: they would change the file with every edit and do not help a translator.
            catalog.add(message, locations=[(name, None)])  # type: ignore[list-item]
    return catalog


def written(catalog: Catalog, path: Path) -> None:
    """Write a catalogue without its date, so that the same strings give the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, omit_header=False, ignore_obsolete=True)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "-Date: " not in line), encoding="utf-8")


def translated(message: Message) -> bool:
    """Whether all of its forms are translated."""
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(forms)


def main() -> None:
    """Update the template and all languages."""
    template = gathered()
    written(template, TEMPLATE)
    for language in LANGUAGES:
        if language == "en":
            continue
        locale = folder_of(language)
        path = LOCALE / locale / "LC_MESSAGES" / "messages.po"
        catalog = Catalog(locale=locale, project="Two Dice")
        if path.exists():
            with path.open("rb") as file:
                catalog = read_po(file, locale=locale)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.fuzzy = False
        written(catalog, path)
        done = sum(1 for message in catalog if message.id and translated(message) and not message.fuzzy)
        print(f"{language:8} {done} of {len(template)} messages")


if __name__ == "__main__":
    main()
