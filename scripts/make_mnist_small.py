"""Write data/mnist_small.npz: a part of MNIST small enough to ship, as many digits of each class.

    python -m scripts.fetch_mnist
    python -m scripts.make_mnist_small

5,000 digits from MNIST's training set and 1,000 from its test set, which other people wrote; which ones, a fixed seed
decides. The app itself only reads the file.
"""

import numpy as np
from numpy.typing import NDArray

from lib.datasets import MNIST_FILE
from lib.mnist import Bytes, Mnist, load_mnist

TRAIN, VALIDATION = 500, 100  # of each class


def part(data: Mnist, train: int = TRAIN, validation: int = VALIDATION) -> dict[str, Bytes]:
    """The file's arrays: ``train_images`` (10 train, 28, 28), ``train_classes`` (10 train,), ``val_images``,
    ``val_classes``, all uint8, the digits in the order of MNIST."""
    rng = np.random.default_rng(0)
    for_training = _balanced(data.train_classes, train, rng)
    for_validation = _balanced(data.test_classes, validation, rng)
    return {
        "train_images": data.train_images[for_training],
        "train_classes": data.train_classes[for_training],
        "val_images": data.test_images[for_validation],
        "val_classes": data.test_classes[for_validation],
    }


def _balanced(classes: Bytes, each: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Row numbers, in order: ``each`` of every class, at random."""
    chosen = [rng.choice(np.flatnonzero(classes == digit), each, replace=False) for digit in range(10)]
    return np.sort(np.concatenate(chosen))


if __name__ == "__main__":
    np.savez_compressed(MNIST_FILE, allow_pickle=False, **part(load_mnist()))
    print(f"{MNIST_FILE}: {MNIST_FILE.stat().st_size} bytes")
