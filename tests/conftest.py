"""What holds for all tests."""

import os
from typing import Any

# Set before PyTorch is imported. Small tensors are slower on two threads than on one, above all on a machine that is
# busy with the browser.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import plotly.graph_objects as go
import pytest

from lib.figures import figure


class CheckedFigure(go.Figure):  # type: ignore[misc]
    """Plotly's figure, which checks every name and value also where it is told not to."""

    def __init__(self, *args: Any, _validate: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


@pytest.fixture(autouse=True)
def plotly_checks_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app draws without Plotly's check, which takes longer than the drawing; here each figure is checked."""
    monkeypatch.setattr(figure.go, "Figure", CheckedFigure)
