"""Read the numbers of a figure, which is plain data."""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt


def unpacked(values: Any) -> npt.NDArray[Any]:
    """The numbers of one of a trace's columns: packed by `lib.figures.figure.packed`, or a plain list."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype="<" + values["dtype"])
    return np.array(values)
