"""Where the running program's source is, and which version it is."""

import functools
import io
import os
import subprocess
import tomllib
import zipfile

from lib.web.language import ROOT

_PARTS = ("app.py", "pages", "lib", "content", "locale", "data", "static/two-dice", "scripts", "benchmarks", "tests")
_PAPERS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "requirements.txt", "requirements-dev.txt")


@functools.cache
def version() -> str:
    """The version in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


@functools.cache
def address() -> str | None:
    """The web address of the source: ``TWO_DICE_SOURCE``, else where this checkout was cloned from, else None.

    A fork shows its own address without a line changed.
    """
    told = os.environ.get("TWO_DICE_SOURCE")
    if told:
        return told
    try:
        found = subprocess.run(
            ["git", "config", "--get", "remote.origin.url"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,  # no such setting is no mistake
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
    if found.startswith("git@"):
        found = "https://" + found.removeprefix("git@").replace(":", "/", 1)
    return found.removesuffix(".git") if found.startswith("https://") and "@" not in found else None


def archive() -> bytes:
    """The running program's own files as a zip: what this server runs is what a student reads."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for part in (*_PARTS, *_PAPERS, "pyproject.toml", ".streamlit/config.toml"):
            path = ROOT / part
            for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if each.is_file() and "__pycache__" not in each.parts:
                    file.write(each, each.relative_to(ROOT))
    return packed.getvalue()
