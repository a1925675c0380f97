"""Pages that compute nothing open without PyTorch, which takes longer to import than they take to show.

No page needs pandas, which Streamlit would import for its own tables: 0.4 s and 40 MB.
"""

import functools
import subprocess
import sys

import pytest

from lib.web.frame.language import ROOT

# A server of its own, where nobody has imported anything yet; what it would import later, by itself, it is told to put
# off. Prints what came first, that PyTorch was looked for or that the heading was drawn, and then which of PyTorch and
# pandas are imported after the first visit.
VISIT = """
import os
import sys
import streamlit as st
from streamlit.testing.v1 import AppTest
from lib.web import server as warm_up

warm_up.SECONDS = 1000
page, part = sys.argv[1:]
order, title = [], st.title

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            order.append("torch")

def seen(*args, **options):
    order.append("title")
    return title(*args, **options)

sys.meta_path.insert(0, Watch())
st.title = seen
app = AppTest.from_file("app.py", default_timeout=60)
app.switch_page(page)
if part:
    app.query_params["part"] = part
app.run()
assert not app.exception, app.exception
assert len(app.title) == 1
print(*order)
print(*{"torch", "pandas"} & sys.modules.keys(), flush=True)
os._exit(0)  # without waiting for what the page has begun to compute
"""


@functools.cache
def visited(page: str, part: str) -> tuple[list[str], set[str]]:
    """What came first on a server whose first visitor looked at this page, and what it has imported since."""
    command = [sys.executable, "-c", VISIT, page, part]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    order, imports = done.stdout.splitlines()
    return order.split(), set(imports.split())


def imported(page: str, part: str = "") -> set[str]:
    """Which of PyTorch and pandas the server has imported."""
    return visited(page, part)[1]


@pytest.mark.parametrize("page", ["dropout", "training", "top_k", "two_dice"])
def test_the_heading_is_drawn_before_pytorch_is_imported(page: str) -> None:
    assert visited(f"pages/{page}.py", "")[0] == ["title", "torch"]


@pytest.mark.parametrize("page", ["app.py", "pages/today.py", "pages/questions.py", "pages/quiz.py"])
def test_the_home_page_the_time_line_the_questions_and_the_quiz_need_neither_pytorch_nor_pandas(page: str) -> None:
    assert imported(page) == set()


@pytest.mark.parametrize("part", ["models", "data"])
def test_tables_and_shipped_measurements_need_neither(part: str) -> None:
    assert imported("pages/today.py", part) == set()


@pytest.mark.parametrize("part", ["places", "paper", "schedules", "instead"])
def test_a_part_that_computes_imports_pytorch_and_no_pandas(part: str) -> None:
    assert imported("pages/today.py", part) == {"torch"}


@pytest.mark.parametrize("page", ["dropout", "training", "top_k", "two_dice"])
def test_the_pages_with_networks_import_pytorch_and_no_pandas(page: str) -> None:
    assert imported(f"pages/{page}.py") == {"torch"}
