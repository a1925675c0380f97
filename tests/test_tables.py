"""Tables of your own: what is accepted, and that anything else is refused with its place."""

import csv
import inspect
import io
import os
import pickle
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import load_iris

from lib import tables
from lib.datasets import make_dataset
from lib.tables import MESSAGES, LeftOut, Table, TableError, example_table_text, load_table
from lib.training import TrainingConfig, train


def rows(n: int = 20, separator: str = ",") -> list[str]:
    """n good lines for the header u,v,label; row i is on line i + 2."""
    return [separator.join((str(7 * i % 20), str(0.5 * i), "ab"[i % 2])) for i in range(n)]


def file(*lines: str, header: str = "u,v,label", end: str = "\n") -> bytes:
    return (end.join([header, *lines]) + end).encode()


def with_line(number: int, text: str) -> bytes:
    """A good file with one line, counted as an editor counts, replaced."""
    lines = ["u,v,label", *rows()]
    lines[number - 1] = text
    return ("\n".join(lines) + "\n").encode()


GOOD = file(*rows())


# --- What is accepted ---


def test_the_numbers_the_labels_and_their_names_come_out() -> None:
    table = load_table(GOOD)
    assert table.features == ("u", "v")
    assert table.label == "label"
    assert table.classes == ("a", "b")
    np.testing.assert_array_equal(table.x, [[7 * i % 20, 0.5 * i] for i in range(20)])
    np.testing.assert_array_equal(table.y, [i % 2 for i in range(20)])


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="byte order mark"),
        pytest.param(GOOD.replace(b"\n", b"\r\n"), id="Windows line ends"),
        pytest.param(GOOD.replace(b"\n", b"\r"), id="old Macintosh line ends"),
        pytest.param(GOOD.rstrip(), id="no line end at the end"),
        pytest.param(b"\n\n" + GOOD.replace(b"\n", b"\n\n") + b",,\n , ,\n", id="blank lines, and rows of blank cells"),
        pytest.param(GOOD.replace(b",", b";"), id="semicolons"),
        pytest.param(GOOD.replace(b",", b"\t"), id="tabs"),
        pytest.param(GOOD.replace(b",", b" , "), id="spaces"),
        pytest.param(re.sub(rb"[^,\n]+", rb'"\g<0>"', GOOD), id="quoted cells"),
        pytest.param(re.sub(rb"[^,\n]+", rb'"\g<0>"', GOOD).replace(b",", b";"), id="quoted cells and semicolons"),
        pytest.param(GOOD.replace(b",", b";").replace(b".", b","), id="decimal commas between semicolons"),
        pytest.param(GOOD.replace(b",", b"\t").replace(b".", b","), id="decimal commas between tabs"),
        pytest.param(re.sub(rb"(\d+)\.(\d+)", rb'"\1,\2"', GOOD), id="decimal commas in quotes between commas"),
        pytest.param(b"sep=;\n" + GOOD.replace(b",", b";"), id="Excel's first line"),
        pytest.param(
            b"\xef\xbb\xbfSEP=;\r\n" + GOOD.replace(b",", b";"), id="Excel's first line after a byte order mark"
        ),
        pytest.param(GOOD.decode().replace(",", "\t").encode("utf-16"), id="Excel's Unicode text"),
        pytest.param(b"\xfe\xff" + GOOD.decode().encode("utf-16-be"), id="UTF-16, other order"),
    ],
)
def test_ways_to_write_the_same_table(raw: bytes) -> None:
    assert load_table(raw) == load_table(GOOD)


@pytest.mark.parametrize(
    ("cell", "number"),
    [("3", 3), ("-0.5", -0.5), ("+1.", 1), (".25", 0.25), ("1e-3", 0.001), ("2E+2", 200), ("-1e30", -1e30), ("007", 7)],
)
def test_ways_to_write_a_number(cell: str, number: float) -> None:
    assert load_table(with_line(5, f"{cell},1,a")).x[3, 0] == number


