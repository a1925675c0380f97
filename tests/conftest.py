"""What holds for all tests."""

import json
import os
import pkgutil
from collections.abc import Sequence
from importlib import import_module

# Set before PyTorch is imported. Small tensors are slower on two threads than on one, above all on a machine that is
# busy with the browser.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# The same pages whether the real model has been fetched or not; what tests it offers it.
os.environ["TWO_DICE_LLM"] = ""

import plotly.graph_objects as go
import pytest

from lib import figures
from lib.figures.figure import Figure, Part, figure


def checked_figure(traces: Sequence[Part], layout: Part) -> Figure:
    """The app's figure, after Plotly's own package has checked every name and value of it, and JSON can hold it."""
    made = figure(traces, layout)
    go.Figure(made)
    json.dumps(made, allow_nan=False)
    return made


@pytest.fixture(autouse=True)
def plotly_checks_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app makes figures without Plotly, as plain data; here each of them is checked."""
    for module in pkgutil.iter_modules(figures.__path__):
        pictures = import_module(f"lib.figures.{module.name}")
        if hasattr(pictures, "figure"):
            monkeypatch.setattr(pictures, "figure", checked_figure)
