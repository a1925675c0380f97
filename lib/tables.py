"""Read your own CSV table: numbers to learn from, and a label to predict.

What a spreadsheet saves as CSV is accepted:

- UTF-8, or UTF-16 with a byte order mark (Excel's "Unicode Text"); at most 1 MB, that is 1,000,000 bytes.
- A header line with a different name for each column. Columns are separated by commas, semicolons or tabs: whichever
  gives every line the same number of cells, or the one named in a first line such as ``sep=;``, as Excel writes it.
  Cells may be quoted (RFC 4180).
- 2 to 100 columns of numbers without empty cells, and one label column: the one named ``label``, ``class`` or
  ``target``; or ``y``, unless there is also an ``x`` (then both are coordinates); or else the last.
- One decimal sign in the whole file, point or comma. Thousands may be separated, by the other of the two, a space or an
  apostrophe: ``1.234,5`` beside ``12,5`` is 1234.5.
- 20 to 20,000 rows, 2 to 20 different labels, each on at least 2 rows. Blank lines do not count. ``1`` and ``1.0`` are
  the same label.

Two things are left out of the table. :class:`LeftOut` names them, and the page reports them:

- Rows without a label: an empty cell, ``?``, ``NA``, ``N/A``, ``#N/A``, ``<NA>``, ``NaN`` or ``NULL``. A missing label
  is not a class of its own.
- Columns that only number the rows, such as an ``Id``. A row's place in the file says nothing about new data, but in a
  file sorted by label it gives the label away: with an ``Id``, networks learn Fisher's irises to a validation accuracy
  of 0.99 instead of 0.95. If the first column is one of these, it may lack a name, as pandas and R write it.

Anything else raises a :class:`TableError` that says what is wrong, in which line, and what is accepted. It has a field
for each of these, because a page shows them in the reader's language.
"""

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_BYTES: Final = 1_000_000  # 1 MB, as Streamlit's uploader counts it
MIN_FEATURES: Final = 2
MAX_FEATURES: Final = 100
MIN_ROWS: Final = 20
MAX_ROWS: Final = 20_000
MIN_CLASSES: Final = 2
MAX_CLASSES: Final = 20
MIN_CLASS_ROWS: Final = 2
MAX_NAME: Final = 60
MAX_NUMBER: Final = 1e30  # its square still fits a float, so means and deviations can be computed

# In order of preference where several would work: a comma is often part of a name or a number, a tab never is.
SEPARATORS: Final = ("\t", ";", ",")
NAMELESS: Final = "1"  # no other column can be called this: a number is not accepted as a name
LABEL_NAMES: Final = ("label", "class", "target")
MISSING_LABEL: Final = frozenset({"", "?", "na", "n/a", "#n/a", "<na>", "nan", "null"})
MISSING: Final = MISSING_LABEL | {"-", "none"}  # not numbers, but possible labels: + and -, none and some