@pytest.mark.parametrize(
    ("header", "label"),
    [
        ("u,v,colour", "colour"),
        ("label,u,v", "label"),
        ("u,Class,v", "Class"),
        ("target,y,v", "target"),
        ("u,y,v", "y"),
        ("x,y,colour", "colour"),  # two coordinates, not a label between
        ("x,y,label", "label"),
        ("class,label,v", "label"),
    ],
)
def test_which_column_is_the_label(header: str, label: str) -> None:
    numbers = [",".join(str(i % 2) for _ in range(3)) for i in range(20)]
    table = load_table(file(*numbers, header=header))
    assert table.label == label
    assert table.features == tuple(name for name in header.split(",") if name != label)


def test_labels_that_are_numbers_stand_in_the_order_of_numbers() -> None:
    lines = [f"1,2,{label}" for label in [10, 9, -1, 2] * 5]
    table = load_table(file(*lines))
    assert table.classes == ("-1", "2", "9", "10")
    assert table.y[:4].tolist() == [3, 2, 0, 1]


def test_the_example_is_accepted_and_is_what_a_rectangle_can_be() -> None:
    table = load_table(example_table_text().encode())
    assert table.x.shape == (60, 2)
    assert (table.x > 0).all()
    assert np.bincount(table.y).tolist() == [30, 30]


def test_the_largest_table_is_accepted() -> None:
    lines = [f"{-i},1,{i % tables.MAX_CLASSES}" for i in range(tables.MAX_ROWS)]
    table = load_table(file(*lines))
    assert table.x.shape == (tables.MAX_ROWS, 2)
    assert len(table.classes) == tables.MAX_CLASSES

    names = [f"n{i}" for i in range(tables.MAX_FEATURES)]
    wide = [",".join([*["1"] * tables.MAX_FEATURES, "ab"[i % 2]]) for i in range(tables.MIN_ROWS)]
    assert load_table(file(*wide, header=",".join([*names, "label"]))).x.shape == (20, 100)


# --- Separators ---


NAMES_WITH_COMMAS = "length, in cm;width, in cm;kind, as a person sees it"


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("{0};{1};{2}", id="whole numbers: a comma would leave one cell"),
        pytest.param("{0},5;{1},5;{2}", id="decimal commas: a comma gives every line three cells, too"),
        pytest.param("{0}.5;{1},0;{2}, or so", id="a comma in the label"),
    ],
)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_the_separator_is_the_one_that_gives_every_line_the_same_number_of_cells(row: str, separator: str) -> None:
    row = row.replace("{1},0", "{1}")
    lines = [row.format(i % 3, i % 5, "ab"[i % 2]) for i in range(20)]
    raw = "\n".join([NAMES_WITH_COMMAS, *lines]).replace(";", separator).encode()
    table = load_table(raw)
    assert table.features == ("length, in cm", "width, in cm")
    assert table.label == "kind, as a person sees it"
    np.testing.assert_array_equal(table.x[:, 0] - table.x[0, 0], [i % 3 for i in range(20)])


def test_a_comma_separates_although_every_label_has_semicolons() -> None:
    lines = [f"{i % 3},{i % 5},{'ab'[i % 2]};of;two" for i in range(20)]
    assert load_table(file(*lines)).classes == ("a;of;two", "b;of;two")


def test_where_no_separator_fits_all_lines_the_first_that_does_not_fit_is_named() -> None:
    lines = [f"{i % 3},5;{i % 5},5;{'ab'[i % 2]}" for i in range(20)]
    lines[7] = "1,5;a"
    with pytest.raises(TableError) as caught:
        load_table("\n".join([NAMES_WITH_COMMAS, *lines]).encode())
    assert (caught.value.code, caught.value.line, caught.value.found) == ("ragged", 9, 2)


def test_excels_first_line_counts_as_a_line_and_settles_the_separator() -> None:
    lines = [f"{i % 3},5;{i % 5},5;{'ab'[i % 2]}" for i in range(20)]
    assert load_table("\r\n".join(["sep=;", NAMES_WITH_COMMAS, *lines]).encode()).x[1].tolist() == [1.5, 1.5]
    with pytest.raises(TableError) as caught:
        load_table("\r\n".join(["sep=;", "u;v;label", "1;2;a", "1;two;a", *lines]).encode())
    assert (caught.value.code, caught.value.line) == ("not_a_number", 4)


# --- Decimal signs and thousands ---


