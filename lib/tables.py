"""Read a CSV table of your own: numbers to learn from, and a label to predict.

Accepted is what a spreadsheet saves as CSV:

- UTF-8, with or without a byte order mark; at most 1 MB.
- A header line with a name for each column, no name twice. Columns are separated by commas, semicolons or tabs, and
cells may be
  quoted (RFC 4180). Between semicolons or tabs a number may have a decimal comma.
- 2 to 100 columns of numbers, no cell empty, and one label column: the one named ``label``, ``class`` or ``target``; or
  ``y`` if there is no ``x`` beside it (then both are coordinates); or else the last.
- 20 to 20,000 rows, 2 to 20 different labels, each on at least 2 rows. Blank lines do not count.

Anything else raises a :class:`TableError` that says what is wrong, in which line, and what is accepted. It says so in
fields, because a page shows it in the reader's language. Rows are never left out silently.
"""

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_BYTES: Final = 1024 * 1024
MIN_FEATURES: Final = 2
MAX_FEATURES: Final = 100
MIN_ROWS: Final = 20
MAX_ROWS: Final = 20_000
MIN_CLASSES: Final = 2
MAX_CLASSES: Final = 20
MIN_CLASS_ROWS: Final = 2
MAX_NAME: Final = 60
MAX_NUMBER: Final = 1e30  # its square still fits a float, so means and spreads can be computed

DELIMITERS: Final = (",", ";", "\t")
LABEL_NAMES: Final = ("label", "class", "target")
MISSING: Final = frozenset({"", "?", "-", "na", "n/a", "null", "none", "#n/a"})

# One sentence for each thing that can be wrong: what, where, and what is accepted. The keys are all the codes.
MESSAGES: Final = {
    "empty": "The file is empty. Accepted: a header line and {expected} or more rows.",
    "too_large": "The file has {found} bytes. Accepted: up to {expected}.",
    "binary": "Line {line} has bytes that are not text. Accepted: a CSV file; a spreadsheet can save one.",
    "encoding": "Line {line} is not UTF-8: {value}. Accepted: a CSV file saved as UTF-8.",
    "malformed": "Line {line} cannot be split into cells: a quotation mark is open or misplaced, or a cell is huge. "
    "Accepted: cells as they are, or between two quotation marks.",
    "no_header": "Line {line}, column {column}: {value} is a number. Accepted: a first line with names, not numbers.",
    "empty_name": "Line {line}: column {column} has no name. Accepted: a name for each column.",
    "long_name": "Line {line}: {value} has {found} characters. Accepted: names and labels of up to {expected}.",
    "duplicate_name": "Line {line}: the name {column} is there twice. Accepted: different names.",
    "too_few_columns": "Line {line} has {found} columns. Accepted: {expected} or more, separated by , ; or tab.",
    "too_many_columns": "Line {line} has {found} columns. Accepted: up to {expected}, the label included.",
    "ragged": "Line {line} has {found} cells, the header has {expected}. Accepted: the same number in each line.",
    "no_numeric_column": "Line {line} has no number beside the label. Accepted: {expected} or more columns of numbers.",
    "missing": "Line {line}, column {column}: the value is missing. Accepted: tables without gaps.",
    "not_a_number": "Line {line}, column {column}: {value} is not a number. Accepted: numbers such as 3, -0.5 or 1e-3.",
    "out_of_range": "Line {line}, column {column}: {value} is not finite or beyond 1e30. Accepted: smaller numbers.",
    "too_few_rows": "The table has {found} rows. Accepted: {expected} or more below the header.",
    "too_many_rows": "Line {line} is one row too many: the table has {found}. Accepted: up to {expected}.",
    "one_class": "Every row has the label {value} in column {column}. Accepted: {expected} or more different labels.",
    "too_many_classes": "Column {column} has {found} different labels. Accepted: up to {expected}.",
    "numeric_labels": "Column {column} has {found} different numbers as labels. Accepted: up to {expected} labels. "
    "If another column is the label, name it label.",
    "small_class": "Line {line}: the label {value} of column {column} is on {found} row. Accepted: {expected} or more.",
}


class TableError(ValueError):
    """A file that is not an accepted table.

    ``code`` is a key of ``MESSAGES``. The other fields are set where they make sense, else None: ``line`` (from 1, as
    an editor counts), ``column`` (its name, or its number from 1 if it has none), ``value`` (what stands there, cut
    to 40 characters), ``found`` and ``expected`` (counts; ``expected`` is the limit that was broken).
    """

    def __init__(
        self,
        code: str,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        found: int | None = None,
        expected: int | None = None,
    ) -> None:
        self.code = code
        self.line = line
        self.column = column if column is None else _shortened(column)
        self.value = value if value is None else _shortened(value)
        self.found = found
        self.expected = expected
        super().__init__(code)

    def __str__(self) -> str:
        return MESSAGES[self.code].format_map(vars(self))


