"""A CSV table of the person's own: read once, kept for the session, and refused in words that help."""

import streamlit as st

from lib.tables import MAX_BYTES, MESSAGES, Table, TableError, example_table_text, load_table
from lib.web.frame.language import _, decimal, listed, ngettext, plain
from lib.web.logs import event


def own_table() -> Table | None:
    """The table that the person chose, or None with a message that says what is wrong and what is accepted.

    A table that was accepted before stays when the next file is refused.
    """
    file = st.file_uploader(
        _("A CSV file: columns of numbers and a label"), type=["csv", "tsv", "txt"], max_upload_size=1, key="file"
    )
    if file is not None and st.session_state.get("table_file") != file.file_id:
        st.session_state["table_file"] = file.file_id
        st.session_state["table_error"] = None
        try:
            st.session_state["table"] = load_table(file.read(MAX_BYTES + 1))
        except TableError as error:
            st.session_state["table_error"] = error
            event("refused", "upload", reason=error.code)
    refused: TableError | None = st.session_state.get("table_error")
    if file is not None and refused is not None:
        st.error(refusal(refused))
    table: Table | None = st.session_state.get("table")
    if table is not None:
        sentences = summary(table)
        one_paragraph = "  \n".join(sentences)  # a line break after each sentence
        st.caption(one_paragraph)
        return table
    # The browser still names a file that the server has forgotten: the widget then has a value, and it is no file.
    if file is None and st.session_state.get("file") is not None:
        st.warning(_("The server has restarted and no longer has your file. Choose it again to train on it."))
    st.download_button(
        _("Download an example"),
        example_table_text,
        "example.csv",
        "text/csv",
        type="tertiary",
        on_click="ignore",
    )
    return None


def refusal(error: TableError) -> str:
    """What is wrong with the file, in which line, and what is accepted, in the person's language."""
    values = {
        "line": error.line,
        "column": plain(error.column or ""),
        "value": plain(error.value or ""),
        "found": error.found if error.found is None else decimal(error.found, 0),
        "expected": error.expected if error.expected is None else decimal(error.expected, 0),
    }
    message = MESSAGES[error.code]
    if isinstance(message, tuple):
        one, many = message
        return ngettext(one, many, error.found or 0, **values)
    return _(message, **values)


def summary(table: Table) -> list[str]:
    """What is in use of the file, with the classes by name, and what was left out of it and why."""
    rows, columns = table.x.shape
    lines = [
        _(
            "In use: {rows} rows, {columns} columns of numbers. Classes in column {label}: {classes}",
            rows=decimal(rows, 0),
            columns=columns,
            label=plain(table.label),
            classes=listed(map(plain, table.classes)),
        )
    ]
    left_out = table.left_out
    if left_out.rows:
        lines.append(
            ngettext(
                "Left out: {rows} row without a label, in line {line}.",
                "Left out: {rows} rows without a label, the first in line {line}.",
                left_out.rows,
                rows=decimal(left_out.rows, 0),
                line=left_out.line,
            )
        )
    lines.extend(
        _(
            "Left out: column {column}. It only numbers the rows, and in a sorted file that gives the label away.",
            column=plain(name),
        )
        for name in left_out.columns
    )
    return lines