def column_of(*cells: str, other: str = "1", separator: str = "\t") -> NDArray[np.float64]:
    """The numbers that these cells become, in a file that repeats them to twenty rows."""
    lines = [separator.join((cells[i % len(cells)], other, "ab"[i // 2 % 2])) for i in range(max(20, 4 * len(cells)))]
    return load_table(file(*lines, header=separator.join(("u", "v", "label")))).x[: len(cells), 0]


@pytest.mark.parametrize("name", ["thousands-tabs.tsv", "thousands-german.csv"])
def test_thousands_are_read_as_if_they_were_not_marked(name: str) -> None:
    """The same 60 places with marked thousands and without (the kind of csvkit#876)."""
    people = [987, 1234, 1140, 3269, 2041, 6938, 1141, 4250, 865, 7080] * 3
    area = [12.5, 3.4, 26.7, 6.3, 35.0] * 6
    written = {
        "thousands-tabs.tsv": [f"{p:,}\t{a}" for p, a in zip(people, area, strict=True)],
        "thousands-german.csv": [
            f"{p:,}".replace(",", ".") + f";{a}".replace(".", ",") for p, a in zip(people, area, strict=True)
        ],
    }[name]
    separator = "\t" if name.endswith("tsv") else ";"
    lines = [f"{line}{separator}{('town', 'village')[i % 2]}" for i, line in enumerate(written)]
    table = load_table(file(*lines, header=separator.join(("people", "area", "size"))))
    np.testing.assert_array_equal(table.x, np.column_stack([people, area]))


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("12,5", "1.234"), (12.5, 1234)),
        (("12.5", "1,234"), (12.5, 1234)),
        (("1.234", "12,5"), (1234, 12.5)),  # what settles it may come later
        (("1.234.567", "1.234"), (1234567, 1234)),
        (("1.234,5", "987"), (1234.5, 987)),
        (("-1,234.5", "+2,000"), (-1234.5, 2000)),
        (("0.125", "1.234"), (0.125, 1.234)),  # no thousand begins with 0
        (("0,125", "1,234"), (0.125, 1.234)),
        (("1.234e3", "1.234"), (1234, 1.234)),
        (("1234.567", "1.234"), (1234.567, 1.234)),
        (("1 234,5", "12\u00a0345", "1\u202f234\u202f567"), (1234.5, 12345, 1234567)),
        (("1'234.5", "12’345"), (1234.5, 12345)),
    ],
)
def test_one_decimal_sign_settles_all_numbers_of_a_file(cells: tuple[str, ...], numbers: tuple[float, ...]) -> None:
    assert column_of(*cells).tolist() == list(numbers)


def test_between_commas_a_lone_point_is_a_decimal_point() -> None:
    assert column_of("1.234", "987", separator=",").tolist() == [1.234, 987]
    assert column_of('"1,234"', "987", separator=",").tolist() == [1234, 987]


@pytest.mark.parametrize("sign", [".", ","])
def test_a_column_that_may_be_thousands_throughout_learns_the_same_either_way(sign: str) -> None:
    cells = [f"{i}{sign}{i}5{i}" for i in range(1, 10)]
    decimals, thousands = column_of(*cells), np.array([int(cell.replace(sign, "")) for cell in cells])
    np.testing.assert_allclose(decimals, thousands / 1000, rtol=1e-15)


# --- What is left out ---


@pytest.mark.parametrize("missing", ["", "?", "NA", "N/A", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", '""'])
def test_a_missing_label_is_no_class_and_its_row_is_left_out(missing: str) -> None:
    """As in palmerpenguins, where the sex of some is not known. Their measurements may be missing, too."""
    lines = rows(24)
    lines[3], lines[9] = f"NA,NA,{missing}", f"1,2,{missing}"
    table = load_table(file(*lines))
    assert table.classes == ("a", "b")
    assert table.left_out == LeftOut(rows=2, line=5)
    assert len(table.y) == 22
    assert table == load_table(file(*[line for i, line in enumerate(lines) if i not in (3, 9)]))


@pytest.mark.parametrize("label", ["-", "none", "None", "n", "nano"])
def test_a_label_that_only_looks_empty_is_a_class(label: str) -> None:
    table = load_table(GOOD.replace(b",a\n", f",{label}\n".encode()))
    assert set(table.classes) == {label, "b"}
    assert table.left_out == LeftOut()


@pytest.mark.parametrize("first", [0, 1, 1001])
def test_a_column_that_only_numbers_the_rows_is_left_out_and_named(first: int) -> None:
    lines = [f"{first + i},{line}" for i, line in enumerate(rows(30))]
    table = load_table(file(*lines, header="Id,u,v,label"))
    assert table == load_table(file(*rows(30)))
    assert table.left_out == LeftOut(columns=("Id",))


def test_the_nameless_first_column_of_pandas_and_r_is_left_out() -> None:
    lines = [f'"{i}",{line}' for i, line in enumerate(rows(30), 1)]
    table = load_table(file(*lines, header='"",u,v,label'))
    assert table == load_table(file(*rows(30)))
    assert table.left_out == LeftOut(columns=("1",))


def test_row_numbers_are_found_with_rows_left_out_between() -> None:
    lines = [
        f"{line.rpartition(',')[0]},{i},{'NA' if i in (0, 7, 8, 29) else 'ab'[i % 2]}"
        for i, line in enumerate(rows(30))
    ]
    table = load_table(file(*lines, header="u,v,Id,label"))
    assert table.features == ("u", "v")
    assert table.left_out == LeftOut(rows=4, line=2, columns=("Id",))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([*range(29), 30], id="one step is larger"),
        pytest.param([*range(30, 0, -1)], id="downwards"),
        pytest.param([2 * i for i in range(30)], id="by two"),
        pytest.param([i + 0.5 for i in range(30)], id="halves"),
        pytest.param([1e30] * 30, id="so large that one more is the same"),
    ],
)
def test_other_columns_stay(values: list[float]) -> None:
    lines = [f"{value},{line}" for value, line in zip(values, rows(30), strict=True)]
    assert load_table(file(*lines, header="w,u,v,label")).features == ("w", "u", "v")


def test_a_row_number_gives_the_labels_of_a_sorted_file_away() -> None:
    """Why they are left out: with them networks look better than they are, on Fisher's irises 0.99 instead of 0.95."""
    iris = load_iris()
    lines = [",".join(map(str, [i, *row, iris.target[i - 1]])) for i, row in enumerate(iris.data, 1)]
    table = load_table(file(*lines, header="Id,a,b,c,d,species"))
    np.testing.assert_array_equal(table.x, iris.data)
    leaking = replace(table, features=("Id", *table.features), x=np.column_stack([np.arange(1.0, 151), table.x]))

    def accuracy(table: Table) -> float:
        config = TrainingConfig(
            "csv", table=table, n_train=100, label_noise=0.0, rates=(0.0,), members=8, steps=1000, recordings=2
        )
        return float(train(config).val_accuracy[-1].mean())

    honest, flattered = accuracy(table), accuracy(leaking)
    assert honest < 0.97
    assert flattered > 0.98


@pytest.mark.parametrize("unit", [1e-200, 5e-324, 1e-162, 1e30])
def test_a_column_of_any_size_can_be_learned_from(unit: float) -> None:
    """Squares of very small numbers are 0, and with them the standard deviation, by which columns are divided."""
    table = load_table(file(*[f"{unit * (i % 2)!r},{7 * i % 20},{'ab'[i % 2]}" for i in range(40)]))
    assert table.x[:, 0].max() == unit
    with np.errstate(all="raise", under="ignore"):
        data = make_dataset("csv", n_train=30, noise=0, label_noise=0, seed=0, table=table)
    for x in (data.train_x, data.val_x):
        assert np.isfinite(x).all()
        assert np.abs(x).max() < 10


# --- Labels ---


def test_one_number_in_two_spellings_is_one_class_with_its_shortest_name() -> None:
    table = load_table(file(*[f"1,2,{label}" for label in ["1.0", "0", "01", "0.0", "1"] * 6]))
    assert table.classes == ("0", "1")
    assert table.y[:5].tolist() == [1, 0, 1, 0, 1]


def test_numbers_among_other_labels_are_read_as_numbers() -> None:
    table = load_table(file(*[f"1,2,{label}" for label in ["x", "10", "9.0", "9", "v1"] * 6]))
    assert table.classes == ("9", "10", "v1", "x")


# --- What a table is ---


def test_tables_with_the_same_content_are_one_key() -> None:
    table, same = load_table(GOOD), load_table(GOOD)
    assert table is not same
    assert table == same
    assert len({table, same}) == 1
    other = {
        load_table(GOOD.replace(b"0.5", b"0.6")),
        load_table(GOOD.replace(b"u", b"w")),
        load_table(GOOD + b"1,1,a\n"),
    }
    assert len(other) == 3
    assert table not in other
    assert table != "a table"


def test_a_table_cannot_be_changed_and_survives_the_way_to_another_process() -> None:
    table = load_table(GOOD)
    with pytest.raises(ValueError, match="read-only"):
        table.x[0, 0] = 5
    with pytest.raises(ValueError, match="read-only"):
        table.y[0] = 1
    assert pickle.loads(pickle.dumps(table)) == table


def test_the_digest_is_the_same_in_another_process() -> None:
    # Python's own hash of text differs from process to process; a key for shared runs must not.
    code = "from lib.tables import *; print(load_table(example_table_text().encode()).digest)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"PYTHONHASHSEED": "1"},
    )
    assert run.stdout.strip() == load_table(example_table_text().encode()).digest


