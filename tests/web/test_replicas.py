"""Two replicas behind nginx, with the configuration that ships (deploy/nginx.conf), at the root and under a path."""

import asyncio
import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.proxying import NGINX, Proxy, proxied
from tests.support.serving import free_port, serving
from tests.support.visiting import Visitor
from tests.web.test_server import in_a_thread

VISITORS = 40


@dataclass
class Hosted:
    """A proxy and its replicas, of which one can be killed and started again."""

    base: str
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    running: dict[int, tuple[ExitStack, int]] = field(default_factory=dict)
    proxy: Proxy = field(init=False)

    def start(self, port: int) -> str:
        stack = ExitStack()
        address, process = stack.enter_context(serving(port=port, base=self.base))
        self.running[port] = stack, process
        return address

    def kill(self, port: int) -> None:
        stack, process = self.running.pop(port)
        os.kill(process, signal.SIGKILL)
        stack.close()

    def stop(self) -> None:
        for stack, _process in self.running.values():
            stack.close()

    def replica_of(self, seat: str) -> int:
        """The port of the replica that a request of this seat went to."""
        before = len(self.proxy.requests())
        get(f"{self.proxy.address}/_stcore/health", seat).close()
        while len(lines := self.proxy.requests()) == before:  # nginx answers first, and then writes it down
            time.sleep(0.001)
        return int(re.findall(r":(\d+) in ", lines[-1])[0])


def get(address: str, seat: str = "", **headers: str) -> HTTPResponse:
    if seat:
        headers["Cookie"] = f"seat={seat}"
    return urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20)


def cookies(proxy: Proxy, **headers: str) -> list[str]:
    """The proxy's cookies in an answer; the app has one of its own."""
    with get(f"{proxy.address}/_stcore/health", **headers) as answer:
        return [each for each in answer.headers.get_all("Set-Cookie", []) if each.startswith("seat=")]


def a_seat(proxy: Proxy) -> str:
    """Come to the proxy for the first time, and get the cookie that it gives."""
    (cookie,) = cookies(proxy)
    return re.match(r"seat=([0-9a-f]{2}); Path=/; HttpOnly; SameSite=Lax$", cookie)[1]


@pytest.fixture(scope="module", params=["", "dice"], ids=["at the root", "under a path"])
def hosted(request: pytest.FixtureRequest) -> Iterator[Hosted]:
    if NGINX is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no nginx: .ci/run installs Debian's package nginx-light")
        pytest.skip("no nginx on this machine: install the package nginx-light to test several replicas")
    here = Hosted(request.param)
    try:
        addresses = [here.start(port) for port in here.ports]
        with proxied(addresses) as here.proxy:
            yield here
    finally:
        here.stop()


def test_a_visitor_stays_with_one_replica_and_the_seats_are_shared_out(hosted):
    seats = {f"{number:02x}" for number in range(0, 256, 8)}
    found = {seat: {hosted.replica_of(seat) for _ in range(3)} for seat in sorted(seats)}
    assert all(len(replicas) == 1 for replicas in found.values())
    # 32 seats, each with either: one replica with fewer than 4 has a chance of one in a million.
    assert min(Counter(port for ports in found.values() for port in ports).values()) >= 4


def test_who_has_a_seat_keeps_it_and_what_is_none_is_not_trusted(hosted):
    assert cookies(hosted.proxy, Cookie="seat=a7") == []
    for nonsense in ("a7a7", "", "; Path=/elsewhere", "zz"):
        (cookie,) = cookies(hosted.proxy, Cookie=f"seat={nonsense}")
        assert re.match(r"seat=[0-9a-f]{2}; Path=/;", cookie)
    (cookie,) = cookies(hosted.proxy, **{"X-Forwarded-Proto": "https"})
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=None; Secure; Partitioned")  # in a frame of another site, too


def test_pages_and_what_they_load_come_through_with_their_headers(hosted):
    for path in ("/", "/dropout?p=0.3", "/app/static/two-dice/dropout.js", "/_stcore/host-config"):
        with get(hosted.proxy.address + path) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
    # What is logged: when, what came of it, which page, which replica. Not who asked, and not what the link said.
    (line,) = hosted.proxy.requests("/dropout to")
    assert re.match(r"\S+ 200 GET \S*/dropout to 127\.0\.0\.1:\d+ in [\d.]+ s$", line)


