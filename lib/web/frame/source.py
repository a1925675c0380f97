"""Where the running program's source is, and which version it is."""

import functools
import io
import os
import subprocess
import threading
import tomllib
import zipfile

from lib.web.frame.language import ROOT

_PARTS = ("app.py", "pages", "lib", "content", "locale", "data", "static/two-dice", "scripts", "benchmarks", "tests")
_PAPERS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "requirements.txt", "requirements-dev.txt")


@functools.cache
def version() -> str:
    """The version in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


@functools.cache
def address() -> str:
    """Where the source is: ``TWO_DICE_SOURCE``, else where this checkout was cloned from, else a zip on this server.

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
        found = ""
    if found.startswith("git@"):
        found = "https://" + found.removeprefix("git@").replace(":", "/", 1)
    if found.startswith("https://") and "@" not in found:
        return found.removesuffix(".git")
    # Not cloned from a public place: the server offers the very files it runs. They are packed a little later, so that
    # the first visitor does not wait for it.
    offered = ROOT / "static" / f"two-dice-{version()}.zip"
    later = threading.Timer(5, lambda: offered.write_bytes(archive()))
    later.daemon = True
    later.start()
    return f"./app/static/{offered.name}"


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
