"""Rooms: the same tests for those kept in the process and those in a real Redis, started here."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
import redis

from lib.web.rooms.redis_store import RoomsInRedis
from lib.web.rooms.room import (
    GUESSES_A_SECOND,
    LETTERS,
    NoSuchRoomError,
    Rooms,
    Seat,
    TooManyGuessesError,
    View,
    code_in,
)
from lib.web.rooms.store import (
    LONGEST,
    MOST_FIELDS,
    MOST_ROOMS,
    MOST_SEATS,
    RoomFullError,
    RoomsInProcess,
    RoomStore,
    RoomsUnreachableError,
    TooManyRoomsError,
)
from tests.support.serving import free_port

PATIENCE = 20  # seconds


def eventually(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def redis_address(tmp_path_factory) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Redis: .ci/run installs Debian's package redis-server")
        pytest.skip("no redis-server on this machine: install the package redis-server to test shared rooms")
    port = free_port()
    options = {"bind": "127.0.0.1", "port": str(port), "save": "", "appendonly": "no"}
    command = [server, *(part for name, value in options.items() for part in (f"--{name}", value))]
    folder = tmp_path_factory.mktemp("redis")
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        address = f"redis://127.0.0.1:{port}"
        client = redis.Redis.from_url(address)

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        eventually(answers)
        yield address
        client.close()
        process.terminate()


@pytest.fixture(params=["process", "redis"])
def make_store(request):
    """Makes a store of either kind, empty."""
    if request.param == "process":
        return RoomsInProcess
    address = request.getfixturevalue("redis_address")
    client = redis.Redis.from_url(address)
    client.flushall()
    client.close()
    return lambda **options: RoomsInRedis(address, **options)


@pytest.fixture
def store(make_store) -> RoomStore:
    return make_store()


@pytest.fixture
def rooms(store) -> Rooms:
    return Rooms(store)


def test_a_host_is_told_how_many_rooms_there_are(rooms) -> None:
    assert rooms.store.count() == 0
    first, _second = rooms.open(), rooms.open()
    assert rooms.store.count() == 2
    rooms.close(first)
    assert rooms.store.count() == 1


def test_a_guest_gets_a_number_and_sees_what_the_teacher_shows(rooms) -> None:
    teacher = rooms.open()
    assert len(teacher.code) == 4
    assert set(teacher.code) <= set(LETTERS)
    assert rooms.view(teacher.code) is None
    first, second = rooms.enter(teacher.code), rooms.enter(teacher.code)
    assert (teacher.number, first.number, second.number) == (0, 1, 2)
    assert rooms.seats(teacher.code) == [1, 2]
    view = View("training", {"p": "0.3", "seed": "7"}, run="p=0.5", step=("training", 3))
    rooms.show(teacher, view)
    assert rooms.view(teacher.code) == view
    rooms.show(first, View("home"))
    assert rooms.view(teacher.code) == view  # only the teacher shows


def test_votes_are_counted_once_a_guest_and_hidden_until_revealed(rooms) -> None:
    teacher = rooms.open()
    guests = [rooms.enter(teacher.code) for _ in range(3)]
    for guest, option in zip(guests, ("same", "other", "other"), strict=True):
        rooms.vote(guest, "dropout", option)
    rooms.vote(guests[0], "dropout", "other")  # has thought again
    rooms.vote(teacher, "dropout", "same")
    assert rooms.votes(teacher.code, "dropout") == {"other": 3}
    assert rooms.vote_of(guests[0], "dropout") == "other"
    assert rooms.votes(teacher.code, "top_k") == {}
    assert not rooms.revealed(teacher.code, "dropout")
    rooms.reveal(guests[0], "dropout")
    assert not rooms.revealed(teacher.code, "dropout")  # not a guest's to say
    rooms.reveal(teacher, "dropout")
    assert rooms.revealed(teacher.code, "dropout")
    rooms.ask_again(guests[0], "dropout")
    assert rooms.votes(teacher.code, "dropout") == {"other": 3}
    rooms.ask_again(teacher, "dropout")
    assert rooms.votes(teacher.code, "dropout") == {}
    assert not rooms.revealed(teacher.code, "dropout")


def test_what_guests_bench_and_draw_is_kept_by_their_number(rooms) -> None:
    teacher = rooms.open()
    one, two = rooms.enter(teacher.code), rooms.enter(teacher.code)
    rooms.bench(two, "1.3 2.5")
    assert rooms.benched(teacher.code) == {2: "1.3 2.5"}
    rooms.draw(one, "this", "4 9")
    rooms.draw(two, "that", "1")
    assert rooms.draws(teacher.code, "this") == {1: "4 9"}


def test_one_comes_back_to_ones_own_seat(rooms) -> None:
    teacher = rooms.open()
    guest = rooms.enter(teacher.code)
    for seat in (teacher, guest):
        assert rooms.come_back(f"{seat.code}.{seat.secret}") == seat
    for nonsense in ("", ".", "BCDF.x", f"{teacher.code}.", f"{teacher.code}.{'0' * 16}"):
        with pytest.raises((NoSuchRoomError, TooManyGuessesError)):
            rooms.come_back(nonsense)
    with pytest.raises(NoSuchRoomError):
        Rooms(RoomsInProcess()).come_back(f"{guest.code}.{guest.secret}")


def test_a_closed_room_is_gone(rooms) -> None:
    teacher = rooms.open()
    guest = rooms.enter(teacher.code)
    rooms.close(guest)
    assert rooms.store.exists(teacher.code)
    rooms.vote(guest, "dropout", "same")
    rooms.close(teacher)
    assert not rooms.store.exists(teacher.code)
    assert rooms.votes(teacher.code, "dropout") == {}
    with pytest.raises(NoSuchRoomError):
        rooms.enter(teacher.code)
    with pytest.raises(RoomFullError):
        rooms.vote(guest, "dropout", "other")


def test_nobody_guesses_codes_faster_than_a_few_a_second(make_store, monkeypatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])  # Redis counts by this clock, the process by its own
    store = make_store(clock=lambda: now[0])
    rooms = Rooms(store)
    teacher = rooms.open()
    wrong = next(code for code in ("BBBB", "CCCC") if code != teacher.code)
    for _ in range(GUESSES_A_SECOND):
        with pytest.raises(NoSuchRoomError):
            rooms.enter(wrong)
    with pytest.raises(TooManyGuessesError):
        rooms.enter(wrong)
    with pytest.raises(TooManyGuessesError):
        rooms.enter(teacher.code)  # else a right guess would be known by its answer
    now[0] += 1
    assert rooms.enter(teacher.code).number == 1


def test_rooms_seats_fields_and_texts_are_bounded(store) -> None:
    rooms = Rooms(store)
    seats = [rooms.open() for _ in range(MOST_ROOMS)]
    with pytest.raises(TooManyRoomsError):
        rooms.open()
    code = seats[0].code
    assert [rooms.enter(code).number for _ in range(MOST_SEATS)] == list(range(1, MOST_SEATS + 1))
    with pytest.raises(RoomFullError):
        rooms.enter(code)
    with pytest.raises(RoomFullError):
        store.write(code, "room", "view", "x" * (LONGEST + 1))
    taken = MOST_SEATS + 1  # the seats and the teacher's secret
    for i in range(taken, MOST_FIELDS):
        store.write(code, f"vote-{i % 40}", str(i), "x")
    with pytest.raises(RoomFullError):
        store.write(code, "vote-0", "one more", "x")
    store.write(code, "vote-0", str(40 * 10), "y")  # what is there may change
    store.clear(code, "vote-1")
    store.write(code, "vote-0", "one more", "x")
    rooms.close(seats[1])
    assert rooms.open().code


def test_a_room_is_forgotten_when_nobody_has_come_for_its_lifetime(make_store) -> None:
    store = make_store(lifetime=0.4)
    rooms = Rooms(store)
    left, visited = rooms.open(), rooms.open()
    rooms.vote(rooms.enter(visited.code), "dropout", "same")
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        store.touch(visited.code)
        time.sleep(0.05)
    assert not store.exists(left.code)
    assert rooms.votes(visited.code, "dropout") == {"same": 1}
    eventually(lambda: not store.exists(visited.code))
    assert rooms.votes(visited.code, "dropout") == {}
    assert rooms.count(visited.code) == 0


def test_many_at_once_each_get_a_number_of_their_own(rooms) -> None:
    from concurrent.futures import ThreadPoolExecutor

    teacher = rooms.open()

    def come(_each: int) -> Seat:
        seat = rooms.enter(teacher.code)
        rooms.vote(seat, "dropout", "same")
        return seat

    with ThreadPoolExecutor(16) as pool:
        seats = list(pool.map(come, range(120)))
    assert sorted(seat.number for seat in seats) == list(range(1, 121))
    assert rooms.votes(teacher.code, "dropout") == {"same": 120}


def test_what_is_typed_as_a_code() -> None:
    assert code_in("bc df") == "BCDF"
    for nothing in ("", "BCD", "BCDFG", "ABCD", "<b>x", "ＢＣＤＦ", "B" * 10_000):
        assert code_in(nothing) == ""


def test_without_redis_rooms_say_so_at_once_and_ask_again_later() -> None:
    now = [0.0]
    store = RoomsInRedis(f"redis://127.0.0.1:{free_port()}", clock=lambda: now[0])
    for _ in range(50):  # of which one asks: fifty times half a second would hold up the lesson
        with pytest.raises(RoomsUnreachableError):
            store.exists("BCDF")
    begun = time.monotonic()
    with pytest.raises(RoomsUnreachableError):
        store.read("BCDF", "room")
    assert time.monotonic() - begun < 0.1


def test_a_redis_that_comes_back_is_asked_again(redis_address) -> None:
    now, there = [0.0], redis_address
    store = RoomsInRedis(f"redis://127.0.0.1:{free_port()}", clock=lambda: now[0])
    with pytest.raises(RoomsUnreachableError):
        store.exists("BCDF")
    store._redis = RoomsInRedis(there)._redis
    with pytest.raises(RoomsUnreachableError):
        store.exists("BCDF")  # not yet
    now[0] = 6.0
    assert not store.exists("BCDF")
