"""What the training page draws of a recording: medians and bands over the ensemble's members.

>>> import numpy as np
>>> across(np.array([[[1.0, 2.0, 3.0, 4.0, 5.0]]]))["median"]  # one point, one arm, five members
array([[3.]])
"""

import csv
import io
from typing import Literal

import numpy as np
import numpy.typing as npt

from lib.training import History

Metric = Literal["loss", "accuracy"]
Floats = npt.NDArray[np.floating]


def across(values: Floats) -> dict[str, Floats]:
    """Median and middle half over the members: (T, A, E) -> three arrays (T, A), named median, low and high.

    The band holds the middle half of the members (25th to 75th percentile), so that one unlucky seed does not
    stretch it.
    """
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75], axis=2)  # each (T, A)
    return {"median": median, "low": low, "high": high}


def series(history: History, start: int = 0, stop: int | None = None) -> dict[str, Floats]:
    """Every curve of the recording between two recorded points, by name: ``val_loss.1.median`` is arm 1's.

    Names are ``{curve}_{metric}.{arm}.{median|low|high}``; curves are train and val for both metrics, and
    ``train_loss_dropout`` (the loss as the optimiser sees it, dropout on), which exists for the loss only.
    """
    window = slice(start, stop)
    curves = {
        "train_loss": history.train_loss,
        "val_loss": history.val_loss,
        "train_accuracy": history.train_accuracy,
        "val_accuracy": history.val_accuracy,
        "train_loss_dropout": history.train_loss_dropout,
    }
    named: dict[str, Floats] = {}
    for curve, values in curves.items():
        for statistic, table in across(values[window]).items():
            for arm in range(table.shape[1]):
                named[f"{curve}.{arm}.{statistic}"] = table[:, arm]
    return named


def to_csv(history: History, rates: tuple[float, ...]) -> str:
    """Every number of the recording as CSV: one line for each recorded step, arm and member.

    ``rates`` names the arms. ``member`` counts from 0: the members of different arms with the same number started
    from the same weights.
    """
    curves = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "train_loss_dropout")
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["step", "dropout", "member", *curves])
    tables = [getattr(history, curve) for curve in curves]  # each (T, A, E)
    for t, step in enumerate(history.step.tolist()):
        for arm, rate in enumerate(rates):
            for member in range(history.val_loss.shape[2]):
                lines.writerow([step, rate, member, *(f"{table[t, arm, member]:.6g}" for table in tables)])
    return text.getvalue()
