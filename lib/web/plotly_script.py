"""Plotly's script for the live charts, copied from the installed package to static/ when a server first needs it."""

import functools
import os
import shutil
import tempfile
from importlib.metadata import version
from importlib.resources import as_file, files

from lib.web.language import ROOT


@functools.cache
def plotly_script() -> str:
    """The script's address relative to the app; the first call on a server puts the file there.

    It is never committed: it is 5 MB that every installation already has. The name holds the version, so that a browser
    that has an older one asks again.
    """
    name = f"plotly-{version('plotly')}.min.js"
    target = ROOT / "static" / name
    if not target.exists():
        # Two servers may start on one folder: each writes its own file and renames it, which is atomic.
        handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".js")
        os.close(handle)
        with as_file(files("plotly") / "package_data" / "plotly.min.js") as source:
            shutil.copyfile(source, temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    return f"./app/static/{name}"