# A message for each thing that can be wrong: what, where, and what is accepted. The keys are all the codes. Where there
# are two messages, the first is the singular, for one thing found.
MESSAGES: Final[dict[str, str | tuple[str, str]]] = {
    "empty": "The file is empty. Accepted: a header line and {expected} or more rows.",
    "too_large": "The file has {found} bytes. Accepted: up to {expected}.",
    "binary": "Line {line} has bytes that are not text. Accepted: a CSV file, as spreadsheet programs save it.",
    "encoding": "Line {line} is not UTF-8: {value}. Accepted: a CSV file saved as UTF-8.",
    "malformed": "Line {line} cannot be split into cells: a quotation mark is unclosed or misplaced, or a cell is too "
    "long. Accepted: plain cells, or cells between two quotation marks.",
    "no_header": "Line {line}, column {column}: {value} is a number. Accepted: a first line of names, not numbers.",
    "empty_name": "Line {line}: column {column} has no name. Accepted: a name for each column.",
    "long_name": "Line {line}: {value} has {found} characters. Accepted: names and labels of up to {expected}.",
    "duplicate_name": "Line {line}: the name {column} appears twice. Accepted: a different name for each column.",
    "too_few_columns": (
        "Line {line} has {found} column. Accepted: {expected} or more, separated by , ; or tab.",
        "Line {line} has {found} columns. Accepted: {expected} or more, separated by , ; or tab.",
    ),
    "too_many_columns": "Line {line} has {found} columns. Accepted: up to {expected}, including the label.",
    "ragged": (
        "Line {line} has {found} cell, but the header has {expected}. Accepted: the same number in every line.",
        "Line {line} has {found} cells, but the header has {expected}. Accepted: the same number in every line.",
    ),
    "no_numeric_column": "Line {line} has no number besides the label. "
    "Accepted: {expected} or more columns of numbers.",
    "missing": "Line {line}, column {column}: the value is missing. Accepted: tables without gaps.",
    "not_a_number": "Line {line}, column {column}: {value} is not a number. Accepted: numbers such as 3, -0.5 or 1e-3.",
    "two_decimal_signs": "Line {line}, column {column}: {value} has a different decimal sign from the numbers before "
    "it. Accepted: one decimal sign throughout the file, point or comma.",
    "two_meanings": "Line {line}, column {column}: {value} can have decimals or a thousands separator, and no other "
    "number in the file shows which. Accepted: numbers without thousands separators.",
    "out_of_range": "Line {line}, column {column}: {value} is not finite, or is beyond 1e30. "
    "Accepted: smaller numbers.",
    "row_numbers": (
        "Column {column} only numbers the rows, and {found} other column has numbers. "
        "Accepted: {expected} or more columns of numbers that describe something.",
        "Column {column} only numbers the rows, and {found} other columns have numbers. "
        "Accepted: {expected} or more columns of numbers that describe something.",
    ),
    "too_few_rows": (
        "The table has {found} row with a label. Accepted: {expected} or more below the header.",
        "The table has {found} rows with a label. Accepted: {expected} or more below the header.",
    ),
    "too_many_rows": "Line {line} is one row too many: the table has {found}. Accepted: up to {expected}.",
    "one_class": "Every row has the label {value} in column {column}. Accepted: {expected} or more different labels.",
    "too_many_classes": "Column {column} has {found} different labels. Accepted: up to {expected}.",
    "numeric_labels": "Column {column} has {found} different numbers as labels. Accepted: up to {expected} labels. "
    "If another column is the label, name it label.",
    "small_class": "Line {line}: only {found} row has the label {value} in column {column}. "
    "Accepted: {expected} or more.",
}


