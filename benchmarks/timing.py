"""What the benchmarks share: time tasks fairly against each other, and print the results.

Two rules make a ratio credible on a machine that is busy with other things. The tasks are **interleaved** (A, B, A, B,
...), so that a slow spell affects all of them; and the **median** of the rounds is taken, so that one bad round does
not count.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

Cell = str | int | float | None


def interleave(
    tasks: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 7,
    burn_in: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time each task once per round, in turn, and return the seconds of every round by name.

    The first `burn_in` rounds are run and discarded: they pay for caches, lazy imports and memory. For work on one
    thread that never waits, `clock=time.process_time` leaves out the time in which other programs had the core.

    >>> seconds = interleave({"a": lambda: sum(range(10)), "b": lambda: None}, rounds=3)
    >>> [(name, len(rounds)) for name, rounds in seconds.items()]
    [('a', 3), ('b', 3)]
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(burn_in + rounds):
        for name, task in tasks.items():
            started = clock()
            task()
            elapsed = clock() - started
            if turn >= burn_in:
                seconds[name].append(elapsed)
    return seconds


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return how many times as long `slow` took as `fast`: the median of the rounds' ratios.

    >>> ratio([4.0, 40.0, 4.0], [2.0, 20.0, 1.0])
    2.0
    """
    return median(a / b for a, b in zip(slow, fast, strict=True))


@dataclass(frozen=True)
class Table:
    """Rows of figures under column headings; the first column names the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Target:
    """A target for a measured figure: at least, or (with `at_most`) at most, `bound`."""

    name: str
    measured: float
    bound: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the target was met in this run."""
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


def wants_json(arguments: Sequence[str], name: str) -> bool:
    """Read a benchmark's command line, which has one option, `--json`; anything else ends with a message."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    return bool(parser.parse_args(arguments).json)


def report(name: str, tables: Sequence[Table], targets: Sequence[Target], *, as_json: bool) -> int:
    """Print tables and targets (or one JSON object with both) and return the exit status: 0 if every target was met."""
    machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    if as_json:
        promised = [{**asdict(target), "met": target.met} for target in targets]
        found = {"benchmark": name, "machine": machine, "tables": [asdict(t) for t in tables], "targets": promised}
        print(json.dumps(found, indent=2))
    else:
        for table in tables:
            print(f"\n{_layout(table)}")
        if targets:
            print()
        for target in targets:
            sign = "<=" if target.at_most else ">="
            verdict = "met" if target.met else "MISSED"
            print(f"{target.name}: {_text(target.measured)} (target {sign} {_text(target.bound)}): {verdict}")
    return 0 if all(target.met for target in targets) else 1


def _layout(table: Table) -> str:
    lines = [list(table.columns), *([_text(cell) for cell in row] for row in table.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
    aligned = []
    for name, *figures in lines:
        cells = [
            name.ljust(widths[0]),
            *(figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)),
        ]
        aligned.append("  ".join(cells))
    return "\n".join([table.title, aligned[0], "-" * len(aligned[0]), *aligned[1:]])


def _text(cell: Cell) -> str:
    """Write a figure with three significant digits: 44,100 and 21.3 and 0.0123."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell
