"""Run one benchmark and print its table: `python -m benchmarks NAME [--json]`.

A benchmark called NAME is the module `benchmarks/NAME.py` with one public function::

    def main(arguments: list[str]) -> int

`arguments` is what comes after NAME on the command line (`--json` prints one JSON object instead of the table). The
result is the exit status: 0 if every target was met, 1 if one was missed. `benchmarks.timing` has what all of them
share. Each benchmark measures a peer, or the naive way of doing the same, beside ours in the same run: seconds belong
to one machine, but a ratio travels.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

NOT_BENCHMARKS = ("__init__", "__main__", "timing")


def names() -> list[str]:
    """Return the names of all benchmarks, from their file names, so that listing them imports nothing heavy."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NOT_BENCHMARKS)


def main(arguments: list[str]) -> int:
    """Run the benchmark named by the first argument and return its exit status; 2 if there is no such benchmark."""
    usage = f"usage: python -m benchmarks NAME [--json]\nNAME is one of: {', '.join(names())}"
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage)
        return 0 if arguments else 2
    name, *rest = arguments
    if name not in names():
        print(f"There is no benchmark called {name!r}.\n{usage}", file=sys.stderr)
        return 2
    return int(importlib.import_module(f"benchmarks.{name}").main(rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
