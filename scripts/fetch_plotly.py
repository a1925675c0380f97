"""Fetch the script that draws the charts in the browser: Plotly's basic bundle, a quarter of the whole.

The Python package brings only the whole, 4.8 MB, which takes a phone seconds. Lines, points and bars, all that the
charts here are made of, are in the basic bundle of the same version. It is published in the npm registry, which says
the checksum too, and lies in this repository, so that neither a server nor a browser has to ask anybody else for it.

    python -m scripts.fetch_plotly       after a change of plotly's version in requirements.txt
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
    """The version of Plotly's script, which its first lines say.

    >>> version_in("/** * plotly.js (basic - minified) v4.1.1 * Copyright")
    '4.1.1'
    """
    found = _VERSION.search(script[:200])
    if not found:
        raise ValueError("the first lines do not say that this is plotly.js")
    return found[1]


def version_of_package() -> str:
    """The version of the script in the installed Python package."""
    return version_in((files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8"))


def fetch(version: str) -> bytes:
    """The basic bundle of a version. A ValueError if it is not what the registry promises."""
    with urllib.request.urlopen(f"{REGISTRY}/{version}") as answer:
        told = json.load(answer)["dist"]
    with urllib.request.urlopen(told["tarball"]) as answer:
        packed = answer.read()
    if "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode() != told["integrity"]:
        raise ValueError(f"{told['tarball']} does not have the checksum that the registry says")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        member = archive.extractfile("package/plotly-basic.min.js")
        assert member is not None
        return member.read()


def main() -> None:
    """Replace the script by that of the installed package's version."""
    version = version_of_package()
    SCRIPT.write_bytes(fetch(version))
    print(f"{SCRIPT.name} {version}: {SCRIPT.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
