"""What holds for all tests."""

import copy
import os
from typing import Any

# Set before PyTorch is imported. Small tensors are slower on two threads than on one, above all on a machine that is
# busy with the browser.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import plotly.graph_objects as go
import pytest

from lib.figures import figure

Figure = go.Figure  # below, the name leads to the checked one


class CheckedFigure(Figure):  # type: ignore[misc]
    """The app's figure, whose every name and value was checked once. What is checked is a copy, because Plotly's check
    also mends: it makes one array of a list with a NumPy scalar in it, where the app would send the scalar."""

    def __init__(self, *args: Any, _validate: bool = True, **kwargs: Any) -> None:
        Figure(*copy.deepcopy(args), **kwargs)
        super().__init__(*args, **kwargs, _validate=_validate)


@pytest.fixture(autouse=True)
def plotly_checks_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app draws without Plotly's check, which takes longer than the drawing; here each figure is checked."""
    monkeypatch.setattr(figure.go, "Figure", CheckedFigure)
