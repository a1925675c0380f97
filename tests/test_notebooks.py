"""A page's program as a notebook: a valid one, that says and does the same, and that nobody's text can break out of."""

import ast
import contextlib
import csv
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib.listings.comments import comments, with_comments
from lib.listings.dropout import dropout_listing
from lib.listings.questions import question_listing
from lib.listings.today import block_listing, data_size_listing, regularisers_listing, scaling_listing, schedule_listing
from lib.listings.top_k import top_k_listing
from lib.listings.training import training_listing
from lib.listings.two_dice import two_dice_listing
from lib.notebooks import in_markdown, notebook
from lib.pictured_network import PassSettings
from lib.questions.threads import THREADS
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.studies.regularisers import RegularisersConfig
from lib.studies.schedules import ScheduleConfig
from lib.tables import example_table_text, load_table
from lib.training import TrainingConfig
from lib.web.frame import language as web_language
from lib.web.frame.language import LANGUAGES
from tests.listings.test_comments import all_programs
from tests.support.listings import with_source

SHORT = TrainingConfig(n_train=40, hidden=(8,), steps=20)
TABLE = load_table(example_table_text().encode())
# Two or more of each program, one with the settings with which its page opens. Those that train take fewer steps.
RUN = {
    "dropout": dropout_listing("digits", 0.5, 3, PassSettings()),
    "dropout, other settings": dropout_listing(
        "moons", 0.2, 1, PassSettings((0.1, 0.9, 0.2), scaling="at_test", seed=7)
    ),
    "training": training_listing(replace(TrainingConfig(), steps=20)),
    "training on digits": training_listing(replace(SHORT, dataset="digits", label_noise=0.2, seed=4)),
    "training on a table": training_listing(replace(SHORT, dataset="csv", n_train=30, table=TABLE)),
    "top-k": top_k_listing([], SamplingSettings(top_k=50)),
    "top-k, all cuts": top_k_listing(["the", "old"], SamplingSettings(0.7, top_k=10, top_p=0.85, min_p=0.05), seed=5),
    "top-k, no cut": top_k_listing(["one"], UNCUT, p=0.0, seed=1),
    "two dice": with_source(two_dice_listing((0.0, 0.3), (None, 1), n=20, seed=0)),
    "two dice, trained": with_source(two_dice_listing((0.0, 0.5), (10,), n=10, seed=2, train=(50, 2, 4))),
    "today: scaling": scaling_listing(0.1),
    "today: a block": block_listing(0.3, ["mlp"], training=True),
    "today: a block that does not drop": block_listing(0.3, [], training=False, seed=3),
    "today: data size": with_source(data_size_listing(20, 0.1, 0).replace("steps=1500", "steps=2")),
    "today: schedules": schedule_listing(ScheduleConfig(SHORT, p=0.25, switch=0.75)),
    "today: alternatives": regularisers_listing(RegularisersConfig(SHORT, times=5)),
    **{f"question: {name}": question_listing(name) for name in THREADS},
}


def cells(text: str) -> list[tuple[str, str]]:
    """The kind and the source of each cell of a valid notebook."""
    read = nbformat.reads(text, as_version=4)
    nbformat.validate(read)
    assert read.metadata.kernelspec.name == "python3"
    return [(cell.cell_type, cell.source) for cell in read.cells]


def code(text: str) -> list[str]:
    """The sources of the cells that run."""
    return [source for kind, source in cells(text) if kind == "code"]


def printed(sources: Iterable[str]) -> str:
    """What these print, one after the other in one namespace, as a notebook's kernel runs its cells."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()) as output:
        for source in sources:
            exec(compile(source, "cell", "exec"), names)
    return output.getvalue()


@pytest.fixture(scope="module")
def programs() -> list[str]:
    """Every page's program as it opens, and with every setting that changes a comment."""
    return list(dict.fromkeys([*RUN.values(), *all_programs()]))


@pytest.mark.parametrize("name", RUN)
def test_its_cells_print_what_the_program_prints(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # a program may add the folder of the source code
    (tmp_path / "table.csv").write_text(example_table_text(), encoding="utf-8")
    sources = code(notebook("# A page", RUN[name]))
    assert len(sources) > 1
    by_cells = printed(sources)
    assert by_cells == printed([RUN[name]])
    assert len(by_cells.splitlines()) > 1 or name == "question: drop_or_keep"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_valid_and_has_all_of_the_program(language: str, programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out or written twice: the same statements, and each comment as text or beside its code."""
    monkeypatch.setattr(web_language, "current_language", lambda: language)
    for english in programs:
        program = with_comments(english, web_language._)
        first, *others = cells(notebook("# A page", program))
        assert first == ("markdown", "# A page")
        joined = "\n".join(source for kind, source in others if kind == "code")
        assert ast.dump(ast.parse(joined)) == ast.dump(ast.parse(program))
        said = [source for kind, source in others if kind == "markdown"]
        said += [in_markdown(each.text) for each in comments(joined)]
        # Where a line ended between two Chinese characters, there is no space.
        assert sorted(text.replace(" ", "") for text in said) == sorted(
            in_markdown(each.text).replace(" ", "") for each in comments(program)
        )


def test_the_same_settings_give_the_same_bytes() -> None:
    program = training_listing(TrainingConfig())
    assert notebook("# A page", program) == notebook("# A page", training_listing(TrainingConfig()))
    assert notebook("# A page", program) != notebook("# A page", training_listing(TrainingConfig(seed=1)))


def test_imports_stand_together_and_a_function_is_one_cell() -> None:
    program = (
        "import csv\n\nimport torch\n\n\ndef f():\n    # inside\n    x = 1\n\n    return x\n\n\ny = '''\n\n# no\n'''\n"
    )
    assert code(notebook("", program)) == [
        "import csv\n\nimport torch",
        "def f():\n    # inside\n    x = 1\n\n    return x",
        "y = '''\n\n# no\n'''",
    ]


HOSTILE = (
    '"""',
    "'''\n\nimport os\n\n",
    "# %%\n!ls",
    '"}]}',
    "</script><b>",
    "$x$ `y` [a](javascript:b)",
    "\\n\\",
    "\r\n# x",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_s_names_stay_inside_their_cells(name: str) -> None:
    """The name of the file and of the column of labels are in the program, as texts."""
    rows = [["a", "b", name], *([str(i % 7), str(i % 5), "xy"[i % 2]] for i in range(40))]
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    config = replace(SHORT, dataset="csv", n_train=30, table=load_table(file.getvalue().encode()))
    program = training_listing(config, file_name=name)
    harmless = training_listing(replace(SHORT, dataset="csv", n_train=30, table=TABLE), file_name="table.csv")
    ours, others = (code(notebook("# A page", each)) for each in (program, harmless))
    assert len(ours) == len(others)
    assert ast.dump(ast.parse("\n".join(ours))) == ast.dump(ast.parse(program))


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_in_a_program_and_a_title_stays_where_it_is(text: str) -> None:
    title = f"# {in_markdown(text)}"
    program = f"import torch\n\nx = {text!r}\nprint(x)\n"
    assert [source for _kind, source in cells(notebook(title, program))] == [
        title,
        "import torch",
        f"x = {text!r}\nprint(x)",
    ]
    assert len(json.loads(notebook(title, program))["cells"]) == 3
