"""A program as a Jupyter notebook: its comments as text, and a cell for each of its paragraphs.

The format is a few lines of JSON (https://nbformat.readthedocs.io), so they are written here. With nbformat a server
would have five more packages, for nothing else; the tests validate every notebook with it.
"""

import ast
import json
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from lib.listings.comments import unwrapped


def notebook(title: str, program: str) -> str:
    """The notebook that opens with this title, in Markdown, and then runs the program. The same gives the same bytes.

    Raises ``SyntaxError`` if the program is not Python.

    >>> cells = json.loads(notebook("# A question", "# Two lines,\\n# one comment.\\nx = 1\\n\\nprint(x)\\n"))["cells"]
    >>> [(cell["cell_type"], cell["source"]) for cell in cells][1:]
    [('markdown', 'Two lines, one comment.'), ('code', 'x = 1'), ('code', 'print(x)')]
    """
    parts = [("markdown", title), *sections(program)]
    content = {
        "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(parts)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text, **code}


def sections(program: str) -> Iterator[tuple[str, str]]:
    """The program from top to bottom: ("markdown", a comment outside of all statements) and ("code", a paragraph).

    A blank line ends a paragraph, but not within a statement, such as a function, and not between imports.
    """
    kinds = _kinds(program)
    for kind, group in groupby(zip(kinds, program.split("\n"), strict=True), key=lambda line: line[0]):
        lines = [line for _kind, line in group]
        if kind == "comment":
            yield "markdown", in_markdown(unwrapped(line.removeprefix("#").strip() for line in lines))
        elif kind == "code":
            yield "code", "\n".join(lines)


def _kinds(program: str) -> list[str]:
    """What each line is: "code", a "comment" or "blank"."""
    kinds = ["comment" if line.strip() else "blank" for line in program.split("\n")]
    last, imports = 0, False
    for node in ast.parse(program).body:
        first, imported = node.lineno - 1, isinstance(node, ast.Import | ast.ImportFrom)
        if imports and imported and "comment" not in kinds[last:first]:
            first = last
        last, imports = node.end_lineno or node.lineno, imported
        kinds[first:last] = ["code"] * (last - first)
    return kinds


def in_markdown(text: str) -> str:
    """The text with every character escaped that Markdown, HTML or a formula would begin with.

    >>> print(in_markdown("<b>x_1</b> costs $5"))
    \\<b\\>x\\_1\\</b\\> costs \\$5
    """
    return re.sub(r"([\\`*_\[\]<>#|~$&!])", r"\\\1", text)
