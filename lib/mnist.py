r"""MNIST: 70,000 handwritten digits of 28 x 28 pixels, the data of the dropout paper.

Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "The MNIST database of handwritten digits". 60,000 digits are
for training and 10,000, written by other people, are the test set. `python -m scripts.fetch_mnist` puts the four
original files into models/mnist/, which git ignores.

The files are in the **idx** format: a head of big-endian numbers, then the values, one byte each.

    0 0 8 D        two zeros, the type (8 = unsigned bytes), the number of dimensions D
    D times        the length of each dimension, 4 bytes
    the rest       the values, the last dimension changing fastest
"""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

FOLDER: Final = Path(__file__).resolve().parents[1] / "models" / "mnist"
FILES: Final = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


class Mnist(NamedTuple):
    """All of MNIST: images (60000, 28, 28) and (10000, 28, 28), grey values 0 to 255; classes (60000,), (10000,)."""

    train_images: Bytes
    train_classes: Bytes
    test_images: Bytes
    test_classes: Bytes


def read_idx(content: bytes) -> Bytes:
    """Read what an idx file of unsigned bytes contains: an array of any shape.

    Raises ValueError if the content is not such a file, or is cut off.

    >>> read_idx(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
    array([[1, 2, 3],
           [4, 5, 6]], dtype=uint8)
    """
    if len(content) < 4 or content[:3] != bytes([0, 0, 8]):
        raise ValueError("not an idx file of unsigned bytes: it must begin with the bytes 0, 0, 8")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError(f"an idx file of {content[3]} dimensions has a head of {start} bytes, not {len(content)}")
    shape = tuple(np.frombuffer(content[4:start], dtype=">u4").tolist())
    values = np.frombuffer(content, dtype=np.uint8, offset=start)
    if len(values) != np.prod(shape):
        raise ValueError(f"an idx file of shape {shape} must have {np.prod(shape)} values, not {len(values)}")
    return values.reshape(shape)


def load_mnist(folder: Path = FOLDER) -> Mnist:
    """Load the four files. Raises FileNotFoundError, which says how to fetch them, if one is missing."""
    if not all((folder / name).exists() for name in FILES):
        raise FileNotFoundError(f"MNIST is not in {folder}: fetch it with python -m scripts.fetch_mnist")
    return Mnist(*(read_idx((folder / name).read_bytes()) for name in FILES))
