"""What a room is: who is in it, what the teacher shows, what everybody guesses. Knows no Streamlit.

A teacher opens a room and gets its code; a guest who enters gets a number, from 1. Nobody has a name. What is kept of a
guest is a secret that their own browser made known, their number, and what they chose.
"""

import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from lib.web.rooms.store import SEATS, RoomError, RoomStore

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; 160,000 codes
GUESSES_A_SECOND = 5  # of a code, by all who guess wrong together
_ROOM, _BENCHED, _DRAWS = "room", "benched", "draws"  # tables beside SEATS and those of the votes
_TEACHER = "teacher"  # the field with the teacher's secret


class NoSuchRoomError(RoomError):
    """There is no room of this code."""


class TooManyGuessesError(RoomError):
    """Codes are being guessed: nobody may enter for a second."""


@dataclass(frozen=True)
class Seat:
    """One place in a room: the teacher's has the number 0."""

    code: str
    number: int
    secret: str

    @property
    def is_teacher(self) -> bool:
        """Whether the room shows what this seat's page shows."""
        return self.number == 0


@dataclass(frozen=True)
class View:
    """What the teacher shows: the page, its settings and its run as a link says them, and the step of a path.

    >>> View.read(View("dropout", {"p": "0.3"}, step=("dropout", 2)).written())
    View(page='dropout', settings={'p': '0.3'}, run=None, step=('dropout', 2))
    """

    page: str
    settings: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
    step: tuple[str, int] | None = None

    def written(self) -> str:
        """As one text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "View":
        """The counterpart of `written`."""
        stored = json.loads(text)
        step = stored["step"]
        return cls(stored["page"], stored["settings"], stored["run"], (step[0], step[1]) if step else None)


def code_in(text: str) -> str:
    """The code that somebody has typed, with or without blanks and in small letters; of anything else nothing.

    >>> code_in(" b cdf"), code_in("bcd"), code_in("abcd")
    ('BCDF', '', '')
    """
    letters = "".join(text.split()).upper()
    return letters if len(letters) == 4 and set(letters) <= set(LETTERS) else ""


class Rooms:
    """All rooms of a store, and what may be done in them.

    >>> from lib.web.rooms.store import RoomsInProcess
    >>> rooms = Rooms(RoomsInProcess())
    >>> teacher = rooms.open()
    >>> guest = rooms.enter(teacher.code)
    >>> guest.number, rooms.count(teacher.code)
    (1, 1)
    >>> rooms.vote(guest, "training", "memorise")
    >>> rooms.votes(teacher.code, "training")
    Counter({'memorise': 1})
    """

    def __init__(self, store: RoomStore) -> None:
        self.store = store

    # ------------------------------------------------------------------------------------------- coming and going

    def open(self) -> Seat:
        """Open a room. Raises TooManyRoomsError."""
        while True:
            code = "".join(secrets.choice(LETTERS) for _ in range(4))
            if self.store.open(code):
                seat = Seat(code, 0, secrets.token_hex(8))
                self.store.write(code, _ROOM, _TEACHER, seat.secret)
                return seat

    def enter(self, code: str) -> Seat:
        """Take a seat. Raises NoSuchRoomError, RoomFullError, TooManyGuessesError."""
        self._find(code)
        secret = secrets.token_hex(8)
        return Seat(code, self.store.seat(code, secret), secret)

    def come_back(self, kept: str) -> Seat:
        """Take the seat that one had, ``code.secret``. Raises NoSuchRoomError, TooManyGuessesError."""
        code, _dot, secret = kept.partition(".")
        self._find(code)
        if secrets.compare_digest(secret.encode(), self.store.read(code, _ROOM).get(_TEACHER, "").encode()):
            return Seat(code, 0, secret)
        number = self.store.read(code, SEATS).get(secret)
        if number is None:
            self.store.failures(1)
            raise NoSuchRoomError
        return Seat(code, int(number), secret)

    def _find(self, code: str) -> None:
        if self.store.failures() >= GUESSES_A_SECOND:
            raise TooManyGuessesError
        if not code_in(code) or not self.store.exists(code):
            self.store.failures(1)
            raise NoSuchRoomError

    def close(self, seat: Seat) -> None:
        """End the room, if it is one's own."""
        if seat.is_teacher:
            self.store.close(seat.code)

    def count(self, code: str) -> int:
        """How many guests have come."""
        return len(self.store.read(code, SEATS))

    # ------------------------------------------------------------------------------------------ what is shown

    def show(self, seat: Seat, view: View) -> None:
        """What the class sees from now on; a guest's wish is not heard."""
        if seat.is_teacher:
            self.store.write(seat.code, _ROOM, "view", view.written())

    def view(self, code: str) -> View | None:
        """What the teacher shows; None where the room has ended, or nothing has been shown."""
        text = self.store.read(code, _ROOM).get("view")
        return View.read(text) if text else None

    # ------------------------------------------------------------------------------------------------- guesses

    def vote(self, seat: Seat, question: str, option: str) -> None:
        """Answer a question, or answer it anew. The teacher has no vote."""
        if not seat.is_teacher:
            self.store.write(seat.code, f"vote-{question}", str(seat.number), option)

    def vote_of(self, seat: Seat, question: str) -> str | None:
        """What one has answered."""
        return self.store.read(seat.code, f"vote-{question}").get(str(seat.number))

    def votes(self, code: str, question: str) -> Counter[str]:
        """How often each option was chosen."""
        return Counter(self.store.read(code, f"vote-{question}").values())

    def reveal(self, seat: Seat, question: str, *, hide: bool = False) -> None:
        """Let the class see how it has guessed, or hide it again; for the teacher to say."""
        if seat.is_teacher:
            self.store.write(seat.code, _ROOM, f"revealed-{question}", "" if hide else "1")

    def revealed(self, code: str, question: str) -> bool:
        """Whether the class may see how it has guessed."""
        return bool(self.store.read(code, _ROOM).get(f"revealed-{question}"))

    def ask_again(self, seat: Seat, question: str) -> None:
        """Forget all answers to a question; for the teacher to say."""
        if seat.is_teacher:
            self.store.clear(seat.code, f"vote-{question}")
            self.reveal(seat, question, hide=True)

    # ----------------------------------------------------------------------------------------- the class's dice

    def seats(self, code: str) -> list[int]:
        """The numbers of all guests."""
        return sorted(int(number) for number in self.store.read(code, SEATS).values())

    def bench(self, seat: Seat, neurons: str) -> None:
        """The neurons that a guest has benched by hand, as a link says them."""
        if not seat.is_teacher:
            self.store.write(seat.code, _BENCHED, str(seat.number), neurons)

    def benched(self, code: str) -> dict[int, str]:
        """What each guest has benched by hand."""
        return {int(number): neurons for number, neurons in self.store.read(code, _BENCHED).items()}

    def draw(self, seat: Seat, of: str, words: str) -> None:
        """The words that a guest has drawn from the distribution called ``of``."""
        if not seat.is_teacher:
            self.store.write(seat.code, _DRAWS, str(seat.number), f"{of} {words}")

    def draws(self, code: str, of: str) -> dict[int, str]:
        """What each guest has drawn from this distribution."""
        split = {number: text.split(" ", 1) for number, text in self.store.read(code, _DRAWS).items()}
        return {int(number): words for number, (source, words) in split.items() if source == of}