# --- What is refused, and where ---


def fields(**given: object) -> dict[str, object]:
    return dict.fromkeys(("line", "column", "value", "found", "expected")) | given


REFUSED = [
    ("no bytes", b"", "empty", fields(expected=20)),
    ("white space", b" \n\t\r\n", "empty", fields(expected=20)),
    ("only a byte order mark", b"\xef\xbb\xbf", "empty", fields(expected=20)),
    ("only separators", b",,,\n,,,\n", "empty", fields(expected=20)),
    ("only a pair of quotes", b'""', "empty", fields(expected=20)),
    ("over a megabyte", GOOD + b"\n" * 10**6, "too_large", fields(found=len(GOOD) + 10**6, expected=10**6)),
    ("a zero byte", with_line(7, "1,\0,a"), "binary", fields(line=7)),
    ("an Excel file", b"PK\x03\x04\x14\x00\x06\x00", "binary", fields(line=1)),
    ("an old Excel file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "binary", fields(line=1)),
    ("UTF-16, cut in a character", GOOD.decode().encode("utf-16")[:-1], "encoding", fields(line=21, value="UTF-16")),
    ("UTF-16 with a zero", with_line(7, "1,\0,a").decode().encode("utf-16"), "binary", fields(line=7)),
    ("Latin-1", "u,größe,label\n".encode("latin-1"), "encoding", fields(line=1, value="0xF6")),
    ("Latin-1 below", with_line(9, "1,2,é").decode().encode("latin-1"), "encoding", fields(line=9, value="0xE9")),
    (
        "Latin-1 after Windows line ends and a byte order mark",
        b"\xef\xbb\xbf" + with_line(9, "1,2,é").decode().encode("latin-1").replace(b"\n", b"\r\n"),
        "encoding",
        fields(line=9, value="0xE9"),
    ),
    ("a quote left open", with_line(6, '1,2,"a'), "malformed", fields(line=6)),
    ("text behind a quote", with_line(6, '1,2,"a"b'), "malformed", fields(line=6)),
    ("a quote left open in the header", b'u,"v,label\n1,2,a\n', "malformed", fields(line=1)),
    ("a huge cell", with_line(6, "1,2," + "a" * 200_000), "malformed", fields(line=6)),
    ("no header", "\n".join(rows()).encode(), "no_header", fields(line=1, column="1", value="0")),
    ("a number as a name", file(*rows(), header="u,2,label"), "no_header", fields(line=1, column="2", value="2")),
    ("a first name left out", file(*rows(), header=",v,label"), "empty_name", fields(line=1, column="1")),
    ("a name left out", file(*rows(), header="u,,label"), "empty_name", fields(line=1, column="2")),
    ("no header, blank first", ("\n\n" + rows()[3]).encode(), "no_header", fields(line=3, column="1", value="1")),
    ("a name twice", file(*rows(), header="u,u,label"), "duplicate_name", fields(line=1, column="u")),
    (
        "a long name",
        file(*rows(), header="u," + "v" * 61 + ",label"),
        "long_name",
        fields(line=1, value="v" * 39 + "…", found=61, expected=60),
    ),
    (
        "a long label",
        with_line(4, "1,2," + "a" * 61),
        "long_name",
        fields(line=4, value="a" * 39 + "…", found=61, expected=60),
    ),
    ("one word", b"hello", "too_few_columns", fields(line=1, found=1, expected=3)),
    ("one column of numbers", file("1,a", header="u,label"), "too_few_columns", fields(line=1, found=2, expected=3)),
    ("spaces as separators", file("1 2 a", header="u v label"), "too_few_columns", fields(line=1, found=1, expected=3)),
    (
        "10,000 columns",
        (",".join(f"n{i}" for i in range(9_999)) + ",label\n").encode(),
        "too_many_columns",
        fields(line=1, found=10_000, expected=101),
    ),
    ("a cell too few", with_line(8, "1,a"), "ragged", fields(line=8, found=2, expected=3)),
    ("a cell too many", with_line(8, "1,2,3,a"), "ragged", fields(line=8, found=4, expected=3)),
    ("decimal commas between commas", with_line(8, "1,5,2,a"), "ragged", fields(line=8, found=4, expected=3)),
    ("only a header", file(), "too_few_rows", fields(found=0, expected=20)),
    ("19 rows", file(*rows(19)), "too_few_rows", fields(found=19, expected=20)),
    ("100,000 rows", file(*["1,2,a"] * 100_000), "too_many_rows", fields(line=20_002, found=100_000, expected=20_000)),
    ("words only", file(*["red,round,a"] * 20), "no_numeric_column", fields(line=2, expected=2)),
    ("a gap", with_line(10, "1,,a"), "missing", fields(line=10, column="v")),
    ("a gap marked NA", with_line(10, "NA,1,a"), "missing", fields(line=10, column="u")),
    ("a gap marked with a question mark", with_line(10, "?,1,a"), "missing", fields(line=10, column="u")),
    ("a gap marked NaN", with_line(10, "NaN,1,a"), "missing", fields(line=10, column="u")),
    ("two labels of 21 missing", file(*rows(19), "1,2,", "3,4,NA"), "too_few_rows", fields(found=19, expected=20)),
    ("no label at all", file(*["1,2,NA"] * 30), "too_few_rows", fields(found=0, expected=20)),
    ("text in numbers", with_line(11, "1,tall,a"), "not_a_number", fields(line=11, column="v", value="tall")),
    ("a column of words", file(*["1,red,a"] * 20), "not_a_number", fields(line=2, column="v", value="red")),
    ("a unit", with_line(11, "1,3 cm,a"), "not_a_number", fields(line=11, column="v", value="3 cm")),
    ("a Python number", with_line(11, "1,1_000,a"), "not_a_number", fields(line=11, column="v", value="1_000")),
    ("digits of another script", with_line(11, "1,١٢,a"), "not_a_number", fields(line=11, column="v", value="١٢")),
    (
        "a decimal comma after decimal points",
        with_line(11, '1,"2,5",a'),
        "two_decimal_signs",
        fields(line=11, column="v", value="2,5"),
    ),
    (
        "a decimal point after decimal commas",
        with_line(11, "1;2.5;a").replace(b",", b";").replace(b".", b",").replace(b"1;2,5;a", b"1;2.5;a"),
        "two_decimal_signs",
        fields(line=11, column="v", value="2.5"),
    ),
    (
        "points for thousands after decimal points",
        with_line(11, "9;1.234,5;b").replace(b",", b";").replace(b"1.234;5", b"1.234,5"),
        "two_decimal_signs",
        fields(line=11, column="v", value="1.234,5"),
    ),
    (
        "a thousand or a little more than one",
        file(*["1\t987\ta"] * 12, *["2\t1,234\tb"] * 12, header="u\tv\tlabel"),
        "two_meanings",
        fields(line=14, column="v", value="1,234"),
    ),
    (
        "points and commas that could both be either",
        file(*["1.234;2.345;a"] * 12, *["1,234;2,345;b"] * 12, header="u;v;label"),
        "two_meanings",
        fields(line=14, column="u", value="1,234"),
    ),
    (
        "groups of three that are not",
        with_line(11, '1,"1,23,456",a'),
        "not_a_number",
        fields(line=11, column="v", value="1,23,456"),
    ),
    (
        "row numbers and one column",
        file(*[f"{i},{i % 7},{'ab'[i % 2]}" for i in range(20)], header="Id,v,label"),
        "row_numbers",
        fields(column="Id", found=1, expected=2),
    ),
    (
        "row numbers twice",
        file(*[f"{i},{i + 5},{'ab'[i % 2]}" for i in range(20)]),
        "row_numbers",
        fields(column="u", found=0, expected=2),
    ),
    ("infinity", with_line(12, "1,-inf,a"), "out_of_range", fields(line=12, column="v", value="-inf")),
    ("too large for a float", with_line(12, "1,1e999,a"), "out_of_range", fields(line=12, column="v", value="1e999")),
    ("too large to square", with_line(12, "1,-2e30,a"), "out_of_range", fields(line=12, column="v", value="-2e30")),
    ("one class", file(*["1,2,a"] * 20), "one_class", fields(column="label", value="a", expected=2)),
    (
        "a name for each row",
        file(*[f"1,2,row {i}" for i in range(21)]),
        "too_many_classes",
        fields(column="label", found=21, expected=20),
    ),
    (
        "numbers as labels",
        file(*[f"1,2,{i}.5" for i in range(21)]),
        "numeric_labels",
        fields(column="label", found=21, expected=20),
    ),
    (
        "a class with one row",
        with_line(13, "1,2,rare"),
        "small_class",
        fields(line=13, column="label", value="rare", found=1, expected=2),
    ),
]


@pytest.mark.parametrize(("raw", "code", "where"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_refused_with_its_place_and_what_is_accepted(raw: bytes, code: str, where: dict[str, object]) -> None:
    with pytest.raises(TableError) as caught:
        load_table(raw)
    error = caught.value
    assert error.code == code
    assert {name: getattr(error, name) for name in where} == where
    for value in where.values():
        assert value is None or str(value) in str(error)
    assert "Accepted: " in str(error)
    assert "None" not in str(error)


def test_every_code_has_its_case_above() -> None:
    assert {code for _, _, code, _ in REFUSED} == set(MESSAGES)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (file(*["1,2,a"] * 1), "The table has 1 row with a label."),
        (file(*["1,2,a"] * 2), "The table has 2 rows with a label."),
        (file("", header="u"), "Line 1 has 1 column."),
        (file("", header="u;label"), "Line 1 has 2 columns."),
        (with_line(8, "1"), "Line 8 has 1 cell, but the header has 3."),
        (with_line(8, "1,2"), "Line 8 has 2 cells, but the header has 3."),
    ],
)
def test_one_thing_is_in_the_singular(raw: bytes, words: str) -> None:
    with pytest.raises(TableError) as caught:
        load_table(raw)
    assert words in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(end: str) -> None:
    # A label on lines 3 to 5, a blank line 6, and the mistake on line 7.
    lines = ["u,v,label", "1,2,a", f'3,4,"b{end}b{end}b"', "", "5,six,a", *rows()]
    with pytest.raises(TableError) as caught:
        load_table(end.join(lines).encode())
    assert (caught.value.code, caught.value.line) == ("not_a_number", 7)


def test_line_breaks_inside_a_label_become_spaces() -> None:
    raw = GOOD.replace(b"a\n", b'"a\r\n  b"\n')
    assert load_table(raw).classes == ("a b", "b")


def test_a_long_value_is_cut_and_stays_on_one_line() -> None:
    with pytest.raises(TableError) as caught:
        load_table(with_line(5, '1,"long\n' + "x" * 1000 + '",a'))
    assert caught.value.value == "long " + "x" * 34 + "…"
    assert "\n" not in str(caught.value)


def test_an_error_survives_the_way_to_another_process() -> None:
    with pytest.raises(TableError) as caught:
        load_table(with_line(8, "1,a"))
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert vars(again) == vars(caught.value)


# --- Whatever the bytes: a table or a TableError, and soon ---


def load_or_catch(raw: bytes) -> Table | TableError:
    try:
        return load_table(raw)
    except TableError as error:
        return error


def accepted_or_refused(raw: bytes) -> None:
    result = load_or_catch(raw)
    if isinstance(result, TableError):
        assert "Accepted: " in str(result)
        # The line exists: there is one more than there are line ends.
        assert result.line is None or 1 <= result.line <= 1 + len(re.findall(rb"\r\n|\r|\n", raw))
        return
    assert result.x.shape == (len(result.y), len(result.features))
    assert np.isfinite(result.x).all()
    assert 2 <= len(result.classes) <= 20
    assert np.bincount(result.y, minlength=len(result.classes)).min() >= 2
    assert len(set(result.features)) == len(result.features) >= 2


@given(st.binary())
def test_any_bytes(raw: bytes) -> None:
    accepted_or_refused(raw)


@given(st.text(alphabet='ab01.,;\t\n\r "eE+-_\ufeff\x1c\x85\u2028é', max_size=60))
@example(",,\n,,")
@example('""\n')
def test_any_text_of_csv_letters(text: str) -> None:
    accepted_or_refused(text.encode())


@given(st.data())
def test_a_good_file_with_some_bytes_replaced(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([GOOD, GOOD.replace(b",", b";").replace(b".", b",")])))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 3))
        raw[start : start + length] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"\n", b",", b";", b"\r\n"])
        )
    accepted_or_refused(bytes(raw))


