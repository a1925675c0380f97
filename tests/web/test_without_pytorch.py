"""Pages that compute nothing open without PyTorch, which takes longer to import than they take to show.

No page needs pandas, which Streamlit would import for its own tables: 0.4 s and 40 MB.
"""

import subprocess
import sys

import pytest

from lib.web.frame.language import ROOT

# A server of its own, where nobody has imported anything yet; what it would import later, by itself, it is told to put
# off. Prints which of the two are imported after the first visit.
VISIT = """
import os
import sys
from streamlit.testing.v1 import AppTest
from lib.web import server as warm_up

warm_up.SECONDS = 1000
page, part = sys.argv[1:]
app = AppTest.from_file("app.py", default_timeout=60)
app.switch_page(page)
if part:
    app.query_params["part"] = part
app.run()
assert not app.exception, app.exception
assert len(app.title) == 1
print(*{"torch", "pandas"} & sys.modules.keys(), flush=True)
os._exit(0)  # without waiting for what the page has begun to compute
"""


# Prints what came first: that PyTorch was looked for, or that the heading was drawn.
ORDER = """
import os
import sys
import streamlit as st
from streamlit.testing.v1 import AppTest

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
app.switch_page(sys.argv[1])
app.run()
assert not app.exception, app.exception
print(*order, flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("page", ["dropout", "training", "top_k", "two_dice"])
def test_the_heading_is_drawn_before_pytorch_is_imported(page: str) -> None:
    command = [sys.executable, "-c", ORDER, f"pages/{page}.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["title", "torch"]


def imported(page: str, part: str = "") -> set[str]:
    """Which of PyTorch and pandas a server has imported after somebody looked at this page first."""
    command = [sys.executable, "-c", VISIT, page, part]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("page", ["app.py", "pages/today.py"])
def test_the_home_page_and_the_time_line_need_neither_pytorch_nor_pandas(page: str) -> None:
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
