"""A page inside a course page (``?embed=true``): without our frame, in its own height, with a way to the whole app."""

import streamlit as st

from lib.web.frame.language import _

# The page around it is told how high this one is, in pixels; docs/teaching.md shows the few lines that listen. The
# link opens what is on the screen now: the address follows every setting.
_mount = st.components.v2.component(
    "two_dice_embedded",
    html='<a target="_blank" rel="noopener"></a>',
    js="""
export default function ({ data: [label], parentElement }) {
  const link = parentElement.querySelector("a");
  const follow = () => {
    const query = new URLSearchParams(location.search);
    for (const key of [...query.keys()]) if (key.startsWith("embed")) query.delete(key);
    link.href = location.pathname + (query.size ? "?" + query : "");
  };
  link.textContent = label;
  link.onfocus = link.onpointerenter = link.onpointerdown = follow;
  follow();
  const page = document.querySelector("[data-testid=stMainBlockContainer]");
  const height = () => Math.ceil(page.getBoundingClientRect().height);
  const tell = () => parent.postMessage({ type: "two-dice", height: height() }, "*");
  const observer = new ResizeObserver(tell);
  observer.observe(page);
  return () => observer.disconnect();
}
""",
    isolate_styles=False,
)


def is_embedded() -> bool:
    """Whether the page is shown inside another one."""
    return bool(st.context.is_embedded)


def way_to_the_app() -> None:
    """A link that opens this page, as it stands, with all of the app around it."""
    _mount(key="embedded", data=[_("Open in Two Dice")])
