"""Imports only point down: the subject and the figures know no Streamlit, and nothing in the app needs Plotly."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def modules_under(folder: Path) -> list[str]:
    """Every module of a folder and of all folders in it, by its dotted name."""
    files = (path.relative_to(ROOT).with_suffix("") for path in folder.rglob("*.py") if path.stem != "__init__")
    return sorted(".".join(file.parts) for file in files)


LIB = modules_under(ROOT / "lib")
FIGURES = [name for name in LIB if name.startswith("lib.figures.")]
# Whatever is added under lib/ is the subject's, unless it is a picture or a page.
SUBJECT = [name for name in LIB if not name.startswith(("lib.figures.", "lib.web."))]

REPORT = """
import importlib, sys
for name in {modules!r}:
    importlib.import_module(name)
found = sorted({{name.split(".")[0] for name in sys.modules}} & {forbidden!r})
print(",".join(found))
"""


def forbidden_imports(modules: list[str], forbidden: set[str]) -> str:
    """What importing these modules in a fresh interpreter brings in that it must not."""
    program = REPORT.format(modules=modules, forbidden=forbidden)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_no_module_escapes_in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    deep = tmp_path / "lib" / "new" / "deeper"
    deep.mkdir(parents=True)
    (deep / "__init__.py").touch()
    (deep / "escaped.py").write_text("import streamlit")
    assert modules_under(tmp_path / "lib") == ["lib.new.deeper.escaped"]
    program = REPORT.format(modules=["lib.new.deeper.escaped"], forbidden={"streamlit"})
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "streamlit"


def test_the_subject_imports_neither_streamlit_nor_plotly_nor_babel():
    assert {"lib.dropout", "lib.listings.dropout"} <= set(SUBJECT)
    assert forbidden_imports(SUBJECT, {"streamlit", "plotly", "babel"}) == ""


def test_the_figures_import_no_streamlit_no_babel_and_no_plotly():
    """A figure is plain data; Plotly itself is in the browser, and its package in the tests."""
    assert FIGURES
    assert forbidden_imports(FIGURES, {"streamlit", "plotly", "babel"}) == ""


@pytest.mark.parametrize(("module", "found"), [("lib.web.frame.frame", "streamlit"), ("tests.conftest", "plotly")])
def test_this_test_can_fail(module, found):
    assert found in forbidden_imports([module], {"streamlit", "plotly"})


def test_the_home_page_imports_no_torch():
    modules = ["lib.web.frame.frame", "lib.web.home.life_strip", "lib.web.frame.language"]
    assert forbidden_imports(modules, {"torch"}) == ""


def test_no_import_brings_scipy():
    """The functions that need it import it, so that neither the home page nor a page before its first verdict waits."""
    assert forbidden_imports([name for name in LIB if name != "lib.web.server"], {"scipy"}) == ""
    assert forbidden_imports(["scipy.special"], {"scipy"}) == "scipy"
