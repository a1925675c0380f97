"""What a real server logs and counts of its events, and that nothing of a visitor's is in it."""

import asyncio
import json
import logging
import re
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from lib.tables import MESSAGES
from lib.web.frame import fragments
from lib.web.logs import OneLine, way_to
from tests.support.apptest import open_app_page
from tests.support.serving import serving
from tests.support.visiting import Visitor
from tests.web.test_server import in_a_thread
from tests.web.test_table_upload import upload

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (level=.*)")
FACT = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')
TYPED = "Rumpelstilzchen"
FAMILIES = ("two_dice_events", "two_dice_runs", "two_dice_rooms")
NO_JSON = "[" * 3000  # deeper than Python's parser goes
SHORT = "train=1&training-steps=200&training-seeds=1&training-layers=8&training-seed=77"
LONG = "train=1&training-steps=8000&training-seeds=16&training-layers=256-256"


@dataclass(frozen=True)
class Observed:
    """What a server that has ended had logged, and counted shortly before."""

    log: str
    metrics: str

    @property
    def events(self) -> list[dict[str, str]]:
        """The lines of ours, each as its facts."""
        lines = filter(None, map(LINE.fullmatch, self.log.splitlines()))
        return [
            {key: json.loads(value) if value[0] == '"' else value for key, value in FACT.findall(line[2])}
            for line in lines
        ]

    def of(self, name: str, **facts: str) -> list[dict[str, str]]:
        """The events of this name, with these facts."""
        return [each for each in self.events if {"event": name, **facts}.items() <= each.items()]


def metrics(address: str, *families: str) -> str:
    """What a server counts: ours, or these families."""
    query = "&".join(f"families={family}" for family in families or FAMILIES)
    with urllib.request.urlopen(f"{address}/_stcore/metrics?{query}", timeout=20) as answer:
        return answer.read().decode()


def forged(visitor: Visitor, component: str, text: str):
    """Send what no browser would to a component."""
    placed = next(
        each for each in visitor._placed.values() if getattr(each.proto, "component_name", "").endswith(component)
    )
    return visitor._ask(
        "forged", fragment=placed.fragment, trigger=(f"$$STREAMLIT_INTERNAL_KEY_{placed.proto.id}__events", text)
    )


async def until_counted(address: str, line: str) -> None:
    """Wait until the server has counted this."""
    async with asyncio.timeout(60):
        while line not in await asyncio.to_thread(metrics, address):
            await asyncio.sleep(0.05)


async def be_busy(address: str) -> None:
    """Let happen whatever is logged."""
    async with Visitor(address) as visitor:
        await visitor.open("top_k", f"lang=de&top_k-text={TYPED}")
        rerun = await forged(visitor, "two_dice_seat", NO_JSON)
        assert rerun.error == (
            "Hier ist etwas schiefgegangen, und es lag nicht an dir. Lade die Seite neu: Deine Einstellungen stehen in "
            "ihrer Adresse. Wer diesen Server betreibt, findet den Fehler in seinem Protokoll."
        )
        assert (await visitor.again()).error is None
    async with Visitor(address) as guest, Visitor(address) as teacher:
        await guest.open("room", "room=BCDF")
        await teacher.open("room")
        await teacher.move("open-room", True)
        await until_counted(address, "two_dice_rooms 1\n")
    async with Visitor(address) as visitor:
        assert not (await visitor.open("training", SHORT)).error
        async for rerun in visitor.stay(60, until_quiet=True):
            assert not rerun.error
    async with Visitor(address) as visitor:
        assert not (await visitor.open("training", LONG)).error
        await until_counted(address, 'two_dice_runs{state="computing"} 1\n')
    await until_counted(address, 'two_dice_events_total{event="run_stopped",kind="training"} 1\n')


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    log: Path = tmp_path_factory.mktemp("log") / "server.log"
    with serving(log=log) as (address, _process):
        in_a_thread(be_busy(address))
        counts = metrics(address)
    return Observed(log.read_text(encoding="utf-8"), counts)


