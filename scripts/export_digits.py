"""Write data/digits.npz: the 8 x 8 digits from the UCI repository, as scikit-learn ships them.

    python -m scripts.export_digits

It needs scikit-learn (requirements-dev.txt). The app itself only reads the file.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from lib.datasets import DIGITS_FILE


def digits() -> dict[str, NDArray[np.uint8]]:
    """Return ``images`` (1797, 8, 8), grey values 0..16, and ``classes`` (1797,), the digits 0..9, both uint8."""
    bunch = load_digits()
    return {"images": bunch.images.astype(np.uint8), "classes": bunch.target.astype(np.uint8)}


def export(path: Path) -> None:
    """Write the digits to ``path``."""
    np.savez_compressed(path, allow_pickle=False, **digits())


if __name__ == "__main__":
    export(DIGITS_FILE)
    print(f"{DIGITS_FILE}: {DIGITS_FILE.stat().st_size} bytes")