def _shortened(text: str, length: int = 40) -> str:
    text = " ".join(text[: 2 * length].split())  # on one line
    return text if len(text) <= length else text[: length - 1] + "…"


@dataclass(frozen=True, eq=False)
class Table:
    """N rows, D columns of numbers, C classes. Two tables with the same content are equal and have the same hash.

    ``x`` (N, D) float64 and ``y`` (N,) int64, class numbers 0..C-1, both read-only; ``features`` the D column names,
    ``classes`` the C labels in order, ``label`` the name of the label column.
    """

    features: tuple[str, ...]
    classes: tuple[str, ...]
    label: str
    x: NDArray[np.float64]
    y: NDArray[np.int64]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of names and numbers, in hexadecimal."""
        names = repr((self.features, self.classes, self.label, self.x.shape)).encode()
        return hashlib.sha256(names + self.x.tobytes() + self.y.tobytes()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def load_table(raw: bytes) -> Table:
    """Turn the bytes of a CSV file into a table. Raises TableError, and nothing else, for what is not accepted.

    >>> table = load_table(example_table_text().encode())
    >>> table.features, table.classes, table.x.shape
    (('length', 'width'), ('large', 'small'), (60, 2))
    >>> load_table(example_table_text().replace("small", "large").encode())
    Traceback (most recent call last):
    lib.tables.TableError: Every row has the label large in column label. Accepted: 2 or more different labels.
    """
    text = _decode(raw)
    delimiter = _delimiter(text)
    records = _records(text, delimiter)
    names = _check_header(*next(records, (1, [])))
    rows = _check_shape(records, len(names))

    label = _label_column(names)
    features = [column for column in range(len(names)) if column != label]
    first_line, first = rows[0]
    _check_numeric(first_line, [first[column] for column in features])
    x = np.empty((len(rows), len(features)))
    for i, (line, cells) in enumerate(rows):
        x[i] = [_number(cells[column], delimiter, line, names[column]) for column in features]
    classes, y = _read_labels([(line, cells[label]) for line, cells in rows], names[label])

    x.flags.writeable = y.flags.writeable = False
    return Table(tuple(names[column] for column in features), classes, names[label], x, y)


def example_table_text() -> str:
    """Return a small CSV file that is accepted: 60 rows, two sizes of rectangle, drawn from two normal distributions.

    >>> print("\\n".join(example_table_text().splitlines()[:3]))
    length,width,label
    3.06,1.93,small
    4.32,3.05,large
    """
    rng = np.random.default_rng(0)
    lines = ["length,width,label"]
    for row in range(60):
        label, mean = (("small", (3.0, 2.0)), ("large", (4.0, 3.0)))[row % 2]
        length, width = rng.normal(mean, 0.5)
        lines.append(f"{length:.2f},{width:.2f},{label}")
    return "\n".join(lines) + "\n"


# --- From bytes to lines of cells ---


def _decode(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise TableError("too_large", found=len(raw), expected=MAX_BYTES)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TableError("encoding", line=1, value="UTF-16")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):  # .xlsx and .ods, .xls, .pdf
        raise TableError("binary", line=1)
    if b"\0" in raw:
        raise TableError("binary", line=_line_of(raw, raw.index(b"\0")))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # error.object is raw without its byte order mark, which is where error.start counts from.
        bad = f"0x{error.object[error.start]:02X}"
        raise TableError("encoding", line=_line_of(error.object, error.start), value=bad) from None
    if not text.strip():
        raise TableError("empty", expected=MIN_ROWS)
    return text


def _line_of(raw: bytes, position: int) -> int:
    return 1 + len(re.findall(rb"\r\n|\r|\n", raw[:position]))


def _delimiter(text: str) -> str:
    """Return the separator that is most often in the header, outside of quotes."""
    header = re.sub(r'"[^"]*("|$)', "", text).strip(" \r\n").partition("\n")[0].partition("\r")[0]
    return max(DELIMITERS, key=header.count)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, stripped cells) of every line that has any; a quoted cell may run over several lines."""
    # newline="" leaves line ends to the csv module; strict=True makes it refuse quotes that do not match.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for record in reader:
            cells = list(map(str.strip, record))
            if any(cells):
                yield line, cells
            line = reader.line_num + 1  # where the next record starts; this one may have been several lines long
    except csv.Error:
        raise TableError("malformed", line=line) from None


# --- Checks, in the order in which a person would want to hear of them ---


