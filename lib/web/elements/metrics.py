"""A few numbers in a row, each under its name, in one element: Streamlit's own take one for each number.

A number is not for a browser that translates the page: it would keep the old one when Streamlit sends another.
"""

from collections.abc import Iterable
from html import escape

import streamlit as st


def numbers_in_a_row(cells: Iterable[tuple[str, str, str | None]]) -> None:
    """Draw each cell's name, its value, and, where there is one, an explanation behind a question mark.

    The explanation is for those who point at the mark or tab to it (lib/web/frame/style.css).
    """
    st.html(f'<dl class="numbers">{"".join(_number(*cell) for cell in cells)}</dl>')


def _number(name: str, value: str, explanation: str | None) -> str:
    """One cell.

    >>> _number("k < V", "50", None)
    '<div><dt>k &lt; V</dt><dd translate="no">50</dd></div>'
    """
    why = f'<button type="button" aria-label="{escape(explanation)}">?</button>' if explanation else ""
    return f'<div><dt>{escape(name)}{why}</dt><dd translate="no">{escape(value)}</dd></div>'