def test_a_server_says_when_it_began_and_when_it_was_stopped(observed):
    assert observed.events[0]["event"] == "server_started"
    assert observed.events[-1]["event"] == "server_stopped"
    assert int(observed.events[-1]["seconds"]) < 120


def test_a_run_is_followed_from_its_start_to_its_end(observed):
    finished, stopped = (observed.of(name, kind="training") for name in ("run_finished", "run_stopped"))
    assert [each["step"] for each in finished] == ["200"]
    assert [each["of"] for each in stopped] == ["8000"]
    started = observed.of("run_started", kind="training")
    assert [each["run"] for each in started] == [finished[0]["run"], stopped[0]["run"]]


def test_a_refusal_has_its_reason(observed):
    assert [each["reason"] for each in observed.of("refused", kind="room")] == ["no-such-room"]


def test_an_error_is_one_line_and_its_traceback_in_plain_text(observed):
    assert len(observed.of("page_failed", level="error", kind="RecursionError")) == 1
    assert observed.log.count("Traceback (most recent call last):\n") == 1
    traceback = observed.log.partition("event=page_failed")[2].partition("\n")[2]
    assert re.match(r'Traceback \(most recent call last\):\n  File ".*", line \d+, in ', traceback)
    assert "\nRecursionError\n" in traceback
    assert "\x1b" not in observed.log  # no colours


def test_all_that_is_logged_is_counted(observed):
    counted = Counter((each["event"], each.get("kind")) for each in observed.events[:-1])
    for (event, kind), count in counted.items():
        labels = f'event="{event}"' + (f',kind="{kind}"' if kind else "")
        assert f"two_dice_events_total{{{labels}}} {count}\n" in observed.metrics


def test_nothing_of_a_visitor_is_in_the_log(observed):
    for secret in (TYPED, "BCDF", "127.0.0.1", "training-steps", "lang=", NO_JSON[:9]):
        others = [line for line in observed.log.splitlines() if "server started on" not in line and "URL: " not in line]
        assert [line for line in others if secret in line] == []


def test_what_is_slow_is_logged_and_what_is_not_is_not(monkeypatch, caplog):
    now = iter((0.0, 1.0, 10.0, 11.2))
    monkeypatch.setattr(fragments, "time", SimpleNamespace(monotonic=lambda: next(now)))
    caplog.set_level(logging.INFO)
    for part in ("quick", "slow"):
        with fragments.timed(part):
            pass
    (record,) = [record for record in caplog.records if record.name == "two_dice"]
    assert (record.getMessage(), record.facts["part"], record.facts["seconds"]) == ("slow_rerun", "slow", 1.2)


def test_a_refused_table_is_logged_without_its_name_and_words(caplog):
    caplog.set_level(logging.INFO)
    upload(open_app_page("training", data="csv"), f"a,{TYPED}\n1,2\n".encode(), f"{TYPED}.csv")
    (record,) = [record for record in caplog.records if record.getMessage() == "refused"]
    assert record.facts["kind"] == "upload"
    assert record.facts["reason"] in MESSAGES
    assert TYPED not in OneLine().format(record)


def test_a_value_with_blanks_or_line_breaks_stays_on_one_line():
    record = logging.makeLogRecord({"msg": "event", "levelname": "INFO", "facts": {"a": 'two words "x"\nb=3', "c": 7}})
    assert OneLine().format(record).partition("Z ")[2] == 'level=info event=event a="two words \\"x\\"\\nb=3" c=7'


def test_an_error_is_told_without_its_words_unless_they_are_about_a_file():
    def told(error: Exception, cause: Exception | None = None) -> str:
        try:
            raise error from cause
        except Exception as caught:
            return way_to(caught)

    assert TYPED not in told(ValueError(TYPED), KeyError(TYPED))
    assert "KeyError\nwhich led to\nTraceback" in told(ValueError(TYPED), KeyError(TYPED))
    assert told(OSError(28, "No space left", "/x")).endswith("OSError: [Errno 28] No space left: '/x'")
