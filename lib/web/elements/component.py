"""Moving pictures: a small module in static/two-dice/ that draws data sent by Python.

Streamlit sends a component's inline script again with every change of its data. So the script sent is a few lines that
load the real one, which the browser keeps. How pages and pictures look comes once, with the frame (`page_style`).
"""

import base64
import functools
import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from lib.web.frame.language import ROOT, _

_FOLDER = ROOT / "static" / "two-dice"
_IMPORTED = re.compile(r'await import\("\./([\w/]+)\.js" \+ version\)')

# A module exports update(component), called at every change of data or theme, and destroy(root), called at the end.
# A script that does not arrive is asked for again, while words stand in for the picture.
_LOADER = """
const latest = new WeakMap(), retries = new WeakMap();
{load}
let loading = null, suffix = "";
const loaded = () => loading ??= load(suffix).catch((error) => {{
  loading = null;
  suffix = `&again=${{Date.now()}}`;  // the browser keeps a failure under the address that failed
  throw error;
}});
function show(root) {{
  clearTimeout(retries.get(root));
  loaded().then((picture) => {{
    const {{ data: [data, failure, saving], ...rest }} = latest.get(root) ?? {{ data: [] }};
    if (!data) return;
    if (retries.delete(root)) root.querySelector(".two-dice").textContent = "";
    picture.update({{ ...rest, data, failure, saving }});
  }}, () => {{
    if (!latest.has(root)) return;
    root.querySelector(".two-dice").textContent = latest.get(root).data[1];
    retries.set(root, setTimeout(show, {again}, root));
  }});
}}
export default function (component) {{
  const root = component.parentElement;
  latest.set(root, component);
  show(root);
  return () => {{
    // A call that newer data have overtaken is ended too, but the picture is still on the page, and goes on.
    if (root.isConnected) return;
    latest.delete(root);
    clearTimeout(retries.get(root));
    loading?.then((picture) => picture.destroy(root), () => {{}});
  }};
}}
"""
_AGAIN = 3000  # ms until a script that did not arrive is asked for again
_FETCH = """
const fetched = (name, suffix) =>
  import(new URL(`./app/static/two-dice/${{name}}.js?v={version}${{suffix}}`, document.baseURI).href);
// The parts are asked for together with the module that will import them, and not after it.
const load = (suffix) => Promise.all([fetched("{name}", suffix), ...{parts}.map((name) => fetched(name, suffix))])
  .then(([module]) => module);
"""


_WEB = ROOT / "lib" / "web"
_STYLES = (_WEB / "frame" / "style.css", _WEB / "elements" / "pictures.css", _WEB / "frame" / "presenting.css")
_mount_style = st.components.v2.component(
    "two_dice_style",
    css="".join(style.read_text(encoding="utf-8") for style in _STYLES),
    isolate_styles=False,
)


def page_style() -> None:
    """Send the look of pages and of their pictures.

    As a component and not as HTML: the browser loads the code of components for the pictures anyway, and that of HTML,
    of which a page may have none, it would load before it shows the page as it should look.
    """
    _mount_style(key="style", width=1, height=1)


def moving_picture(name: str, *, inline: bool = False) -> Callable[..., Any]:
    """The mount function of static/two-dice/<name>.js; call once, at the module level of the file that uses it.

    ``inline`` is for a picture whose data never change: its modules travel with it, and it is there sooner.
    """
    if inline:
        load = f'const load = () => import("{_packed(name)}");'
    else:
        load = _FETCH.format(name=name, version=_version(), parts=json.dumps(_parts(name)))
    mount = st.components.v2.component(
        f"two_dice_{name}",
        html='<div class="two-dice"></div>',
        js=_LOADER.format(load=load, again=_AGAIN),
        # Plotly writes its styles into the document, where a shadow root would not see them.
        isolate_styles=False,
    )

    def mount_picture(*, data: Mapping[str, Any], **options: Any) -> Any:
        refuse_what_json_cannot_hold(data)
        # In a list, because Streamlit looks through a dictionary for data frames, and imports pandas to do so: half a
        # second for the first visitor.
        failure = _("This picture has not loaded yet. The page keeps trying.")
        return mount(data=[data, failure, _saving()], **options)

    return mount_picture


