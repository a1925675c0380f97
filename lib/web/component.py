"""Moving pictures: a small module in static/two-dice/ that draws data sent by Python.

Streamlit sends a component's inline script again with every change of its data. So the script sent is three lines
that load the real one, which the browser keeps.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import streamlit as st

from lib.web.language import ROOT

_FOLDER = ROOT / "static" / "two-dice"

# A module exports update(component), called at every change of data or theme, and destroy(root), called at the end.
_LOADER = """
const latest = new WeakMap();
const module = import(new URL("./app/static/two-dice/{name}.js?v={version}", document.baseURI));
export default function (component) {{
  const root = component.parentElement;
  latest.set(root, component);
  module.then((loaded) => latest.has(root) && loaded.update(latest.get(root)));
  return () => {{ latest.delete(root); module.then((loaded) => loaded.destroy(root)); }};
}}
"""


def moving_picture(name: str) -> Callable[..., Any]:
    """The mount function of static/two-dice/<name>.js; call once, at the module level of the file that uses it."""
    # Any change in the folder gives all its files a new address, so no browser mixes old with new.
    files = sorted(_FOLDER.glob("*"))
    version = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    return st.components.v2.component(
        f"two_dice_{name}",
        html='<div class="two-dice"></div>',
        css=(_FOLDER / "two-dice.css").read_text(encoding="utf-8"),
        js=_LOADER.format(name=name, version=version),
        # Plotly writes its styles into the document, where a shadow root would not see them.
        isolate_styles=False,
    )
