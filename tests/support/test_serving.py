"""The tests' own server is the one that users start."""

import subprocess
import sys

import pytest

from tests.support import serving
from tests.support.serving import ROOT, command


def test_the_tests_start_the_server_as_the_readme_does():
    (line,) = [each for each in (ROOT / "README.md").read_text("utf-8").splitlines() if "bin/streamlit run" in each]
    program, *rest = command(ROOT / "app.py", 8501)
    assert line.split(" && ")[-1] == ".venv/bin/" + " ".join([program.rsplit("/", 1)[-1], *rest[:2]])
    assert {each.split("=")[0] for each in rest[2:]} == {"--server.address", "--server.port", "--server.headless"}


def test_a_server_that_does_not_end_is_killed_and_that_is_an_error(monkeypatch):
    monkeypatch.setattr(serving, "ENDS_WITHIN", 0.2)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    server = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    with server:
        assert server.stdout is not None
        server.stdout.readline()  # from now on it is deaf
        with pytest.raises(subprocess.TimeoutExpired):
            serving._end(server)
        assert server.poll() is not None
