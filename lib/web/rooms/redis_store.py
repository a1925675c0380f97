"""Rooms kept in Redis, so that several servers share them. What has to happen at once is a script that Redis runs."""

import time
from collections.abc import Callable
from typing import Any, cast

import redis

from lib.web.rooms.store import (
    LIFETIME,
    LONGEST,
    MOST_FIELDS,
    MOST_ROOMS,
    MOST_SEATS,
    SEATS,
    RoomFullError,
    RoomsUnreachableError,
    TooManyRoomsError,
)

_ROOMS = "two-dice:rooms"  # codes, by when somebody was last there
_PATIENCE = 0.5  # seconds that a page waits for an answer
_PAUSE = 5.0  # seconds in which nobody asks again, once there was none: pages would wait for it one after the other

# The keys of a room: a set of the names of its tables, a count of all fields, and a hash for each table. All of them
# begin with the code in braces, so that a cluster keeps a room in one place; and all expire together.
_TIME = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) "
_OPEN = (
    _TIME
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return -1 end
redis.call('SADD', KEYS[2], '') redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[1])
return 1
"""
)
_COUNT = _TIME + "return redis.call('ZCOUNT', KEYS[1], now - ARGV[1], '+inf')"
_TOUCH = (
    _TIME
    + """
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('PEXPIRE', KEYS[2] .. ':' .. name, ARGV[2]) end
redis.call('PEXPIRE', KEYS[2], ARGV[2]) redis.call('PEXPIRE', KEYS[2] .. '#', ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[1])
return 1
"""
)
_CLOSE = """
for _, name in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('DEL', KEYS[2] .. ':' .. name) end
redis.call('DEL', KEYS[2], KEYS[2] .. '#') redis.call('ZREM', KEYS[1], ARGV[1])
"""
_WRITE = """
local rest = redis.call('PTTL', KEYS[2])
if rest < 0 then return 0 end
local table = KEYS[2] .. ':' .. ARGV[1]
if redis.call('HEXISTS', table, ARGV[2]) == 0 then
  if tonumber(redis.call('GET', KEYS[2] .. '#') or 0) >= tonumber(ARGV[4]) then return 0 end
  redis.call('INCR', KEYS[2] .. '#') redis.call('PEXPIRE', KEYS[2] .. '#', rest)
end
redis.call('HSET', table, ARGV[2], ARGV[3]) redis.call('PEXPIRE', table, rest) redis.call('SADD', KEYS[2], ARGV[1])
return 1
"""
_CLEAR = """
local table = KEYS[2] .. ':' .. ARGV[1]
local fields = redis.call('HLEN', table)
if redis.call('DEL', table) == 1 then redis.call('DECRBY', KEYS[2] .. '#', fields) end
"""
_SEAT = """
local rest = redis.call('PTTL', KEYS[2])
if rest < 0 then return 0 end
local table = KEYS[2] .. ':' .. ARGV[1]
local number = redis.call('HGET', table, ARGV[2])
if number then return tonumber(number) end
number = redis.call('HLEN', table) + 1
if number > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', table, ARGV[2], number) redis.call('PEXPIRE', table, rest) redis.call('SADD', KEYS[2], ARGV[1])
redis.call('INCR', KEYS[2] .. '#') redis.call('PEXPIRE', KEYS[2] .. '#', rest)
return number
"""


class RoomsInRedis:
    """Rooms at a ``redis://`` address; the methods are those of `RoomStore`."""

    def __init__(
        self, address: str, *, lifetime: float = LIFETIME, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis.Redis.from_url(
            address, decode_responses=True, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        )
        self._lifetime = round(1000 * lifetime)  # ms
        self._clock, self._silent_until = clock, 0.0

    def open(self, code: str) -> bool:
        """See `RoomStore`."""
        opened = self._run(_OPEN, code, code, self._lifetime, MOST_ROOMS)
        if opened == -1:
            raise TooManyRoomsError
        return bool(opened)

    def count(self) -> int:
        """See `RoomStore`."""
        return int(self._run(_COUNT, "", self._lifetime))

    def exists(self, code: str) -> bool:
        """See `RoomStore`."""
        return bool(self._ask(lambda: self._redis.exists(_key(code))))

    def touch(self, code: str) -> None:
        """See `RoomStore`."""
        self._run(_TOUCH, code, code, self._lifetime)

    def close(self, code: str) -> None:
        """See `RoomStore`."""
        self._run(_CLOSE, code, code)

    def read(self, code: str, table: str) -> dict[str, str]:
        """See `RoomStore`."""
        return cast(dict[str, str], self._ask(lambda: self._redis.hgetall(f"{_key(code)}:{table}")))

    def write(self, code: str, table: str, field: str, text: str) -> None:
        """See `RoomStore`."""
        if len(text) > LONGEST or not self._run(_WRITE, code, table, field, text, MOST_FIELDS):
            raise RoomFullError

    def clear(self, code: str, table: str) -> None:
        """See `RoomStore`."""
        self._run(_CLEAR, code, table)

    def seat(self, code: str, secret: str) -> int:
        """See `RoomStore`."""
        number = int(self._run(_SEAT, code, SEATS, secret, MOST_SEATS))
        if not number:
            raise RoomFullError
        return number

    def failures(self, more: int = 0) -> int:
        """See `RoomStore`."""

        def count() -> int:
            name = f"two-dice:failures:{int(time.time())}"
            with self._redis.pipeline() as both:
                both.incrby(name, more)
                both.expire(name, 2)
                return int(both.execute()[0])

        return int(self._ask(count))

    def _run(self, script: str, code: str, *arguments: str | int) -> Any:
        return self._ask(lambda: self._redis.eval(script, 2, _ROOMS, _key(code), *map(str, arguments)))

    def _ask(self, question: Callable[[], Any]) -> Any:
        if self._clock() < self._silent_until:
            raise RoomsUnreachableError
        try:
            return question()
        except redis.RedisError as error:
            self._silent_until = self._clock() + _PAUSE
            raise RoomsUnreachableError from error


def _key(code: str) -> str:
    return f"two-dice:room:{code}"
