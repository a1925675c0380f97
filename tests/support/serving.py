"""Start the app as a person would, on a free port of this machine, and end it by its process id."""

import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STREAMLIT = Path(sysconfig.get_path("scripts")) / "streamlit"
ENDS_WITHIN = 20  # seconds from SIGTERM; it takes half a second
# What the tests set for themselves is not for a real server.
OURS = ("STREAMLIT_", "OMP_NUM_THREADS")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def command(app: Path, port: int, base: str = "") -> list[str]:
    """The README's own line, run in the app's folder; only the address is this machine's, and no browser is opened.

    With ``base``, the app is served under that path.
    """
    options = {"address": "127.0.0.1", "port": str(port), "headless": "true"} | ({"baseUrlPath": base} if base else {})
    return [str(STREAMLIT), "run", app.name, *(f"--server.{name}={value}" for name, value in options.items())]


def copied(folder: Path) -> Path:
    """A copy of the program in this folder, with all that it runs with; returns its app.py."""
    for name in ("pages", "lib", "content", "locale", "data", "static", ".streamlit"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder / "app.py"


@contextmanager
def served(app: Path = ROOT / "app.py", *, base: str = "", **environment: str) -> Iterator[str]:
    """The address of a running ``streamlit run app.py``."""
    with serving(app, port=None, base=base, log=None, before=(), **environment) as (address, _process):
        yield address


@contextmanager
def serving(
    app: Path = ROOT / "app.py",
    *,
    port: int | None = None,
    base: str = "",
    log: Path | None = None,
    before: Sequence[str] = (),
    **environment: str,
) -> Iterator[tuple[str, int]]:
    """The address of a running ``streamlit run app.py``, and the id of its process. A free port unless one is given.

    It must log no error, unless its ``log`` is asked for: then it is the test's to judge. ``before`` is a program that
    starts the server.
    """
    port = port or free_port()
    address = f"http://127.0.0.1:{port}" + (f"/{base}" if base else "")
    with log.open("w+b") if log else tempfile.TemporaryFile() as output:
        server = subprocess.Popen(
            [*before, *command(app, port, base)],
            cwd=app.parent,
            env={name: value for name, value in os.environ.items() if not name.startswith(OURS)}
            | {"TWO_DICE_LLM": ""}  # no live model, even where one has been fetched
            | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_healthy(f"{address}/_stcore/health", server)
            yield address, server.pid
        finally:
            _end(server)
            output.seek(0)
            logged = output.read().decode(errors="replace")
    # A page that shows no traceback may still have logged one.
    assert log or "Traceback" not in logged, logged


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server as a host does. One that does not end is killed, and that is an error."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(ENDS_WITHIN)
    finally:
        server.kill()  # nothing happens to one that has ended
        server.wait()


def wait_until_healthy(address: str, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server at {address} did not become healthy")
