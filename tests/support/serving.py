"""Start the app as a person would, on a free port of this machine, and end it by its process id."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OPTIONS = ("--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none")
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def served(app: Path = ROOT / "app.py", **environment: str) -> Iterator[str]:
    """The address of a running ``streamlit run app.py``."""
    with serving(app, port=None, **environment) as (address, _process):
        yield address


@contextmanager
def serving(app: Path = ROOT / "app.py", *, port: int | None = None, **environment: str) -> Iterator[tuple[str, int]]:
    """The address of a running ``streamlit run app.py``, and the id of its process. A free port unless one is given."""
    port = port or free_port()
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(app), *OPTIONS, "--server.port", str(port)],
            cwd=app.parent,
            # What the tests set for themselves is not for a real server.
            env={k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")} | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)
            log.seek(0)
            said = log.read().decode(errors="replace")
    # A page that shows no traceback may still have logged one.
    assert "Traceback" not in said, said


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server at {address} did not become healthy")
