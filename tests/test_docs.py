"""The papers say what is true: commands, links, pictures, versions; and GitHub can read what is meant for it."""

import ast
import re
import textwrap
import tomllib
from pathlib import Path

import pytest
import yaml

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
    papers = [path for folder in (ROOT, ROOT / "data", ROOT / "docs") for path in folder.glob("*.md")]
    assert {"README.md", "SECURITY.md", "hosting.md"} <= {paper.name for paper in papers}
    for paper in papers:
        text = paper.read_text(encoding="utf-8")
        for target, section in re.findall(r"\]\((?!https?://|#)([^)\s#]+)(?:#([^)\s]+))?\)", text):
            linked = paper.parent / target
            assert linked.exists(), (paper, target)
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.M) if section else []
            assert not section or section in {each.lower().replace(" ", "-") for each in headings}, (paper, section)


def test_every_benchmark_that_the_readme_names_exists():
    named = re.findall(
        r"python -m benchmarks (\w+)", README + (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    )
    assert named
    assert set(named) <= set(names())


def test_requirements_are_pinned_and_bring_no_other_index():
    for paper in ("requirements.txt", "requirements-dev.txt", "requirements-llm.txt"):
        for line in (ROOT / paper).read_text().splitlines():
            assert line.startswith("-r requirements") or re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line), line
    assert "torch==2.13.0" in (ROOT / "requirements.txt").read_text().splitlines()
    dev, llm = ((ROOT / f"requirements-{name}.txt").read_text().splitlines() for name in ("dev", "llm"))
    assert {line for line in llm if "transformers" in line} < set(dev)  # the processors of the version that is recorded


def test_pytorch_is_installed_at_the_same_version_where_it_is_installed_alone():
    hosting = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    (line,) = [each for each in hosting.splitlines() if "pip install -q torch" in each]
    assert re.findall(r"torch==[\d.]+", line) == re.findall(
        r"^torch==.*$", (ROOT / "requirements.txt").read_text(), re.M
    )
    # The rest of it is the README's own line.
    (run,) = [each for each in commands("sh") if each.endswith("streamlit run app.py")]
    assert [each for each in line.split(" && ") if "torch" not in each] == run.split(" && ")[:2]


def test_every_data_file_has_its_story():
    told = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "data").iterdir():
        if path.name != "README.md":
            stem = path.name if path.is_dir() else re.sub(r"_.*|\..*", "", path.name)
            assert stem in told, path.name


# --- CONTRIBUTING.md ---


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_path_that_contributing_names_exists():
    named = set(re.findall(r"`([\w./-]+)`", CONTRIBUTING))
    paths = {name for name in named if re.search(r"^(lib|pages|tests|content|static|\.ci|\.github)/", name)}
    assert len(paths) > 20
    for path in sorted(paths):
        assert "yours" in path or (ROOT / path).exists(), path


def test_the_example_of_a_page_imports_only_what_there_is():
    blocks = re.findall(r"^ *```python\n(.*?)```", CONTRIBUTING, re.DOTALL | re.MULTILINE)
    statements = [each for block in blocks for each in ast.walk(ast.parse(textwrap.dedent(block)))]
    imports = [each for each in statements if isinstance(each, ast.ImportFrom) and "yours" not in str(each.module)]
    assert imports
    for each in imports:
        exec(ast.unparse(each))


def test_a_subject_of_72_characters_passes_the_hook_and_one_of_73_does_not():
    (hook,) = (hook for hook in hooks() if hook["stages"] == ["commit-msg"])
    assert hook["language"] == "pygrep"  # which refuses a message in which it finds its entry
    long = re.compile(hook["entry"], re.MULTILINE | re.DOTALL)  # what --multiline means there
    assert hook["args"] == ["--multiline"]
    assert long.search("x" * 73 + "\n\nWhy.")
    assert not long.search("x" * 72 + "\n\n" + "y" * 100 + "\n")


# --- What GitHub and pre-commit read ---


def read(path: str):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def hooks() -> list[dict]:
    (repo,) = read(".pre-commit-config.yaml")["repos"]
    return [{"stages": ["pre-commit"]} | hook for hook in repo["hooks"]]


def test_the_workflow_calls_ci_run_and_may_only_read():
    workflow = read(".github/workflows/test.yml")
    (job,) = workflow["jobs"].values()
    assert job["steps"][-1] == {"run": ".ci/run"}
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in job
    assert set(workflow[True]) == {"push", "pull_request", "workflow_dispatch"}  # YAML 1.1 takes the word on for True
    for step in job["steps"]:
        assert "run" in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]), step


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.stem
)
def test_an_issue_form_has_what_github_asks_for(form: Path):
    content = read(str(form.relative_to(ROOT)))
    if form.stem == "config":
        assert content == {"blank_issues_enabled": True}
        return
    assert set(content) == {"name", "description", "title", "labels", "body"}
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
    assert all(field["attributes"]["options"] for field in fields if field["type"] == "dropdown")


def test_the_forms_are_for_bugs_numbers_and_translations():
    forms = {path.stem for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")}
    assert forms == {"bug", "number", "translate", "config"}


def test_dependabot_leaves_pytorch_alone():
    updates = {each["package-ecosystem"]: each for each in read(".github/dependabot.yml")["updates"]}
    assert set(updates) == {"pip", "github-actions", "docker", "docker-compose"}
    assert [each["dependency-name"] for each in updates["pip"]["ignore"]] == ["torch"]


def test_a_commit_is_checked_by_what_ci_runs():
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for hook in hooks():
        if hook["language"] == "system":
            command = hook["entry"].removesuffix(" --force-exclude")
            assert command in ci
            assert re.search(rf"^{Path(command.split()[0]).name}==", (ROOT / "requirements-dev.txt").read_text(), re.M)


def test_one_version_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    released = re.findall(r"^## (\S+) - (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    citation = read("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert (str(citation["version"]), citation["date-released"].isoformat()) == (version, released[0][1])
    assert released[0][0] == version
    assert (citation["title"], citation["license"]) == ("Two Dice", "MIT")
