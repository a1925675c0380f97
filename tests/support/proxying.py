"""Start nginx as compose.yaml does, with the configuration that ships, in front of servers on this machine."""

import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

from tests.support.serving import ROOT, free_port

NGINX = shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))
CONFIGURATION = ROOT / "deploy" / "nginx.conf"


@dataclass(frozen=True)
class Proxy:
    """A running nginx: its address, and what it has logged about each request."""

    address: str
    log: Path

    def requests(self, containing: str = "") -> list[str]:
        """The lines of its log, as far as they are written."""
        return [line for line in self.log.read_text().split("\n")[:-1] if containing in line]


@contextmanager
def proxied(replicas: Sequence[str], changes: Mapping[str, str] | None = None) -> Iterator[Proxy]:
    """nginx before replicas, given by their addresses, which may have a path. Only names of this machine are filled in:
    the replicas', the port, and the folder that it may write to; and ``changes``, which a host makes."""
    assert NGINX is not None
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # its processes are another user's, where this is run as root
        servers = " ".join(f"server {urlsplit(each).netloc};" for each in replicas)
        text = CONFIGURATION.read_text()
        for ours, here in {
            "server app:8501;": servers,
            "listen 8080;": f"listen 127.0.0.1:{port};",
            "/tmp/": f"{folder}/",
            "/dev/stdout": f"{folder}/access.log",
            **(changes or {}),
        }.items():
            assert ours in text, ours
            text = text.replace(ours, here)
        (folder / "nginx.conf").write_text(text)
        command = [NGINX, "-e", "stderr", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
        with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdout=said, stderr=said) as nginx:
            try:
                _wait_for_an_answer(f"http://127.0.0.1:{port}", nginx)
                yield Proxy(f"http://127.0.0.1:{port}{urlsplit(replicas[0]).path}", folder / "access.log")
            finally:
                nginx.terminate()
                nginx.wait(20)
                said.seek(0)
                print(said.read().decode(errors="replace"), end="")  # pytest shows it if the test fails


def _wait_for_an_answer(address: str, nginx: "subprocess.Popen[bytes]", seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and nginx.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except HTTPError:
            return  # an answer, too: under a path, there is nothing at the root
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("nginx did not start")