class TableError(ValueError):
    """A file that is not an accepted table.

    ``code`` is a key of ``MESSAGES``. The other fields are None where they make no sense: ``line`` (from 1, as an
    editor counts), ``column`` (its name, or its number from 1 if it has none), ``value`` (the content of the cell,
    shortened to 40 characters), ``found`` and ``expected`` (counts; ``expected`` is the limit that was broken).
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
        message = MESSAGES[self.code]
        if isinstance(message, tuple):
            message = message[self.found != 1]
        return message.format_map(vars(self))


def _shortened(text: str, length: int = 40) -> str:
    text = " ".join(text[: 2 * length].split())  # on one line
    return text if len(text) <= length else text[: length - 1] + "…"


class LeftOut(NamedTuple):
    """What is in the file but not in the table.

    ``rows`` is the number of rows without a label, and ``line`` the first of them, or None. ``columns`` are the names
    of the columns that only number the rows.
    """

    rows: int = 0
    line: int | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """N rows, D columns of numbers, C classes. Two tables with the same content are equal and have the same hash.

    ``x`` (N, D) is float64 and ``y`` (N,) int64, class numbers 0..C-1; both are read-only. ``features`` are the D
    column names, ``classes`` the C labels in order, ``label`` is the name of the label column. ``left_out`` is not part
    of the content.
    """

    features: tuple[str, ...]
    classes: tuple[str, ...]
    label: str
    x: NDArray[np.float64]
    y: NDArray[np.int64]
    left_out: LeftOut = field(default_factory=LeftOut)

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
    """Turn the bytes of a CSV file into a table. Whatever is not accepted raises a TableError, and nothing else.

    >>> table = load_table(example_table_text().encode())
    >>> table.features, table.classes, table.x.shape
    (('length', 'width'), ('large', 'small'), (60, 2))
    >>> load_table(example_table_text().replace("small", "large").encode())
    Traceback (most recent call last):
    lib.tables.TableError: Every row has the label large in column label. Accepted: 2 or more different labels.
    """
    text, separator = _separator(_decode(raw))
    records = _records(text, separator)
    header_line, header = next(records, (1, []))
    names = _check_header(header_line, header)
    column = _label_column(names)
    label = names.pop(column)
    rows = _check_shape(records, len(names) + 1, column)
    labelled = _labelled(rows)

    sign = _decimal_sign(labelled, names, separator)
    numbers = _read_numbers(labelled, names, sign)  # (N, every column but the label)
    describing, row_numbers = _describing(numbers, [row.place for row in labelled], names)
    if NAMELESS in [names[i] for i in describing]:
        raise TableError("empty_name", line=header_line, column=NAMELESS)
    classes, y = _read_labels(labelled, label, sign)

    x = numbers.take(describing, axis=1)  # (N, D)
    x.flags.writeable = y.flags.writeable = False
    unlabelled = next((row.line for row in rows if _is_missing(row.label)), None)
    left_out = LeftOut(len(rows) - len(labelled), unlabelled, row_numbers)
    return Table(tuple(names[i] for i in describing), classes, label, x, y, left_out)


def example_table_text() -> str:
    """Return a small CSV file that is accepted: 60 rectangles of two sizes, drawn from two normal distributions.

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
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):  # .xlsx and .ods, .xls, .pdf
        raise TableError("binary", line=1)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            raw = raw.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-16", "replace").encode()
            raise TableError("encoding", line=_line_of(before, len(before)), value="UTF-16") from None
    if b"\0" in raw:
        raise TableError("binary", line=_line_of(raw, raw.index(b"\0")))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # error.object is raw without its byte order mark; error.start counts from there.
        bad = f"0x{error.object[error.start]:02X}"
        raise TableError("encoding", line=_line_of(error.object, error.start), value=bad) from None
    if not re.search(r"[^\s,;\"]", text):  # a file of nothing but separators and quotation marks is empty too
        raise TableError("empty", expected=MIN_ROWS)
    return text


def _line_of(raw: bytes, position: int) -> int:
    return 1 + len(re.findall(rb"\r\n|\r|\n", raw[:position]))


def _separator(text: str) -> tuple[str, str]:
    """Return the text, and the separator that gives every line as many cells as the header.

    If no separator does, take the one that works for the most lines from the top: the next line has the mistake. If
    there is a first line sep=;, as Excel writes it, that decides. An empty line stays in its place, so that lines are
    counted as in the file.
    """
    first_line = re.match(r"sep=([\t;,])(?=[\r\n])", text, re.IGNORECASE)
    if first_line:
        return text[first_line.end() :], first_line[1]
    header = re.sub(r'"[^"]*("|$)', "", text).strip(" \r\n").partition("\n")[0].partition("\r")[0]
    possible = [separator for separator in SEPARATORS if header.count(separator) >= MIN_FEATURES]
    if len(possible) > 1:
        return text, max(possible, key=lambda separator: _lines_as_wide(text, separator))
    return text, max(SEPARATORS, key=header.count)


