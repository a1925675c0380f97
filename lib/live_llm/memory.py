"""How much memory a new process may take on this machine, or in this container."""

from contextlib import suppress
from pathlib import Path

_ROOT = Path("/")


def free_memory(root: Path = _ROOT) -> int | None:
    """Bytes that are free: of the machine, or of the container if that is less. None where nobody can say (not Linux).

    ``root`` is where the system's own files are. What only caches files is free, since the system gives it up.
    """
    free = [each for each in (_of_the_machine(root), *_of_containers(root)) if each is not None]
    return max(0, min(free)) if free else None


def _of_the_machine(root: Path) -> int | None:
    with suppress(OSError, ValueError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            name, _colon, amount = line.partition(":")
            if name == "MemAvailable":
                return int(amount.split()[0]) * 1024
    return None


def _of_containers(root: Path) -> list[int | None]:
    """What the limits of control groups leave, of both versions that Linux has: of this process's group and of those
    around it."""
    groups = root / "sys/fs/cgroup"
    memory = [groups / "memory"]
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _number, controllers, path = line.split(":", 2)
            base = groups / "memory" if "memory" in controllers.split(",") else groups
            if base != groups or not controllers:
                own = base / path.strip("/")
                memory += [own, *(each for each in own.parents if each.is_relative_to(base))]
    return [
        each
        for folder in dict.fromkeys([groups, *memory])
        for each in (
            _left(folder, "memory.max", "memory.current", "inactive_file"),
            _left(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        )
    ]


def _left(folder: Path, limit: str, used: str, cached: str) -> int | None:
    with suppress(OSError, ValueError):  # no such group, or its limit is "max"
        statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        left = int((folder / limit).read_text()) - int((folder / used).read_text())
        return left + int(statistics.get(cached, 0))
    return None