def _check_header(line: int, header: list[str]) -> list[str]:
    if not header:
        raise TableError("empty", expected=MIN_ROWS)
    if len(header) <= MIN_FEATURES:
        raise TableError("too_few_columns", line=line, found=len(header), expected=MIN_FEATURES + 1)
    if len(header) > MAX_FEATURES + 1:
        raise TableError("too_many_columns", line=line, found=len(header), expected=MAX_FEATURES + 1)
    names: list[str] = []
    for number, cell in enumerate(header, 1):
        name = _one_line(cell, line)
        if not name:
            raise TableError("empty_name", line=line, column=str(number))
        if _NUMBER.fullmatch(name.replace(",", ".")):
            raise TableError("no_header", line=line, column=str(number), value=name)
        if name in names:
            raise TableError("duplicate_name", line=line, column=name)
        names.append(name)
    return names


def _check_shape(records: Iterator[tuple[int, list[str]]], width: int) -> list[tuple[int, list[str]]]:
    """Return the rows. Those beyond the limit are counted and not kept: they may be ten times as many."""
    rows: list[tuple[int, list[str]]] = []
    found = 0
    for found, (line, cells) in enumerate(records, 1):
        if len(cells) != width:
            raise TableError("ragged", line=line, found=len(cells), expected=width)
        if found <= MAX_ROWS + 1:
            rows.append((line, cells))
    if found < MIN_ROWS:
        raise TableError("too_few_rows", found=found, expected=MIN_ROWS)
    if found > MAX_ROWS:
        raise TableError("too_many_rows", line=rows[MAX_ROWS][0], found=found, expected=MAX_ROWS)
    return rows


def _label_column(names: list[str]) -> int:
    lower = [name.lower() for name in names]
    for name in LABEL_NAMES:
        if name in lower:
            return lower.index(name)
    if "y" in lower and "x" not in lower:
        return lower.index("y")
    return len(names) - 1


def _check_numeric(line: int, cells: list[str]) -> None:
    """Where the first row has words only, the trouble is the whole table and not its first cell."""
    if not any(_NUMBER.fullmatch(cell.replace(",", ".", 1)) or cell.lower() in MISSING | _NOT_FINITE for cell in cells):
        raise TableError("no_numeric_column", line=line, expected=MIN_FEATURES)


# Stricter than float(), which also takes 1_000 and the digits of every script.
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_NOT_FINITE: Final = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"})


def _number(cell: str, delimiter: str, line: int, column: str) -> float:
    # Between commas 1,5 cannot be meant as one cell; elsewhere it is how most of Europe writes one and a half.
    digits = cell.replace(",", ".", 1) if delimiter != "," else cell
    if _NUMBER.fullmatch(digits):
        value = float(digits)
        if abs(value) <= MAX_NUMBER:
            return value
    elif cell.lower() in MISSING:
        raise TableError("missing", line=line, column=column)
    elif cell.lower() not in _NOT_FINITE:
        raise TableError("not_a_number", line=line, column=column, value=cell)
    raise TableError("out_of_range", line=line, column=column, value=cell)


def _read_labels(cells: list[tuple[int, str]], column: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the classes in order and the class number (N,) of each row."""
    first_line: dict[str, int] = {}
    labels: list[str] = []
    for line, cell in cells:
        if not cell:
            raise TableError("missing", line=line, column=column)
        label = cell if cell in first_line else _one_line(cell, line)
        first_line.setdefault(label, line)
        labels.append(label)
    if len(first_line) < MIN_CLASSES:
        raise TableError("one_class", column=column, value=labels[0], expected=MIN_CLASSES)
    numeric = all(_NUMBER.fullmatch(label) for label in first_line)
    if len(first_line) > MAX_CLASSES:
        code = "numeric_labels" if numeric else "too_many_classes"
        raise TableError(code, column=column, found=len(first_line), expected=MAX_CLASSES)
    classes = sorted(first_line, key=lambda label: (float(label) if numeric else 0.0, label))
    y = np.array([classes.index(label) for label in labels], dtype=np.int64)
    for number, count in enumerate(np.bincount(y).tolist()):
        if count < MIN_CLASS_ROWS:
            value = classes[number]
            raise TableError(
                "small_class", line=first_line[value], column=column, value=value, found=count, expected=MIN_CLASS_ROWS
            )
    return tuple(classes), y


def _one_line(cell: str, line: int) -> str:
    """Return a name or label with its inner line breaks and runs of spaces made single spaces."""
    name = " ".join(cell.split())
    if len(name) > MAX_NAME:
        raise TableError("long_name", line=line, value=name, found=len(name), expected=MAX_NAME)
    return name