def _lines_as_wide(text: str, separator: str) -> int:
    """Return how many lines, from the top, have the same number of cells."""
    found, width = 0, 0
    with suppress(TableError):
        for _, cells in _records(text, separator):
            width = width or len(cells)
            if len(cells) != width:
                break
            found += 1
    return found


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, stripped cells) of every line that is not blank; a quoted cell may span several lines."""
    # newline="" leaves line ends to the csv module; strict=True makes it refuse unmatched quotes.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for record in reader:
            cells = list(map(str.strip, record))
            if any(cells):
                yield line, cells
            line = reader.line_num + 1  # where the next record starts; this one may have spanned several lines
    except csv.Error:
        raise TableError("malformed", line=line) from None


# --- Checks, in the order in which a person would want to hear about them ---


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
        if not name and number > 1:
            raise TableError("empty_name", line=line, column=str(number))
        if _signs(name):
            raise TableError("no_header", line=line, column=str(number), value=name)
        if name in names:
            raise TableError("duplicate_name", line=line, column=name)
        names.append(name)
    names[0] = names[0] or NAMELESS
    return names


class _Row(NamedTuple):
    place: int  # from 1, among the rows of the file
    line: int  # from 1, as an editor counts
    label: str
    cells: list[str]  # all other cells


def _check_shape(records: Iterator[tuple[int, list[str]]], width: int, label: int) -> list[_Row]:
    """Return the rows. Those beyond the limit are counted but not kept: there may be ten times as many."""
    rows: list[_Row] = []
    found = 0
    for found, (line, cells) in enumerate(records, 1):
        if len(cells) != width:
            raise TableError("ragged", line=line, found=len(cells), expected=width)
        if found <= MAX_ROWS + 1:
            rows.append(_Row(found, line, cells.pop(label), cells))
    if found > MAX_ROWS:
        raise TableError("too_many_rows", line=rows[MAX_ROWS].line, found=found, expected=MAX_ROWS)
    return rows


def _label_column(names: list[str]) -> int:
    lower = [name.lower() for name in names]
    for name in LABEL_NAMES:
        if name in lower:
            return lower.index(name)
    if "y" in lower and "x" not in lower:
        return lower.index("y")
    return len(names) - 1


def _is_missing(label: str) -> bool:
    return label.lower() in MISSING_LABEL


def _labelled(rows: list[_Row]) -> list[_Row]:
    labelled = [row for row in rows if not _is_missing(row.label)]
    if len(labelled) < MIN_ROWS:
        raise TableError("too_few_rows", found=len(labelled), expected=MIN_ROWS)
    # If the first row has nothing but words, the whole table is the problem, not its first cell.
    line, cells = labelled[0].line, labelled[0].cells
    if not any(_signs(cell) or cell.lower() in MISSING | _NOT_FINITE for cell in cells):
        raise TableError("no_numeric_column", line=line, expected=MIN_FEATURES)
    return labelled


# --- From cells to numbers ---


def _number_with(sign: str, other: str) -> re.Pattern[str]:
    """Match numbers with this decimal sign. It is stricter than float(), which also takes 1_000 and ١٢.

    Thousands come in groups of three, and never begin with 0: 0.125 cannot be a hundred and twenty-five.
    """
    plain = rf"(?:\d+(?:\{sign}\d*)?|\{sign}\d+)(?:e[+-]?\d+)?"
    grouped = rf"[1-9]\d{{0,2}}(?P<group>[\{other}{_SPACES}])\d{{3}}(?:(?P=group)\d{{3}})*(?:\{sign}\d*)?"
    return re.compile(rf"[+-]?(?:{plain}|{grouped})", re.ASCII | re.IGNORECASE)


_SPACES: Final = " \u00a0\u202f'’"  # between thousands: spaces, no-break spaces, and Switzerland's apostrophes
_NUMBER: Final = {".": _number_with(".", ","), ",": _number_with(",", ".")}
_TO_PYTHON: Final = {".": str.maketrans("", "", "," + _SPACES), ",": str.maketrans(",", ".", "." + _SPACES)}
_NOT_FINITE: Final = frozenset({"inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"})


def _signs(cell: str) -> list[str]:
    """Return the decimal signs with which the cell can be read as a number.

    >>> _signs("12"), _signs("12,5"), _signs("1.234,5"), _signs("0.125"), _signs("1.234"), _signs("twelve")
    (['.', ','], [','], [','], ['.'], ['.', ','], [])
    """
    return [sign for sign, number in _NUMBER.items() if number.fullmatch(cell)]


def _decimal_sign(rows: list[_Row], names: list[str], separator: str) -> str:
    """Return the decimal sign of the file: that of the first number that can be read with one sign only.

    If there is none, 1.234 may be a thousand or a little more than one. In a comma-separated file the sign is a point,
    since a decimal comma would need quotes. Elsewhere it makes no difference if a whole column is written this way: the
    two readings are the same column in two units, and standardising removes the unit.
    """
    unclear: list[tuple[int, int, str]] = []
    for row in rows:
        for column, cell in enumerate(row.cells):
            if "." in cell or "," in cell:
                signs = _signs(cell)
                if len(signs) == 1:
                    return signs[0]
                if signs:
                    unclear.append((row.line, column, cell))
    if separator == "," or not unclear:
        return "."
    sign = "." if "." in unclear[0][2] else ","
    written = Counter(column for _, column, _ in unclear)
    for line, column, cell in unclear:
        if sign not in cell or written[column] < len(rows):
            raise TableError("two_meanings", line=line, column=names[column], value=cell)
    return sign


def _read_numbers(rows: list[_Row], names: list[str], sign: str) -> NDArray[np.float64]:
    """Return the numbers (N, columns), or raise TableError for the first cell that is not a number."""
    number = cache(partial(_number, sign=sign))  # in most files many cells are the same
    x = np.empty((len(rows), len(names)))
    for i, row in enumerate(rows):
        x[i] = [number(cell) for cell in row.cells]
    for i, column in np.argwhere(~(np.abs(x) <= MAX_NUMBER))[:1]:
        cell, line = rows[i].cells[column], rows[i].line
        if cell.lower() in MISSING:
            raise TableError("missing", line=line, column=names[column])
        if _NUMBER[sign].fullmatch(cell) or cell.lower() in _NOT_FINITE:
            code = "out_of_range"
        else:
            code = "two_decimal_signs" if _signs(cell) else "not_a_number"
        raise TableError(code, line=line, column=names[column], value=cell)
    return x


def _number(cell: str, sign: str) -> float:
    """Return the number in the cell, read with this decimal sign, or NaN."""
    return float(cell.translate(_TO_PYTHON[sign])) if _NUMBER[sign].fullmatch(cell) else np.nan


def _describing(x: NDArray[np.float64], places: list[int], names: list[str]) -> tuple[list[int], tuple[str, ...]]:
    """Return which columns of x describe the rows, and the names of those that only number them."""
    # Rows without a label are no longer in x, which leaves gaps in the numbering.
    counting = (np.diff(x, axis=0) == np.diff(places)[:, None]).all(axis=0) & (x[0] == np.floor(x[0]))
    features = np.flatnonzero(~counting).tolist()
    row_numbers = tuple(names[i] for i in np.flatnonzero(counting))
    if row_numbers and len(features) < MIN_FEATURES:
        raise TableError("row_numbers", column=row_numbers[0], found=len(features), expected=MIN_FEATURES)
    return features, row_numbers


def _read_labels(rows: list[_Row], column: str, sign: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the classes in order, numbers first, and the class number (N,) of each row."""
    labels = [_one_line(row.label, row.line) for row in rows]
    meanings = {name: _meaning(name, sign) for name in labels}
    numbers = {meaning: number for number, meaning in enumerate(sorted(set(meanings.values())))}
    if len(numbers) < MIN_CLASSES:
        raise TableError("one_class", column=column, value=labels[0], expected=MIN_CLASSES)
    if len(numbers) > MAX_CLASSES:
        code = "numeric_labels" if all(text == "" for _, text in numbers) else "too_many_classes"
        raise TableError(code, column=column, found=len(numbers), expected=MAX_CLASSES)
    classes = [""] * len(numbers)
    for name in sorted(meanings, key=lambda name: (-len(name), name)):
        classes[numbers[meanings[name]]] = name  # the shortest spelling comes last, and stays
    y = np.array([numbers[meanings[name]] for name in labels], dtype=np.int64)
    for number, count in enumerate(np.bincount(y).tolist()):
        if count < MIN_CLASS_ROWS:
            row = rows[int(np.argmax(y == number))]
            raise TableError(
                "small_class", line=row.line, column=column, value=classes[number], found=count, expected=MIN_CLASS_ROWS
            )
    return tuple(classes), y


def _meaning(label: str, sign: str) -> tuple[float, str]:
    """Return a key that is equal for two spellings of one number and else differs; numbers sort before texts."""
    number = _number(label, sign)
    return (np.inf, label) if np.isnan(number) else (number, "")


def _one_line(cell: str, line: int) -> str:
    """Return a name or label, with line breaks and runs of spaces inside it replaced by single spaces."""
    name = " ".join(cell.split())
    if len(name) > MAX_NAME:
        raise TableError("long_name", line=line, value=name, found=len(name), expected=MAX_NAME)
    return name
