"""Moving pictures: a small module in static/two-dice/ that draws data sent by Python.

Streamlit sends a component's inline script and style again with every change of its data. So the script sent is a few
lines that load the real one and the style, which the browser keeps.
"""

import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from lib.web.language import ROOT

_FOLDER = ROOT / "static" / "two-dice"
_IMPORTED = re.compile(r'await import\("\./(\w+)\.js" \+ version\)')

# A module exports update(component), called at every change of data or theme, and destroy(root), called at the end.
_LOADER = """
const latest = new WeakMap();
const address = (file) => new URL(`./app/static/two-dice/${{file}}?v={version}`, document.baseURI).href;
const load = (name) => import(address(`${{name}}.js`));
// The parts are asked for together with the module that will import them, and not after it.
const parts = {parts}.map(load);
// One link for all pictures of a page, and each waits until it is loaded.
const style = () => new Promise((ready) => {{
  const href = address("two-dice.css");
  let link = document.querySelector(`link[href="${{href}}"]`);
  if (link?.sheet) return ready();
  if (!link) {{
    link = Object.assign(document.createElement("link"), {{ rel: "stylesheet", href, onerror: () => link.remove() }});
    document.head.append(link);
  }}
  for (const event of ["load", "error"]) link.addEventListener(event, ready);
}});
const module = Promise.all([load("{name}"), style()]).then(([loaded]) => loaded);
export default function (component) {{
  const root = component.parentElement;
  latest.set(root, component);
  module.then((loaded) => {{
    const {{ data: [data], ...rest }} = latest.get(root) ?? {{ data: [] }};
    if (data) loaded.update({{ ...rest, data }});
  }});
  return () => {{ latest.delete(root); module.then((loaded) => loaded.destroy(root)); }};
}}
"""


def moving_picture(name: str) -> Callable[..., Any]:
    """The mount function of static/two-dice/<name>.js; call once, at the module level of the file that uses it."""
    mount = st.components.v2.component(
        f"two_dice_{name}",
        html='<div class="two-dice"></div>',
        js=_LOADER.format(name=name, version=_version(), parts=json.dumps(_parts(name))),
        # Plotly writes its styles into the document, where a shadow root would not see them.
        isolate_styles=False,
    )

    def mount_picture(*, data: Mapping[str, Any], **options: Any) -> Any:
        # In a list, because Streamlit looks through a dictionary for data frames, and imports pandas to do so: half a
        # second for the first visitor.
        return mount(data=[data], **options)

    return mount_picture


@functools.cache
def _version() -> str:
    """Any change in the folder gives all its files a new address, so no browser mixes old with new."""
    files = sorted(_FOLDER.glob("*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _parts(name: str) -> list[str]:
    """The modules that static/two-dice/<name>.js imports.

    >>> _parts("life_strip")
    ['transport', 'svg']
    """
    return _IMPORTED.findall((_FOLDER / f"{name}.js").read_text(encoding="utf-8"))


def unpacked(json_text: str) -> dict[str, Any]:
    """What a picture was sent, from the text of the message: the counterpart of mounting it, for tests.

    >>> unpacked('[{"run": 1}]')
    {'run': 1}
    """
    (data,) = json.loads(json_text)
    return dict(data)
