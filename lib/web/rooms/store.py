"""Where rooms are kept: one small interface. Here it is kept in the process; redis_store.py keeps it for replicas.

A room has a code and tables of short texts, ``table[field] = text``. Everything is bounded, and a room is forgotten an
hour after somebody was last in it.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from sys import intern
from typing import Protocol

MOST_ROOMS = 100
MOST_SEATS = 200
MOST_FIELDS = 6_000  # in one room: thirty questions that all of 200 have answered
LONGEST = 2_000  # characters of one text, which are those of a link with all settings
LIFETIME = 3_600.0  # seconds without anybody
SEATS = "seats"  # the table of who has come: the number of each, by secret


class RoomError(Exception):
    """Something about a room that a person is told."""


class TooManyRoomsError(RoomError):
    """There are as many rooms as there may be."""


class RoomFullError(RoomError):
    """The room is gone, or it has no place left for what was to be written."""


class RoomsUnreachableError(RoomError):
    """Rooms are kept on another machine, which does not answer."""


class RoomStore(Protocol):
    """Rooms by their code. Every method may raise RoomsUnreachableError."""

    def open(self, code: str) -> bool:
        """Begin an empty room; False where there is one of this code. Raises TooManyRoomsError."""

    def count(self) -> int:
        """How many rooms there are."""

    def exists(self, code: str) -> bool:
        """Whether there is such a room."""

    def touch(self, code: str) -> None:
        """Somebody is in it: its hour begins anew."""

    def close(self, code: str) -> None:
        """Forget it at once."""

    def read(self, code: str, table: str) -> dict[str, str]:
        """A table, in no order; empty where nobody has written to it."""

    def write(self, code: str, table: str, field: str, text: str) -> None:
        """Set a field. Raises RoomFullError where the room is gone, or full."""

    def clear(self, code: str, table: str) -> None:
        """Empty a table."""

    def seat(self, code: str, secret: str) -> int:
        """The number of whoever has this secret, from 1 in the order of coming. Raises RoomFullError."""

    def failures(self, more: int = 0) -> int:
        """How many codes were asked for in vain within this second, with ``more`` just now."""


class _Room:
    """One room of this process."""

    def __init__(self, now: float) -> None:
        self.touched = now
        self.tables: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.fields = 0

    def set(self, table: str, field: str, text: str) -> None:
        """Write, if there is place for it."""
        new = field not in self.tables[table]
        if len(text) > LONGEST or self.fields + new > MOST_FIELDS:
            raise RoomFullError
        self.tables[table][intern(field)] = intern(text)  # 200 people choose among three options
        self.fields += new


class RoomsInProcess:
    """Rooms in the memory of this server: nothing to install, and gone when it ends."""

    def __init__(self, *, lifetime: float = LIFETIME, clock: Callable[[], float] = time.monotonic) -> None:
        self._rooms: dict[str, _Room] = {}
        self._lock = threading.RLock()
        self._lifetime, self._clock = lifetime, clock
        self._failures = (0, 0)  # the second, and how many in it

    def open(self, code: str) -> bool:
        """See `RoomStore`."""
        with self._lock:
            self._forget_the_left()
            if code in self._rooms:
                return False
            if len(self._rooms) >= MOST_ROOMS:
                raise TooManyRoomsError
            self._rooms[code] = _Room(self._clock())
            return True

    def count(self) -> int:
        """See `RoomStore`."""
        with self._lock:
            self._forget_the_left()
            return len(self._rooms)

    def exists(self, code: str) -> bool:
        """See `RoomStore`."""
        with self._lock:
            self._forget_the_left()
            return code in self._rooms

    def touch(self, code: str) -> None:
        """See `RoomStore`."""
        with self._lock:
            if self.exists(code):
                self._rooms[code].touched = self._clock()

    def close(self, code: str) -> None:
        """See `RoomStore`."""
        with self._lock:
            self._rooms.pop(code, None)

    def read(self, code: str, table: str) -> dict[str, str]:
        """See `RoomStore`."""
        with self._lock:
            return dict(self._rooms[code].tables.get(table, {})) if self.exists(code) else {}

    def write(self, code: str, table: str, field: str, text: str) -> None:
        """See `RoomStore`."""
        with self._lock:
            if not self.exists(code):
                raise RoomFullError
            self._rooms[code].set(table, field, text)

    def clear(self, code: str, table: str) -> None:
        """See `RoomStore`."""
        with self._lock:
            if self.exists(code):
                room = self._rooms[code]
                room.fields -= len(room.tables.pop(table, {}))

    def seat(self, code: str, secret: str) -> int:
        """See `RoomStore`."""
        with self._lock:
            seats = self.read(code, SEATS)
            if secret in seats:
                return int(seats[secret])
            if len(seats) >= MOST_SEATS:
                raise RoomFullError
            self.write(code, SEATS, secret, str(len(seats) + 1))
            return len(seats) + 1

    def failures(self, more: int = 0) -> int:
        """See `RoomStore`."""
        with self._lock:
            second, count = self._failures
            now = int(self._clock())
            self._failures = (now, (count if second == now else 0) + more)
            return self._failures[1]

    def _forget_the_left(self) -> None:
        oldest = self._clock() - self._lifetime
        for code in [code for code, room in self._rooms.items() if room.touched <= oldest]:
            del self._rooms[code]


def room_store() -> RoomStore:
    """The rooms of this server; or those that ``TWO_DICE_REDIS=redis://...`` names, which replicas share."""
    address = os.environ.get("TWO_DICE_REDIS")
    if not address:
        return RoomsInProcess()
    from lib.web.rooms.redis_store import RoomsInRedis

    return RoomsInRedis(address)