names = st.text(alphabet="abcdeé _", min_size=1, max_size=8).filter(lambda name: name.strip())
numbers = st.floats(-1e30, 1e30, allow_subnormal=True)


@given(
    st.lists(numbers, min_size=40, max_size=40),
    st.lists(names, min_size=2, max_size=5, unique_by=lambda name: " ".join(name.split())),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_the_csv_module_writes_is_read_back_exactly(
    values: list[float], labels: list[str], delimiter: str, end: str, quoting: int
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["u", "v", "label"])
    written = [(values[2 * i], values[2 * i + 1], labels[i % len(labels)]) for i in range(20)]
    writer.writerows(written)
    table = load_table(text.getvalue().encode())
    np.testing.assert_array_equal(table.x, [row[:2] for row in written])
    assert [table.classes[number] for number in table.y] == [" ".join(row[2].split()) for row in written]


def slow_files() -> list[tuple[str, bytes]]:
    size = tables.MAX_BYTES
    header = ",".join(f"n{i}" for i in range(100)) + ",label\n"
    wide = header + "".join("1," * 100 + "ab"[i % 2] + "\n" for i in range((size - len(header)) // 202))
    lines = "".join(
        "\t".join(f"{1 + (i + j) % 999}.{j:03}" for j in range(10)) + f"\t{'ab'[i % 2]}\n" for i in range(11_000)
    )
    thousands = "\t".join([*"abcdefghij", "label\n"]) + lines
    different = "u,v,label\n" + "".join(f"{0.37 * i:.4g}e{i % 29},{i}e{i % 17},{'ab'[i % 2]}\n" for i in range(20_000))
    return [
        ("most cells", wide.encode()),
        ("most rows", b"u,v,label\n" + b"1,2,a\n" * ((size - 10) // 6)),
        ("blank lines", b"u,v,label\n" + b"\n" * (size - 10)),
        ("blank rows", b"u,v,label\n" + b",\n" * (size // 2 - 5)),
        ("one line of separators", b"u" + b"," * (size - 1)),
        ("one line of all separators", b"u" + b",;\t" * (size // 3 - 1)),
        ("only quotes", b"u" + b'"' * (size - 1)),
        ("quotes between commas", b"u" + b'""",' * (size // 4 - 1)),
        ("different numbers", different.encode()),
        ("long numbers", b"u,v,label\n" + (b"1" * 49_000 + b",1,a\n") * 20),
        ("numbers that could be thousands", thousands.encode()),
        ("all separators in each line", b"u,v;x,y;label\n" + b"1,5;2,5;a\n" * (size // 10 - 2)),
        ("bytes of chance", random.Random(0).randbytes(size)),
    ]


def quickest(work: Callable[[], object]) -> float:
    """Processor time, and the best of three: the machine may be busy, and this is about the code."""

    def seconds() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return min(seconds() for _ in range(3))


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in slow_files()])
def test_a_megabyte_is_decided_in_the_time_of_a_million_and_a_half_numbers(raw: bytes) -> None:
    """Half a second where Python writes and reads three million numbers a second: a ratio, since machines differ."""
    numbers = quickest(lambda: [float(f"{i % 977}.{i % 89}") for i in range(250_000)])
    assert quickest(lambda: load_or_catch(raw)) < 6 * numbers


def test_the_docstring_lists_the_limits() -> None:
    text = inspect.getdoc(tables) or ""
    for limit in (tables.MIN_FEATURES, tables.MAX_FEATURES, tables.MIN_ROWS, tables.MAX_ROWS, tables.MAX_CLASSES):
        assert f"{limit:,}" in text
