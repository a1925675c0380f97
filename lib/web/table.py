"""Tables as Markdown: on screen with the text around them, and read aloud as tables.

`st.dataframe` draws on a canvas; the browser loads 1.2 MB for it before it shows the page, and the server pandas.
"""

from collections.abc import Iterable, Sequence

import streamlit as st

_ALIGNED = {"l": ":---", "c": ":---:", "r": "---:"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]], aligned: str) -> None:
    """Draw a table; `aligned` has a letter for each column, l for left, c for the middle, r for right.

    Cells are Markdown. Somebody's own text goes through `plain` first.
    """
    st.markdown(markdown_table(head, rows, aligned))


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], aligned: str) -> str:
    """The same as text. A row that has not as many cells as there are columns is a ValueError.

    >>> print(markdown_table(["word", "logit"], [["fox", "1.20"], ["the", "0.31"]], "lr"))
    | word | logit |
    | :--- | ---: |
    | fox | 1.20 |
    | the | 0.31 |
    """
    lines = [head, [_ALIGNED[letter] for letter in aligned], *rows]
    for line in lines:
        if len(line) != len(head):
            raise ValueError(f"a row of {len(line)} cells in a table of {len(head)} columns: {line}")
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
