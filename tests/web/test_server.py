"""The server's process: where its threads run, what starts it, and that it ends when it is asked to."""

import asyncio
import os
import signal
import socket
import sys
import time
import tomllib
from pathlib import Path

import pytest

from lib.web import server
from tests.support.serving import ROOT, command, serving
from tests.support.visiting import Visitor, in_a_thread

HEAVY = "train=1&data=digits&n=1000&layers=256-256&seeds=16&batch=128&steps=8000"


def cores(task: Path) -> str:
    return (task / "status").read_text().partition("Cpus_allowed_list:")[2].split()[0]


def test_the_app_is_started_as_the_readme_says() -> None:
    """No option that a person does not give, but for where it listens; the file watcher is off for everybody."""
    line = command(ROOT / "app.py", 8501)
    assert [Path(line[0]).name, *line[1:3]] == ["streamlit", "run", "app.py"]
    options = {each.partition("=")[0] for each in line if each.startswith("-")}
    assert options == {"--server.address", "--server.port", "--server.headless"}
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["fileWatcherType"] == "none"


def test_two_containers_on_one_machine_use_different_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """In each of them the server is process 1; Docker's addresses follow each other."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(socket, "gethostname", lambda: "6ec57f84c680")
    numbers = []
    for address in ("172.18.0.3", "172.18.0.4"):
        monkeypatch.setattr(socket, "gethostbyname", {"6ec57f84c680": address}.__getitem__)
        numbers.append(server._number())
    assert [number % 2 for number in numbers] == [1, 0]

    def unknown(host: str) -> str:
        raise socket.gaierror(host)

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    assert server._number() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's threads from /proc")
def test_pages_share_a_core_runs_have_the_others_and_sigterm_ends_both() -> None:
    async def visit(address: str, process: int) -> None:
        threads = Path(f"/proc/{process}/task")
        async with Visitor(address) as visitor:
            await visitor.open("training", HEAVY)
            pages = cores(threads / str(process))
            if (os.cpu_count() or 1) > 1:
                async for _rerun in visitor.stay(60):
                    picture = visitor.component("training")
                    if picture and picture[1]["count"] > 1:  # the run is under way
                        break
                runs = {cores(each) for each in threads.iterdir()} - {pages}
                assert pages.isdigit()
                assert runs
                assert pages not in runs
            os.kill(process, signal.SIGTERM)
            end = time.monotonic() + 5
            while (Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]) != "Z":
                assert time.monotonic() < end, "the server is still there"
                await asyncio.sleep(0.05)

    with serving() as (address, process):
        in_a_thread(visit(address, process))
