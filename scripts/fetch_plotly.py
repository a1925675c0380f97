"""Fetch the script that draws the charts in the browser: Plotly's basic bundle, a quarter of the full one.

The Python package ships only the full bundle, 4.8 MB, which takes a phone seconds to load. The charts here are made of
lines, points and bars, and the basic bundle of the same version has all of those. It comes from the npm registry, with
a checksum, and is kept in this repository, so that neither a server nor a browser has to fetch it from elsewhere.

    python -m scripts.fetch_plotly       after changing plotly's version in requirements.txt
"""

import base64
import hashlib
import io
import json
import re
import tarfile
import urllib.request
from importlib.resources import files
from pathlib import Path

REGISTRY = "https://registry.npmjs.org/plotly.js-basic-dist-min"
SCRIPT = Path(__file__).resolve().parents[1] / "static" / "two-dice" / "parts" / "plotly-basic.min.js"
_VERSION = re.compile(r"plotly\.js (?:\(basic - minified\) )?v(\d+\.\d+\.\d+)")


def version_in(script: str) -> str:
    """The version of Plotly's script, read from its first line.

    >>> version_in("/** * plotly.js (basic - minified) v4.1.1 * Copyright")
    '4.1.1'
    """
    found = _VERSION.search(script[:200])
    if not found:
        raise ValueError("the first line does not say that this is plotly.js")
    return found[1]


def version_of_package() -> str:
    """The version of the script in the installed Python package."""
    return version_in((files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8"))


def fetch(version: str) -> bytes:
    """The basic bundle of a version. Raises ValueError if its checksum is not the registry's."""
    with urllib.request.urlopen(f"{REGISTRY}/{version}") as answer:
        published = json.load(answer)["dist"]
    with urllib.request.urlopen(published["tarball"]) as answer:
        packed = answer.read()
    if "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode() != published["integrity"]:
        raise ValueError(f"{published['tarball']} does not have the checksum that the registry gives")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        member = archive.extractfile("package/plotly-basic.min.js")
        assert member is not None
        return member.read()


def main() -> None:
    """Replace the script with the one for the installed package's version."""
    version = version_of_package()
    SCRIPT.write_bytes(fetch(version))
    print(f"{SCRIPT.name} {version}: {SCRIPT.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
