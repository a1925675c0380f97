"""Tables as HTML: on screen with the text around them, and read aloud as tables.

`st.dataframe` draws on a canvas; the browser loads 1.2 MB for it before it shows the page, and the server pandas. A
table in `st.markdown` has the browser make a component of every cell, which takes it as long as a small picture.
"""

from collections.abc import Iterable, Sequence
from html import escape

import streamlit as st

_ALIGNED = {"l": ":---", "r": "---:"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]], aligned: str) -> None:
    """Draw a table of texts; `aligned` has a letter for each column, l for left, c for the middle, r for right."""
    st.html(html_table(head, rows, aligned))


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]], aligned: str) -> str:
    """The same as HTML. A row that has not as many cells as there are columns is a ValueError.

    >>> html_table(["word", "logit"], [["<fox>", "1.20"]], "lr").split('<tbody translate="no">')[1]
    '<tr><td class="l" translate="yes">&lt;fox&gt;</td><td class="r">1.20</td></tr></tbody></table>'
    """

    def line(cells: Sequence[str], tag: str) -> str:
        _check(cells, head)
        written = zip(cells, aligned, strict=True)
        return "<tr>" + "".join(cell(tag, text, letter) for text, letter in written) + "</tr>"

    def cell(tag: str, text: str, letter: str) -> str:
        words = ' translate="yes"' if (tag, letter) == ("td", "l") else ""
        return f'<{tag} class="{letter}"{words}>{escape(text)}</{tag}>'

    body = "".join(line(row, "td") for row in rows)
    # Numbers change: a browser that translates the page would keep the old ones. Words stand to the left.
    return f'<table class="table"><thead>{line(head, "th")}</thead><tbody translate="no">{body}</tbody></table>'


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], aligned: str) -> str:
    """A table whose cells are Markdown, with links, say. Somebody's own text in it goes through `plain` first.

    >>> print(markdown_table(["word", "logit"], [["fox", "1.20"], ["the", "0.31"]], "lr"))
    | word | logit |
    | :--- | ---: |
    | fox | 1.20 |
    | the | 0.31 |
    """
    lines = [head, [_ALIGNED[letter] for letter in aligned], *rows]
    for line in lines:
        _check(line, head)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _check(row: Sequence[str], head: Sequence[str]) -> None:
    if len(row) != len(head):
        raise ValueError(f"a row of {len(row)} cells in a table of {len(head)} columns: {row}")