def _saving() -> dict[str, Any]:
    """What the button under every picture says, and the script that it loads."""
    return {
        "script": f"./app/static/two-dice/parts/save.js?v={_version()}",
        "labels": {
            "save": _("Save this picture"),
            "png": _("Picture (PNG)"),
            "svg": _("Drawing that can be enlarged (SVG)"),
            "gif": _("Animation (GIF)"),
            "csv": _("Numbers (CSV)"),
            "cancel": _("Cancel"),
            "failed": _("It could not be saved. Please try again."),
            "low": _("lower end"),
            "high": _("upper end"),
        },
    }


def refuse_what_json_cannot_hold(data: Mapping[str, Any]) -> None:
    """Raise a ValueError that names the place of the first value which would not reach the browser as it is.

    Streamlit sends data that `json` refuses as one text, Python's ``str`` of all of it, and NaN as a word that no
    browser reads: in both cases the picture stays empty and nothing is logged.

    >>> refuse_what_json_cannot_hold({"figure": {"data": [{"y": [1, 0.5, float("nan")]}]}})
    Traceback (most recent call last):
        ...
    ValueError: figure.data[0].y[2] is nan; a picture is sent str, bool, int, finite float, None, and lists and \
dicts of them
    """
    wrong = _what_json_cannot_hold(data)
    if wrong:
        place = wrong.removeprefix(".")
        raise ValueError(f"{place}; a picture is sent str, bool, int, finite float, None, and lists and dicts of them")


_HELD = frozenset({str, bool, int, type(None)})


def _what_json_cannot_hold(value: object) -> str:
    """The place of the first such value and what it is, or nothing: ``.data[0].y[3] is numpy.float32``.

    Exact types only. numpy.float64 is a float, and `json` writes it; but then whether a picture is drawn would hang on
    the precision in which somebody computed.
    """
    kind = type(value)
    if kind is dict:
        for key, each in value.items():  # type: ignore[attr-defined]
            if type(key) is not str:
                return f" has the key {key!r}"
            if wrong := _what_json_cannot_hold(each):
                return f".{key}{wrong}"
    elif kind is list or kind is tuple:
        for i, each in enumerate(value):  # type: ignore[arg-type]
            if wrong := _what_json_cannot_hold(each):
                return f"[{i}]{wrong}"
    elif kind is float:
        return "" if math.isfinite(value) else f" is {value}"  # type: ignore[arg-type]
    elif kind not in _HELD:
        return f" is {kind.__module__}.{kind.__qualname__}"
    return ""


@functools.cache
def _version() -> str:
    """Any change in the folder gives all its files a new address, so no browser mixes old with new."""
    files = sorted(_FOLDER.rglob("*.js"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _parts(name: str) -> list[str]:
    """The modules that static/two-dice/<name>.js imports.

    >>> _parts("home")
    ['parts/player', 'parts/transport', 'parts/svg']
    """
    return _IMPORTED.findall(_source(name))


def _packed(name: str) -> str:
    """A module as an address that holds its text, and in it that of the modules that it imports."""
    text = _IMPORTED.sub(lambda found: f'await import("{_packed(found[1])}")', _source(name))
    return "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()


def _source(name: str) -> str:
    return (_FOLDER / f"{name}.js").read_text(encoding="utf-8")


def unpacked(json_text: str) -> dict[str, Any]:
    """What a picture was sent, from the text of the message: the counterpart of mounting it, for tests.

    >>> unpacked('[{"run": "a1"}, "This picture has not loaded yet."]')
    {'run': 'a1'}
    """
    data, *_words = json.loads(json_text)
    return dict(data)
