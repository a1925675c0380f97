"""The papers say what is true: commands, links, pictures."""

import re
from pathlib import Path

from benchmarks.__main__ import names

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(language: str) -> list[str]:
    return [line for block in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


def test_ci_calls_the_readmes_test_command_to_the_letter():
    test = next(line for line in commands("sh") if line.endswith("pytest"))
    assert test in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert test in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_run_and_test_are_one_line_each_also_for_windows():
    for shell in ("sh", "bat"):
        lines = commands(shell)
        assert sum(line.endswith("streamlit run app.py") for line in lines) == 1
        assert sum(line.endswith("pytest") for line in lines) == 1


def test_every_file_that_the_papers_link_to_exists():
    for paper in ("README.md", "CONTRIBUTING.md", "data/README.md", "CHANGELOG.md"):
        text = (ROOT / paper).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?://|#)([^)\s]+)\)", text):
            assert ((ROOT / paper).parent / target).exists(), (paper, target)


def test_every_benchmark_that_the_readme_names_exists():
    named = re.findall(r"python -m benchmarks (\w+)", README)
    assert named
    assert set(named) <= set(names())


def test_requirements_are_pinned_and_bring_no_other_index():
    for paper in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / paper).read_text().splitlines():
            assert line.startswith("-r requirements") or re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line), line
    assert "torch==2.13.0" in (ROOT / "requirements.txt").read_text().splitlines()


def test_every_data_file_has_its_story():
    told = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "data").iterdir():
        if path.name != "README.md":
            stem = path.name if path.is_dir() else re.sub(r"_.*|\..*", "", path.name)
            assert stem in told, path.name
