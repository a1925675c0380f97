"""Run a listing as a student does: copied into a file of its own, far from this repository."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_elsewhere(program: str, folder: Path, timeout: float = 200) -> str:
    """What the program prints when it is saved in the folder and run there; it must not end in an error or warn."""
    file = folder / "listing.py"
    file.write_text(program, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(file)],
        cwd=folder,
        env=environment | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def with_source(program: str) -> str:
    """The program of a reader who has written where the source code is."""
    line = 'TWO_DICE = Path("two-dice")'
    assert program.count(line) == 1
    return program.replace(line, f"TWO_DICE = Path({str(ROOT)!r})")


def fits_beside_the_page(program: str) -> bool:
    """No line needs to be scrolled sideways on a laptop."""
    return max(map(len, program.splitlines())) <= 120
