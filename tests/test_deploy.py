"""What a host starts: the container, the replicas, the locks. No container engine is needed to see what they say."""

import re
import subprocess
import sys
import tomllib
from contextlib import suppress
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.lock import LOCKS
from tests.support.proxying import CONFIGURATION
from tests.support.serving import ROOT, free_port, served

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LINES = [line for line in re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines() if line and not line.startswith("#")]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
# Three numbers, so that the same file gives the same image until somebody changes it; dependabot does.
PINNED = r"[a-z]+:\d+\.\d+\.\d+[a-z-]*"


def arguments(instruction: str) -> list[str]:
    return [line.partition(" ")[2] for line in LINES if line.startswith(instruction + " ")]


# --- Dockerfile ---


def test_every_image_is_pinned():
    bases = [each.partition(" ")[0] for each in arguments("FROM")]
    others = [service["image"] for service in COMPOSE["services"].values() if "build" not in service]
    assert bases
    assert others
    for image in (*bases, *others):
        assert re.fullmatch(PINNED, image), image


def test_the_container_belongs_to_nobody_and_is_asked_whether_it_is_well():
    user = arguments("USER")[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, which Kubernetes can check; not root's"
    after = LINES[LINES.index(f"USER {user}") :]
    assert [line for line in after if line.startswith("CMD ")]
    assert not [line for line in after if line.startswith(("RUN ", "COPY "))], "it could write to these files"
    (check,) = arguments("HEALTHCHECK")
    assert check.endswith('CMD ["python", "deploy/healthy.py"]')


def test_it_does_not_ask_for_its_address_when_it_starts():
    assert "STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE=true" in arguments("ENV")[0].split()


def test_it_starts_as_the_readme_says():
    started = yaml.safe_load(arguments("CMD")[-1])
    assert started[:3] == ["streamlit", "run", "app.py"]
    assert {each.partition("=")[0] for each in started[3:]} == {
        "--server.address",
        "--server.port",
        "--server.headless",
    }


def test_it_copies_what_exists():
    for sources in arguments("COPY"):
        for source in sources.split()[:-1] if "--from" not in sources else []:
            assert (ROOT / source).exists(), source


def test_pytorch_comes_without_cuda_at_the_version_of_requirements():
    (install,) = (line for line in arguments("RUN") if "download.pytorch.org/whl/cpu" in line)
    assert '"$(grep ^torch== requirements.txt)"' in install
    assert "--require-hashes -r requirements.lock" in install


def kept_out(path: str) -> bool:
    """Whether .dockerignore leaves out a path; ``**/`` is any folder, and what is in a folder goes with it."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    whole = [path, *(str(parent) for parent in Path(path).parents)][:-1]
    return any(
        fnmatch(each, rule) or (rule.startswith("**/") and fnmatch(Path(each).name, rule[3:]))
        for rule in rules
        for each in whole
    )


def test_what_git_ignores_and_git_itself_stay_out_of_the_image_and_the_program_goes_in():
    for rule in (ROOT / ".gitignore").read_text().splitlines():
        if rule and not rule.startswith("#"):
            assert kept_out(rule.strip("/").replace("*", "module")), rule
    assert kept_out(".git/config")
    assert kept_out("lib/web/__pycache__/server.cpython-311.pyc")
    for path in ("app.py", "lib/web/server.py", ".streamlit/config.toml", "data/stories/en.txt", "tests/conftest.py"):
        assert not kept_out(path), path


def test_the_health_check_knows_a_server_that_answers(tmp_path: Path):
    def check(port: int, base: str = "") -> int:
        environment = {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_BASE_URL_PATH": base}
        command = [sys.executable, ROOT / "deploy" / "healthy.py"]
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode

    (tmp_path / "app.py").write_text("import streamlit as st\nst.title('Well')")
    # The way in which a host sets options of Streamlit in a container.
    with served(tmp_path / "app.py", STREAMLIT_SERVER_BASE_URL_PATH="dice", base="dice") as address:
        port = int(address.split(":")[2].split("/")[0])
        assert check(port, "dice") == check(port, "/dice/") == 0
        assert check(port) != 0  # nothing there
    assert check(free_port()) != 0


# --- compose.yaml and nginx.conf ---


def test_the_replicas_stand_behind_a_proxy_and_share_a_redis():
    app, redis, proxy = (COMPOSE["services"][name] for name in ("app", "redis", "proxy"))
    assert app["deploy"]["replicas"] == "${REPLICAS:-2}"
    assert app["environment"]["TWO_DICE_REDIS"] == "redis://redis:6379"
    assert ("ports" in app, "ports" in redis, "ports" in proxy) == (False, False, True)
    assert proxy["volumes"] == ["./deploy/nginx.conf:/etc/nginx/nginx.conf:ro"]
    for service in (app, redis, proxy):
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["mem_limit"]
        assert service["restart"] == "unless-stopped"


def test_the_proxy_asks_where_the_container_listens():
    configuration = CONFIGURATION.read_text()
    port = re.findall(r"--server\.port=(\d+)", DOCKERFILE)[0]
    assert f"server app:{port};" in configuration
    assert arguments("EXPOSE") == [port]
    listens = re.findall(r"listen (\d+);", configuration)
    assert [each.rpartition(":")[2] for each in COMPOSE["services"]["proxy"]["ports"]] == listens


def test_the_proxy_lets_through_a_table_as_large_as_the_app_accepts_and_hardly_more():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    accepted = config["server"]["maxUploadSize"] * 1024
    (passed,) = re.findall(r"client_max_body_size (\d+)k;", CONFIGURATION.read_text())
    assert accepted < int(passed) < 1.2 * accepted


# --- Locks ---


def entries(lock: str) -> dict[str, tuple[str, list[str]]]:
    """The version and the checksums of each package."""
    text = (ROOT / lock).read_text().replace("\\\n", "")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {each[0].split("==")[0]: (each[0].split("==")[1], each[1:]) for each in lines}


def brought(requirements: str) -> set[str]:
    """All packages that a file of requirements brings here, by what the installed packages say that they need."""
    found: set[str] = set()
    waiting = [
        (Requirement(line), "") for line in (ROOT / requirements).read_text().splitlines() if not line.startswith("-r")
    ]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name in found and not requirement.extras:
            continue
        found.add(name)
        with suppress(PackageNotFoundError):  # a tool that was added since this environment was made
            for needed in requires(requirement.name) or ():
                waiting += [(Requirement(needed), each) for each in (requirement.extras or {""})]
    return found


@pytest.mark.parametrize(("requirements", "lock"), LOCKS.items())
def test_a_lock_has_the_pinned_versions_with_checksums_and_no_pytorch(requirements, lock):
    locked = entries(lock)
    for line in (ROOT / requirements).read_text().splitlines():
        if not line.startswith(("-r", "torch")):
            pinned = Requirement(line)
            assert f"=={locked[canonicalize_name(pinned.name)][0]}" == str(pinned.specifier)
    for name, (_version, checksums) in locked.items():
        assert checksums, name
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in checksums), name
    assert not [name for name in locked if name.startswith(("torch", "nvidia", "cuda", "triton"))]


@pytest.mark.skipif(sys.platform != "linux", reason="the locks are for Linux")
@pytest.mark.parametrize(("requirements", "lock"), LOCKS.items())
def test_a_lock_misses_nothing_that_is_needed(requirements, lock):
    needed = {name for name in brought(requirements) if not name.startswith(("nvidia", "cuda", "triton"))}
    assert "click" in needed or "pluggy" in needed  # found by way of others
    assert needed - {"torch"} <= set(entries(lock))


def test_the_audit_covers_both_sets_and_may_only_read():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "audit.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert workflow["permissions"] == {"contents": "read"}
    assert job["steps"][-1]["run"].split()[-4:] == ["-r", "requirements.txt", "-r", "deploy/requirements-dev.lock"]
    assert set(entries("deploy/requirements.lock")) <= set(entries("deploy/requirements-dev.lock"))
