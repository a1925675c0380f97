"""Every page's code can be saved as a notebook: its question, the link back, the settings, and the program."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import nbformat
import pytest
from streamlit.delta_generator import DeltaGenerator

from lib.web.frame import lesson
from tests.support.apptest import address, healthy, open_app_page


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, Any, str]]]:
    """Open a page and its code, and save all notebooks: the name of the file, the notebook, the program on the page."""
    offered: dict[str, tuple[Callable[[], str], str]] = {}
    draw = DeltaGenerator.download_button

    def watched(self, label, data, file_name, *others, **more):
        offered[more.get("key", "")] = data, file_name
        return draw(self, label, data, file_name, *others, **more)

    def open_and_save(page: str, keys: tuple[str, ...] = ("code",), **query: str) -> list[tuple[str, Any, str]]:
        monkeypatch.setattr(DeltaGenerator, "download_button", watched)
        app = healthy(open_app_page(page, **query))
        assert not [key for key in offered if key.endswith("-notebook")], "made before the code was opened"
        for key in keys:
            app.session_state[key] = True
        programs = [str(each.value) for each in healthy(app.run()).code if each.language == "python"]
        notebooks = [offered[f"{key}-notebook"] for key in keys]
        # A click does not ask what the page shows by then: it is made from what was drawn.
        monkeypatch.setattr(lesson, "with_comments", None)
        found = [
            (name, nbformat.reads(make(), as_version=4), program)
            for (make, name), program in zip(notebooks, programs, strict=True)
        ]
        link = address(app)
        for _name, book, _program in found:
            target = re.search(r"\]\(\S*?\?(\S+)\)", book.cells[0].source)
            assert target
            said = dict(parse_qsl(target[1]))
            assert said == link | {"lang": said["lang"]}
        return found

    return open_and_save


@pytest.mark.parametrize(
    ("page", "query", "question", "settings"),
    [
        ("dropout", {}, "Is it the same network every time?", "All settings are at their default."),
        ("dropout", {"p": "0.3", "seed": "4"}, "Is it the same network every time?", "p = 0.3, seed = 4"),
        ("training", {"p": "0.3", "train": "1"}, "When does it stop learning", "p = 0.3"),
        ("training", {"p": "0.3", "train": "p=0.2"}, "When does it stop learning", "p = 0.2"),
        ("two_dice", {}, "Which die does which job?", "All settings are at their default."),
        ("your_text", {"k": "3"}, "Does it copy what you give it?", "k = 3"),
        ("today", {"part": "places", "p": "0.2"}, "Where does dropout sit", "part = places, p = 0.2"),
        ("questions", {"question": "channels", "shown": "true"}, "Dropout", "question = channels, shown = true"),
    ],
)
def test_it_opens_with_the_question_the_link_and_the_settings(saved, page, query, question, settings) -> None:
    ((name, book, program),) = saved(page, **query)
    nbformat.validate(book)
    assert name == f"two-dice-{page}.ipynb"
    title, *others = book.cells
    assert title.source.startswith("# ")
    assert question.casefold() in title.source.splitlines()[0].casefold()
    assert title.source.splitlines()[-1].removeprefix("Settings that are not at their default: ") == settings
    code = "\n".join(cell.source for cell in others if cell.cell_type == "code")
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(program))


def test_a_page_with_two_programs_has_two_notebooks(saved) -> None:
    (name, book, _), (other, large, _) = saved("top_k", ("code", "code_generate"), k="7")
    assert (name, other) == ("two-dice-top_k.ipynb", "two-dice-top_k_generate.ipynb")
    assert "transformers" not in str(book.cells)
    assert "transformers" in str(large.cells)
    assert all("k = 7" in each.cells[0].source for each in (book, large))


def test_it_speaks_the_language_of_the_page(saved) -> None:
    ((_, book, _),) = saved("dropout", lang="de")
    assert book.cells[0].source.startswith("# Ist es jedes Mal dasselbe Netz?\n\nDas Programm [dieser Seite")
    assert "Die Zahlen sind die auf dem Bildschirm" in book.cells[1].source


@pytest.mark.parametrize("typed", ["`x` $y$ <b>z</b>", "](javascript:alert) [a", "old\n\n# dog"])
def test_what_somebody_has_typed_stays_text(saved, typed: str) -> None:
    """The beginning of a story is among the settings, and in the link."""
    ((_, book, _),) = saved("top_k", text=typed)
    lines = book.cells[0].source.splitlines()
    assert [line for line in lines if line.startswith("#")] == lines[:1]
    without_escaped = re.sub(r"\\.", "", lines[-1])
    assert not re.search(r"[`$<>\[\]*_]", without_escaped)
    assert book.cells[0].source.count("](") - book.cells[0].source.count("\\](") == 1


def test_a_notebook_is_made_without_the_package_that_checks_it() -> None:
    """A host has no nbformat: it is among the packages for development only."""
    root = Path(lesson.__file__).parents[3]
    assert "nbformat" not in (root / "deploy" / "requirements.lock").read_text(encoding="utf-8")
    assert "nbformat" in (root / "deploy" / "requirements-dev.lock").read_text(encoding="utf-8")
