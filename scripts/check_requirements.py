"""Whether requirements.txt alone is enough: in a new environment, start the app as the README says and open every page.

python -m scripts.check_requirements          in a new environment, made with pip and thrown away; minutes
python -m scripts.check_requirements --here   in this one; the Dockerfile does this too, since it compiles what the
                                              app imports
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from lib.web.frame.navigation import PAGES
from tests.support.serving import ROOT, serving
from tests.support.visiting import Visitor


def check_in_a_new_environment() -> int:
    """Install requirements.txt into an empty environment, check there, and return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        began = time.monotonic()
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", "requirements.txt"], cwd=ROOT, check=True)
        megabytes = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
        print(f"requirements.txt: {megabytes:,.0f} MB, installed in {time.monotonic() - began:.0f} s", flush=True)
        return subprocess.run([python, "-m", "scripts.check_requirements", "--here"], cwd=ROOT, check=False).returncode


async def open_every_page(address: str) -> list[str]:
    """Open each page by its link, wait until nothing goes on by itself, and return what the pages complain of."""
    errors = []
    for page in PAGES:
        async with Visitor(address) as visitor:
            rerun = await visitor.open("" if page.id == "home" else page.id)
            reruns = [rerun, *[each async for each in visitor.stay(60, until_quiet=True)]]
        errors += [f"{page.id}: {each.error}" for each in reruns if each.error]
        print(f"{page.id}: {rerun.seconds:.2f} s, {rerun.bytes / 1e3:.0f} kB", flush=True)
    return errors


def check_here() -> int:
    """Start the app in this environment, open every page, and return the exit status: 0 if none complains."""
    began = time.monotonic()
    with serving() as (address, _process):  # a traceback in the server's log is an error, too
        print(f"started in {time.monotonic() - began:.1f} s", flush=True)
        errors = asyncio.run(open_every_page(address))
    print("\n".join(errors) or "every page opens")
    return 1 if errors else 0


def main() -> int:
    """Check, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.check_requirements")
    parser.add_argument("--here", action="store_true", help="check the environment that runs this")
    return check_here() if parser.parse_args().here else check_in_a_new_environment()


if __name__ == "__main__":
    sys.exit(main())