def test_a_large_upload_ends_at_the_proxy_and_a_small_one_reaches_the_app(hosted):
    def answer_to(size: int) -> int:
        address = f"{hosted.proxy.address}/_stcore/upload_file/nobody/nothing"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(address, data=b"x" * size, method="PUT"), timeout=20)
        with refused.value:
            return refused.value.code

    assert answer_to(1_200_000) == 413
    assert answer_to(1_000_000) in (400, 403)  # the app's: there is no such session


def test_what_a_replica_counts_is_for_its_host_alone(hosted):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{hosted.proxy.address}/_stcore/metrics")
    with refused.value:
        assert refused.value.code == 403
    replica = f"http://127.0.0.1:{hosted.ports[0]}{'/' if hosted.base else ''}{hosted.base}"
    with get(f"{replica}/_stcore/metrics") as answer:
        assert b"\nactive_sessions " in answer.read()


def test_a_websocket_from_another_site_is_refused(hosted):
    async def connect_from(origin: str) -> None:
        async with Visitor(hosted.proxy.address, {"Origin": origin}) as visitor:
            assert not (await visitor.open()).error

    async def work() -> None:
        await connect_from(hosted.proxy.address.removesuffix("/dice"))
        with pytest.raises(InvalidStatus):
            await connect_from("https://elsewhere.example")

    in_a_thread(work())


def link(rate: float, seed: int) -> str:
    return f"dropout-p={rate:g}&dropout-seed={seed}"


async def use(hosted: Hosted, number: int, everybody: asyncio.Barrier, restarted: asyncio.Event) -> bool:
    """Move a control again and again, while a replica is killed and started; returns whether it was this visitor's."""
    seat = {"Cookie": f"seat={await asyncio.to_thread(a_seat, hosted.proxy)}"}
    rates = [round(0.05 * step, 2) for step in range(1, 10)]
    lost = False
    async with Visitor(hosted.proxy.address, seat) as visitor:
        rerun = await visitor.open("dropout", link(rates[number % len(rates)], number))
        assert not rerun.error
        assert visitor.value("dropout-p") == [f"{rates[number % len(rates)]:.2f}"]
        await everybody.wait()
        for step in range(9999):
            rate = rates[(number + step) % len(rates)]
            shown = [f"{rate:.2f}"]  # as the slider writes it
            try:
                if visitor.value("dropout-p") != shown:
                    rerun = await visitor.move("dropout-p", shown)
                    assert not rerun.error
            except ConnectionClosed:
                assert not lost  # one was killed, once
                lost = True
                rerun = await visitor.reconnect()
                assert not rerun.error
            # Nothing is lost, not even the move during which the connection was.
            assert visitor.value("dropout-p") == shown
            assert visitor.link == link(rate, number)
            if restarted.is_set():
                break
            with suppress(TimeoutError):  # a person looks at the picture for a while
                await asyncio.wait_for(restarted.wait(), 1.0)
        async with Visitor(hosted.proxy.address, seat) as again:  # all of it is in the link
            await again.open("dropout", visitor.link)
            assert again.value("dropout-p") == shown
            assert again.link == visitor.link
    return lost


def test_a_replica_is_killed_and_started_again_and_nobody_loses_anything(hosted):
    lost: list[bool] = []

    async def work() -> None:
        everybody, restarted = asyncio.Barrier(VISITORS + 1), asyncio.Event()
        visits = [asyncio.create_task(use(hosted, 1 + number, everybody, restarted)) for number in range(VISITORS)]
        everyone_is_there = asyncio.create_task(everybody.wait())
        await asyncio.wait([everyone_is_there, *visits], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(hosted.kill, hosted.ports[0])
        await asyncio.to_thread(hosted.start, hosted.ports[0])
        restarted.set()
        lost.extend(await asyncio.gather(*visits))

    in_a_thread(work())
    assert 4 <= sum(lost) <= VISITORS - 4  # about half of them were with the replica
