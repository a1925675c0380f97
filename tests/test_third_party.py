"""THIRD_PARTY.md has everything that is shipped and not ours, with the licence that it says of itself."""

import re
from importlib.metadata import metadata
from pathlib import Path

import pytest

from lib.web.frame.source import source_files
from tests.support.serving import ROOT
from tests.test_deploy import brought, entries

PAPER = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
PACKAGES = dict(re.findall(r"^\| ([\w-]+) \| ([^|]+) \|", PAPER.partition("## Packages")[2], re.M))
del PACKAGES["package"]


def test_every_package_that_the_app_needs_is_in_it_and_no_other():
    assert set(PACKAGES) == {*entries("deploy/requirements.lock"), "torch"}
    assert {name for name in brought("requirements.txt") if not name.startswith(("nvidia", "cuda", "triton"))} <= set(
        PACKAGES
    )


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_has_the_licence_that_it_says_of_itself(package):
    said = metadata(package)
    if expression := said.get("License-Expression"):
        assert PACKAGES[package] == expression
        return
    # Older packages say it in words: "BSD License", "3-Clause BSD License", "Apache License 2.0".
    words = " ".join([said.get("License", "").partition("\n")[0], *said.get_all("Classifier", [])]).casefold()
    for licence in PACKAGES[package].split(" OR "):
        name = {"MPL": "mozilla"}.get(licence.split("-")[0], licence.split("-")[0].casefold())
        assert name in words or licence.casefold() in words, (package, words)


def test_every_file_of_somebody_else_is_in_it():
    files = source_files()
    foreign = {path for path in files if path.name.endswith(".min.js") or path.suffix in {".woff", ".woff2", ".ttf"}}
    scripts = {path: (ROOT / path).read_bytes() for path in files if path.suffix == ".js"}
    foreign |= {path for path, text in scripts.items() if b"@license" in text or b"Copyright (c)" in text}
    # The story of a file of data has a line on its licence, where it is not the project's own.
    stories = re.split(r"^## ", (ROOT / "data" / "README.md").read_text(encoding="utf-8"), flags=re.M)[1:]
    foreign |= {Path("data") / story.splitlines()[0] for story in stories if "- **Licence**" in story}
    assert len(foreign) >= 2
    named = set(re.findall(r"^\| `([^`]+)` \|", PAPER, re.M))
    assert named == {path.as_posix() for path in foreign}


def test_a_foreign_script_still_says_what_it_is():
    script = (ROOT / "static" / "two-dice" / "parts" / "plotly-basic.min.js").read_text(encoding="utf-8")
    assert "Copyright 2012-" in script[:300]
    assert "MIT license" in script[:300]
