"""Where the running program's source is, which version it is, and the source as a zip."""

import functools
import io
import os
import subprocess
import tomllib
import zipfile
from pathlib import Path

from lib.web.frame.language import ROOT

# What the program consists of, where no git says it: these folders and papers, and in the folders files of these kinds.
_FOLDERS = (
    "pages", "lib", "content", "locale", "data", "docs", "deploy", "static/two-dice", "scripts", "benchmarks", "tests",
)  # fmt: skip
_PAPERS = (
    "app.py", "README.md", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "SECURITY.md",
    "pyproject.toml", "requirements.txt", "requirements-dev.txt", "requirements-llm.txt", "static/dice.svg",
    "Dockerfile", "compose.yaml", "THIRD_PARTY.md",
)  # fmt: skip
_KINDS = {
    ".conf", ".css", ".csv", ".js", ".json", ".lock", ".md", ".npz", ".png", ".po", ".pot", ".py", ".toml", ".txt",
    ".yml",
}  # fmt: skip
# Hidden files may hold passwords, so no others than these are ever given away.
_HIDDEN_FOLDER = ".github"
_HIDDEN = (
    ".ci/run",
    ".dockerignore",
    ".editorconfig",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".streamlit/config.toml",
)


@functools.cache
def version() -> str:
    """The version in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


@functools.cache
def address() -> str | None:
    """Where the source is: ``TWO_DICE_SOURCE``, else where this checkout was cloned from; None where neither is known.

    A fork shows its own address without a line changed.
    """
    chosen = os.environ.get("TWO_DICE_SOURCE")
    if chosen:
        return chosen
    found = _git("config", "--get", "remote.origin.url").strip()
    if found.startswith("git@"):
        found = "https://" + found.removeprefix("git@").replace(":", "/", 1)
    return found.removesuffix(".git") if found.startswith("https://") and "@" not in found else None


def on_the_web(path: str) -> str | None:
    """Where a file of the source can be read, if its address is at a place that is known to show files."""
    base = address() or ""
    return f"{base}/blob/HEAD/{path}" if base.startswith(("https://github.com/", "https://gitlab.com/")) else None


def archive_name() -> str:
    """What the zip is called when it is saved."""
    return f"two-dice-{version()}.zip"


@functools.cache  # one zip, 3.3 MB
def archive() -> bytes:
    """The running program's own files as a zip: what this server runs is what a student reads.

    It is made in memory, so that a server may run from a folder that it cannot write to.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as file:
        for path in source_files():
            file.write(ROOT / path, Path("two-dice") / path)
    return packed.getvalue()


def source_files() -> list[Path]:
    """The files of the program, relative to its folder: those that git tracks, else those of its known places.

    Hidden files are left out, but for those that developers need, and so are symbolic links, which could lead anywhere
    on the server.
    """
    tracked = [Path(name) for name in _git("ls-files", "-z").split("\0") if name]
    # In a folder that was unpacked inside of another repository, git knows none of the files.
    candidates = tracked if Path("app.py") in tracked else _known_places()
    return sorted(path for path in candidates if _may_be_given_away(path))


def _known_places() -> list[Path]:
    inside = [
        path for folder in (*_FOLDERS, _HIDDEN_FOLDER) for path in (ROOT / folder).rglob("*") if path.suffix in _KINDS
    ]
    return [*(path.relative_to(ROOT) for path in inside), *map(Path, _PAPERS), *map(Path, _HIDDEN)]


def is_open(path: Path) -> bool:
    """Whether a file of this name may be given away: it is not hidden, or one of those that developers need."""
    below = path.parts[1:] if path.parts[0] == _HIDDEN_FOLDER else path.parts
    return not any(part.startswith(".") for part in below) or path.as_posix() in _HIDDEN


def _may_be_given_away(path: Path) -> bool:
    file = ROOT / path
    return is_open(path) and file.is_file() and file.resolve() == file  # the same place: no link on the way


def _git(*command: str) -> str:
    """What git answers about this checkout; nothing where there is no git or no checkout."""
    try:
        done = subprocess.run(
            ["git", *command], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout if done.returncode == 0 else ""
