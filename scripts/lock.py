"""Write deploy/*.lock: every package that requirements*.txt bring, with version and checksums, for Linux without CUDA.

PyTorch is left out. It comes from an index of its own, at the version in requirements.txt, so that one wheel without
CUDA serves; with the one on PyPI, nineteen packages for CUDA would be in the list. The locks are in a folder of their
own because Community Cloud would take one beside requirements.txt in its place.

    pipx install uv && python -m scripts.lock      after changing requirements*.txt; adds only what they ask for
    python -m scripts.lock --upgrade               the newest versions of everything else
    python -m scripts.lock --find-links FOLDER     where PyTorch's index cannot be reached: a folder with its wheel
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"requirements.txt": "deploy/requirements.lock", "requirements-dev.txt": "deploy/requirements-dev.lock"}
OPTIONS = ("--python-version=3.11.7", "--python-platform=linux", "--no-emit-package=torch", "--generate-hashes", "-q")


def command(source: str, lock: str, options: list[str]) -> list[str]:
    """What resolves one file of requirements."""
    pytorch = [] if "--find-links" in options else ["--torch-backend=cpu"]
    said = "--custom-compile-command=python -m scripts.lock"
    return ["uv", "pip", "compile", source, "-o", lock, *OPTIONS, *pytorch, "--no-annotate", said, *options]


def main(options: list[str]) -> None:
    """Write both locks."""
    for source, lock in LOCKS.items():
        subprocess.run(command(source, lock, options), cwd=ROOT, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
