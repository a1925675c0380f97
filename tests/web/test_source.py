"""The source that the footer gives away: the program's own files and no others, as a zip that can be worked with."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.web.frame import source
from lib.web.frame.language import ROOT
from scripts import release
from tests.support.apptest import healthy, open_app_page

GIT = shutil.which("git")
IN_A_CHECKOUT = GIT is not None and (ROOT / ".git").exists()


def names(packed: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        return set(file.namelist())


def secrets(packed: bytes) -> set[str]:
    """Which of the packed files hold what `checkout` has hidden."""
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        return {name for name in file.namelist() if file.read(name) == b"secret"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the program that has been lived in: secrets beside it, and links that lead out of it."""
    root = tmp_path / "app"
    for path in source.source_files():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, root / path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "passwords.txt").write_text("secret")
    for name in ("lib/.env", ".streamlit/secrets.toml", "lib/.hidden/module.py", ".git-credentials", "server.key"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("secret")
    (root / "lib" / "link.txt").symlink_to(outside / "passwords.txt")
    (root / "data" / "linked").symlink_to(outside, target_is_directory=True)
    (root / "lib" / "__pycache__").mkdir()
    (root / "lib" / "__pycache__" / "story.cpython-311.pyc").write_bytes(b"")
    monkeypatch.setattr(source, "ROOT", root)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return root


def the_program() -> set[str]:
    """What belongs into the zip, as seen from this checkout."""
    return {f"two-dice/{path.as_posix()}" for path in source.source_files()}


def test_without_git_nothing_hidden_and_nothing_linked_is_given_away(checkout: Path) -> None:
    packed = source.archive.__wrapped__()
    with pytest.MonkeyPatch.context() as here:
        here.setattr(source, "ROOT", ROOT)
        assert names(packed) == the_program()
    assert secrets(packed) == set()


@pytest.mark.skipif(GIT is None, reason="no git on this machine")
def test_with_git_only_tracked_files_are_given_away(checkout: Path) -> None:
    def git(*command: str) -> None:
        subprocess.run(["git", "-C", str(checkout), *command], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")  # somebody has added secrets and links, too
    (checkout / "lib" / "notes.py").write_text("untracked")
    (checkout / "README.md").unlink()  # tracked, and gone
    packed = source.archive.__wrapped__()
    committed = {"two-dice/server.key"}  # under an ordinary name: whoever clones the repository has it, too
    with pytest.MonkeyPatch.context() as here:
        here.setattr(source, "ROOT", ROOT)
        assert names(packed) == (the_program() - {"two-dice/README.md"}) | committed
    assert secrets(packed) == committed


@pytest.mark.skipif(GIT is None, reason="no git on this machine")
def test_a_tag_is_packed_by_the_same_rules_and_twice_the_same(checkout: Path) -> None:
    def git(*command: str) -> None:
        subprocess.run(["git", "-C", str(checkout), *command], check=True, capture_output=True)

    git("init", "-q")
    (checkout / "server.key").unlink()
    git("add", ".")  # somebody has added secrets and links, too
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "All of it")
    git("tag", f"v{source.version()}")
    git("tag", "v9.9.9")
    (checkout / "lib" / "notes.py").write_text("untracked")
    (checkout / "app.py").write_text("changed since")
    version, zipped = release.packed(f"v{source.version()}", checkout)
    with pytest.MonkeyPatch.context() as here:
        here.setattr(source, "ROOT", ROOT)
        assert names(zipped) == {name.replace("two-dice/", f"two-dice-{version}/", 1) for name in the_program()}
    assert secrets(zipped) == set()
    with zipfile.ZipFile(io.BytesIO(zipped)) as file:
        assert file.read(f"two-dice-{version}/app.py") == (ROOT / "app.py").read_bytes()
        assert file.getinfo(f"two-dice-{version}/.ci/run").external_attr >> 16 & 0o100  # can be run
    assert release.packed(f"v{source.version()}", checkout) == (version, zipped)
    with pytest.raises(ValueError, match=f"so its tag is v{version}"):
        release.packed("v9.9.9", checkout)
    with pytest.raises(ValueError, match=r"v1\.2\.3: .*not a valid object name"):
        release.packed("v1.2.3", checkout)


def test_in_a_folder_of_another_repository_the_known_places_are_taken(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_git", lambda *command: "")
    assert Path("app.py") in source.source_files()
    assert Path("server.key") not in source.source_files()


@pytest.mark.skipif(not IN_A_CHECKOUT, reason="this is not a git checkout")
def test_the_known_places_are_those_that_git_tracks() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    places = {path for path in source._known_places() if source._may_be_given_away(path)}
    untracked = subprocess.run(
        ["git", "ls-files", "-z", "--others"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert places - set(map(Path, untracked.split("\0"))) == {Path(name) for name in tracked.split("\0") if name}


def test_its_own_tests_can_be_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(source.archive())) as file:
        file.extractall(tmp_path)
    unpacked = tmp_path / "two-dice"
    for needed in ("tests/support/serving.py", "requirements-dev.txt", ".streamlit/config.toml", "pyproject.toml"):
        assert (unpacked / needed).exists(), needed
    # The papers with their links, pictures and commands; a file of data and what reads it.
    tests = ["tests/test_docs.py", "tests/studies/test_facts.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=unpacked,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_made_in_memory_and_once() -> None:
    def files() -> set[Path]:
        return {path for path in ROOT.glob("static/**/*") if path.is_file()}

    before = files()
    source.archive.cache_clear()
    assert source.archive() is source.archive()
    assert files() == before


ANSWERS = {
    "https://github.com/somebody/two-dice.git": "https://github.com/somebody/two-dice",
    "git@github.com:somebody/two-dice.git": "https://github.com/somebody/two-dice",
    "https://name:password@example.org/two-dice": None,
    "/srv/git/two-dice": None,
    "": None,
}


@pytest.fixture
def no_address(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str | None]:
    """The address that would be found in a checkout cloned from there."""
    monkeypatch.delenv("TWO_DICE_SOURCE", raising=False)

    def found(remote: str) -> str | None:
        monkeypatch.setattr(source, "_git", lambda *command: remote + "\n")
        return source.address.__wrapped__()

    return found


@pytest.mark.parametrize(("remote", "address"), ANSWERS.items())
def test_the_address_is_where_it_was_cloned_from_without_passwords(
    no_address: Callable[[str], str | None], remote: str, address: str | None
) -> None:
    assert no_address(remote) == address


def test_a_host_can_name_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWO_DICE_SOURCE", "https://example.org/ours")
    assert source.address.__wrapped__() == "https://example.org/ours"


@pytest.mark.parametrize("address", ["https://github.com/school/dice", "https://gitlab.com/school/dice"])
def test_the_footer_links_the_notes_on_privacy_where_they_can_be_read(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(source, "address", lambda: address)
    notes = [each.value for each in healthy(open_app_page("today")).caption if "cookies" in each.value]
    assert notes == [
        f"[No names, no cookies of our own, nothing about you saved to disk]({address}/blob/HEAD/docs/privacy.md)"
    ]
    assert (ROOT / "docs" / "privacy.md").exists()


@pytest.mark.parametrize("address", [None, "https://example.org/ours"])
def test_the_footer_has_one_way_to_the_source(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    monkeypatch.setattr(source, "address", lambda: address)
    at = healthy(open_app_page("today"))
    links = [each.value for each in at.caption if "Source code" in each.value]
    buttons = [each.proto.label for each in at.get("download_button")]
    assert "No names, no cookies of our own, nothing about you saved to disk" in [each.value for each in at.caption]
    if address:
        assert (links, buttons) == ([f"Two Dice {source.version()}, MIT licence · [Source code]({address})"], [])
    else:
        assert (links, buttons) == ([], ["Source code"])
