"""Imports only point down: the subject knows no Streamlit and no Plotly, and the figures know no Streamlit."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SUBJECT = sorted(f"lib.{path.stem}" for path in (ROOT / "lib").glob("*.py") if path.stem != "__init__")
SUBJECT += sorted(
    f"lib.listings.{path.stem}" for path in (ROOT / "lib" / "listings").glob("*.py") if path.stem[0] != "_"
)
FIGURES = sorted(f"lib.figures.{path.stem}" for path in (ROOT / "lib" / "figures").glob("*.py") if path.stem[0] != "_")

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


def test_the_subject_imports_neither_streamlit_nor_plotly_nor_babel():
    assert SUBJECT
    assert forbidden_imports(SUBJECT, {"streamlit", "plotly", "babel"}) == ""


def test_the_figures_import_no_streamlit_and_no_babel():
    assert FIGURES
    assert forbidden_imports(FIGURES, {"streamlit", "babel"}) == ""


@pytest.mark.parametrize(("module", "found"), [("lib.web.frame", "streamlit"), ("lib.figures.curves", "plotly")])
def test_this_test_can_fail(module, found):
    assert found in forbidden_imports([module], {"streamlit", "plotly"})


def test_the_home_page_imports_no_torch():
    modules = ["lib.web.frame", "lib.web.life_strip", "lib.web.language"]
    assert forbidden_imports(modules, {"torch"}) == ""
