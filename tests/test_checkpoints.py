"""What ships as numbers holds numbers and text only, and nothing in the program would read anything else."""

import ast
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.support.serving import ROOT

ARRAYS = sorted((ROOT / "data").rglob("*.npz"))
FOLDERS = ("lib", "pages", "scripts", "benchmarks")
PROGRAM = [ROOT / "app.py", *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))]
SAFE = {"json", "tomllib", "LanguageModel"}  # whose load() makes nothing but data


def holds_objects(path: Path) -> list[str]:
    """The arrays in a file that NumPy would read with pickle, by what their headers say; nothing is read in."""
    found = []
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            with file.open(name) as stored:
                version = np.lib.format.read_magic(stored)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                if read(stored)[2].hasobject:
                    found.append(name)
    return found


def unsafe(source: str) -> list[str]:
    """The calls of a program that read a file which could run code. (A pickle that stays in memory is its own.)"""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="load"), keywords=keywords):
                said = {each.arg: ast.unparse(each.value) for each in keywords}
                if said.get("allow_pickle") != "False":
                    found.append(ast.unparse(node))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr="load")) if module not in SAFE:
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("path", ARRAYS, ids=lambda path: path.stem)
def test_no_array_is_a_pickle(path):
    assert holds_objects(path) == []


def test_there_are_no_files_in_a_format_that_runs_code():
    files = [path for path in (ROOT / "data").rglob("*") if path.is_file()]
    assert len(ARRAYS) > 40
    assert {path.suffix for path in files} == {".npz", ".csv", ".json", ".md", ".toml", ".txt"}


def test_the_program_loads_nothing_that_could_run_code():
    assert {path: found for path in PROGRAM if (found := unsafe(path.read_text(encoding="utf-8")))} == {}


def test_a_pickle_would_be_found(tmp_path):
    np.savez(tmp_path / "bad.npz", fine=np.zeros(3), bad=np.array([{"a": 1}], dtype=object))
    assert holds_objects(tmp_path / "bad.npz") == ["bad.npy"]
    program = "np.load(f)\nnp.load(f, allow_pickle=False)\ntorch.load(f)\npickle.load(f)\njson.load(f)"
    assert unsafe(program) == ["np.load(f)", "torch.load(f)", "pickle.load(f)"]
