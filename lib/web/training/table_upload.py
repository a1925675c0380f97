"""A CSV table of the person's own: read once, kept for the session, and refused in words that help."""

import streamlit as st

from lib.tables import MAX_BYTES, MESSAGES, Table, TableError, example_table_text, load_table
from lib.web.frame.language import _, decimal, plain


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
    refused: TableError | None = st.session_state.get("table_error")
    if file is not None and refused is not None:
        st.error(told(refused))
    table: Table | None = st.session_state.get("table")
    if table is not None:
        rows, columns = table.x.shape
        st.caption(
            _(
                "In use: {rows} rows, {columns} columns of numbers, {classes} labels in column {label}",
                rows=decimal(rows, 0),
                columns=columns,
                classes=len(table.classes),
                label=plain(table.label),
            )
        )
        return table
    st.download_button(
        _("An example that is accepted"),
        example_table_text,
        "example.csv",
        "text/csv",
        type="tertiary",
        on_click="ignore",
    )
    return None


def told(error: TableError) -> str:
    """What is wrong with the file, in which line, and what is accepted, in the person's language."""
    return _(
        MESSAGES[error.code],
        line=error.line,
        column=plain(error.column or ""),
        value=plain(error.value or ""),
        found=error.found if error.found is None else decimal(error.found, 0),
        expected=error.expected if error.expected is None else decimal(error.expected, 0),
    )
