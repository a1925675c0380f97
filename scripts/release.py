"""Pack a tagged version as a zip, with what the footer's zip has (lib/web/frame/source.py) and nothing else.

    git tag v0.1.0 && python -m scripts.release v0.1.0        writes out/two-dice-0.1.0.zip, and prints its checksum

It is made from the commit and not from the folder, so nothing that lies about can get in, and the same tag gives the
same zip, byte for byte.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from pathlib import Path

from lib.web.frame.source import is_open

ROOT = Path(__file__).resolve().parents[1]


def packed(tag: str, root: Path = ROOT) -> tuple[str, bytes]:
    """The version of a tag, and its files as a zip.

    Raises ValueError if git knows no such tag, or the tag is not named after the version in pyproject.toml.
    """
    command = ["git", "archive", "--format=tar", f"refs/tags/{tag}"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode:
        raise ValueError(f"{tag}: {done.stderr.decode().strip()}")
    made = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as commit, zipfile.ZipFile(made, "w") as zipped:
        project = commit.extractfile("pyproject.toml")
        assert project is not None
        version = str(tomllib.load(project)["project"]["version"])
        if tag != f"v{version}":
            raise ValueError(f"{tag}: the version in pyproject.toml is {version}, so its tag is v{version}")
        for file in commit.getmembers():
            content = commit.extractfile(file) if file.isfile() and is_open(Path(file.name)) else None  # and no links
            if content is not None:
                entry = zipfile.ZipInfo(f"two-dice-{version}/{file.name}", time.gmtime(file.mtime)[:6])
                entry.external_attr = file.mode << 16
                zipped.writestr(entry, content.read(), zipfile.ZIP_DEFLATED)
    return version, made.getvalue()


def main(arguments: list[str]) -> None:
    """Write the zip of the tag on the command line."""
    if len(arguments) != 1:
        sys.exit("usage: python -m scripts.release TAG")
    try:
        version, content = packed(arguments[0])
    except ValueError as mistake:
        sys.exit(str(mistake))
    path = ROOT / "out" / f"two-dice-{version}.zip"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    print(f"{hashlib.sha256(content).hexdigest()}  {path.relative_to(ROOT)}, {len(content) / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
