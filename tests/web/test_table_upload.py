"""What the page says of a table: what it uses, what it left out, and what is wrong, counted in words."""

import pytest

from lib.tables import MESSAGES, TableError, example_table_text, load_table
from lib.web.training.table_upload import refusal, summary
from tests.support.apptest import healthy, open_app_page, shown


def upload(app, content: bytes, name: str = "own.csv"):
    app.file_uploader(key="file").set_value((name, content, "text/csv"))
    return healthy(app.run())


def example(*more: str, numbered: bool = False) -> bytes:
    """The example, with an Id column before it if asked, and with more lines after it."""
    header, *rows = example_table_text().splitlines()
    lines = [header, *rows, *more]
    if numbered:
        lines = [f"{'Id' if i == 0 else i},{line}" for i, line in enumerate(lines)]
    return "\n".join(lines).encode()


def test_the_classes_are_named():
    app = upload(open_app_page("training", data="csv"), example())
    assert "In use: 60 rows, 2 columns of numbers. Classes in column label: large, small" in shown(app)
    assert "Left out" not in shown(app)


def test_what_is_left_out_is_named_and_counted_and_training_starts_without_it():
    app = upload(open_app_page("training", data="csv"), example("1,2,NA", "1,2,?", numbered=True))
    assert "In use: 60 rows, 2 columns" in shown(app)
    assert "Left out: 2 rows without a label, the first in line 62." in shown(app)
    assert "Left out: column Id." in shown(app)
    assert not next(each for each in app.button if each.label == "Train").disabled


def test_one_row_is_in_the_singular():
    assert "Left out: 1 row without a label, in line 62." in summary(load_table(example("1,2,NA")))


def test_names_from_the_file_are_shown_as_they_are_and_do_nothing():
    raw = example().replace(b"small", b"<b>*x*</b>").replace(b"label", b":smile:")
    (line,) = summary(load_table(raw))
    assert r"\:smile\:: \<b\>\*x\*\</b\>, large" in line


@pytest.mark.parametrize("code", [code for code, message in MESSAGES.items() if isinstance(message, tuple)])
@pytest.mark.parametrize(("found", "form"), [(0, 1), (1, 0), (2, 1)])
def test_a_count_has_its_plural_form(code: str, found: int, form: int):
    error = TableError(code, line=2, column="a", value="b", found=found, expected=20)
    assert refusal(error) == MESSAGES[code][form].format(line=2, column="a", value="b", found=found, expected=20)


def test_before_a_file_is_chosen_nothing_is_missing():
    app = healthy(open_app_page("training", data="csv"))
    assert not app.warning
