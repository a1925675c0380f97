"""Asks a live model, for all visitors of a server: one process, one model at a time, one question after the other.

    live = LiveLlm()
    answer = live.ask(Question(model, "Once upon a", said=()), patience=0.5)

The answer is None as long as there is none: the model is being loaded, or others are asked for first. Ask again. A
question that nobody asks again for ten seconds is dropped. `Failure` says why there will be no answer.

A process that has died is started again for the next question, and for the one that it did not answer, once. After ten
minutes without a question it is ended. It ends with the server, too, since then its input does.
"""

import atexit
import base64
import json
import queue
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.live_llm.failure import Failure, Reason
from lib.live_llm.memory import free_memory
from lib.live_llm.offered import ROOT, Model
from lib.live_llm.vocabulary import Vocabulary

WORKER = (sys.executable, "-m", "lib.live_llm.worker")
SPARE = 512 * 2**20  # bytes that must stay free for the pages
PROGRAM = 512 * 2**20  # bytes that transformers and PyTorch take before any weights
MOST_WAITING = 64  # questions: a class of forty and some
MOST_KEPT = 4 * 2**20  # bytes of answers: twenty of a model of 50,000 tokens
MOST_FAILURES = 64
FORGOTTEN = 10.0  # seconds after which nobody wants an answer any more
IN_USE = 60.0  # seconds for which a model that was asked is not given up for another
IDLE = 600.0  # seconds without a question, after which the process is ended
PATIENCE = {"load": 1800.0, "answer": 60.0}  # seconds until a process is taken to hang


@dataclass(frozen=True)
class Question:
    """What comes after a text and the tokens ``said`` since?"""

    model: Model
    text: str
    said: tuple[int, ...] = ()


@dataclass(frozen=True)
class About:
    """What is known of a loaded model.

    Attributes:
        model: which it is.
        vocabulary: the bytes of each of its V tokens.
        ends: the tokens that end a text.
        context: how many tokens it reads at most.
        precision: "float32" or "bfloat16", in which its weights are held.
        parameters: how many weights.
        checksum: the SHA-256 of the files they are in.
        licence: where it is known.
    """

    model: Model
    vocabulary: Vocabulary
    ends: frozenset[int]
    context: int
    precision: str
    parameters: int
    checksum: str
    licence: str | None


@dataclass(frozen=True)
class Progress:
    """How far an answer is: the ``stage`` of loading, or "waiting" with so many questions ``before`` it."""

    stage: str
    before: int = 0
    megabytes: int = 0


@dataclass
class _Process:
    """A worker, and a queue of what it says; None is its end."""

    popen: "subprocess.Popen[str]"
    said: "queue.SimpleQueue[dict[str, Any] | None]" = field(default_factory=queue.SimpleQueue)

    def listen(self) -> None:
        """Put every line of the worker into the queue."""
        assert self.popen.stdout is not None
        with self.popen.stdout as lines:
            for line in lines:
                self.said.put(json.loads(line))
        self.said.put(None)

    def send(self, message: dict[str, Any]) -> None:
        """Send one line; `Failure` where the worker has ended."""
        assert self.popen.stdin is not None
        try:
            print(json.dumps(message), file=self.popen.stdin, flush=True)
        except OSError as error:
            raise Failure(Reason.DIED) from error

    def hear(self, patience: float) -> dict[str, Any]:
        """The next message. Raises `Failure` where that is a failure, or where none comes."""
        try:
            message = self.said.get(timeout=patience)
        except queue.Empty as error:
            raise Failure(Reason.SLOW) from error
        if message is None:
            raise Failure(Reason.DIED)
        if "failed" in message:
            raise Failure(Reason(message["failed"]))
        return message

    def end(self) -> None:
        """End the worker, and wait until it has ended."""
        self.popen.kill()
        self.popen.wait()
        if self.popen.stdin is not None:
            with suppress(OSError):  # what was to be sent, to a worker that is no more
                self.popen.stdin.close()


class LiveLlm:
    """The live model of a server.

    ``spare`` bytes stay free. After ``idle`` seconds without a question the process is ended. For ``in_use`` seconds
    after a question no other model takes its place; with 0, models take turns. ``begin`` is called in the thread that
    starts workers, and ``log`` for what a host may want to know of.
    """

    def __init__(
        self,
        *,
        spare: int = SPARE,
        idle: float = IDLE,
        in_use: float = IN_USE,
        begin: Callable[[], None] = lambda: None,
        log: Callable[[str, str], None] = lambda _event, _kind: None,
    ) -> None:
        self._spare, self._idle, self._in_use, self._begin, self._log = spare, idle, in_use, begin, log
        self._changed = threading.Condition()  # guards all that follows
        self._waiting: OrderedDict[Question, float] = OrderedDict()  # when somebody last asked
        self._answers: OrderedDict[Question, NDArray[np.float32]] = OrderedDict()
        self._failures: OrderedDict[Question | Model, Reason] = OrderedDict()
        self._about: About | None = None
        self._progress = Progress("waiting")
        self._used = 0.0
        self._at_work = False
        self._process: _Process | None = None  # only the thread at work uses it, but for its end
        atexit.register(self.close)

    def about(self, model: Model) -> About | None:
        """What is known of this model, if it is the one that was loaded last."""
        about = self._about
        return about if about is not None and about.model == model else None

    def progress(self, question: Question) -> Progress:
        """How far the answer to a question is."""
        with self._changed:
            before = list(self._waiting).index(question) if question in self._waiting else 0
            return Progress("waiting", before) if before else self._progress

    def ask(self, question: Question, patience: float = 0.0) -> NDArray[np.float32] | None:
        """The logits (V,) of what comes next, or None where there are none after so many seconds.

        Raises `Failure`. The same question then fails again, until `try_again`.
        """
        end = time.monotonic() + patience
        with self._changed:
            while True:
                for subject in (question, question.model):
                    if subject in self._failures:
                        raise Failure(self._failures[subject])
                if question in self._answers:
                    self._answers.move_to_end(question)
                    return self._answers[question]
                self._queue(question)
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(min(left, FORGOTTEN / 2))

    def try_again(self, question: Question) -> None:
        """Forget that the question has failed, and that its model has."""
        with self._changed:
            for subject in (question, question.model):
                self._failures.pop(subject, None)

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    @property
    def pid(self) -> int | None:
        """The worker's process, while there is one."""
        process = self._process
        return process.popen.pid if process is not None and process.popen.poll() is None else None

    def _queue(self, question: Question) -> None:
        """Put a question into the queue, or note that it is still wanted. With the lock held."""
        now = time.monotonic()
        if question not in self._waiting:
            others = any(each.model != question.model for each in self._waiting)
            held = self._about is not None and self._about.model != question.model and now - self._used < self._in_use
            if (self._in_use and (others or held)) or len(self._waiting) >= MOST_WAITING:
                raise Failure(Reason.BUSY)
            self._changed.notify_all()  # the thread at work; who asks again wakes nobody
        self._waiting[question] = now
        if not self._at_work:
            try:
                threading.Thread(target=self._work, name="live model", daemon=True).start()
            except RuntimeError as error:  # the host allows no more threads
                del self._waiting[question]
                raise Failure(Reason.BUSY) from error
            self._at_work = True

    def _work(self) -> None:
        """What the thread does: one question after the other, until there have been none for long."""
        self._begin()
        while (question := self._next()) is not None:
            result: NDArray[np.float32] | Reason
            try:
                result = self._answer_to(question)
            except Failure as failure:
                result = failure.reason
            except Exception:  # whatever it is, the next question finds a thread and a process
                result = Reason.DIED
                self.close()
            with self._changed:
                self._keep(question, result)
                self._waiting.pop(question, None)
                self._used = time.monotonic()
                self._changed.notify_all()

    def _next(self) -> Question | None:
        """The question that waits longest; None where none has come for long, and then the process is ended."""
        end = time.monotonic() + self._idle
        with self._changed:
            while True:
                now = time.monotonic()
                for question in [each for each, asked in self._waiting.items() if now - asked > FORGOTTEN]:
                    del self._waiting[question]
                if self._waiting:
                    return next(iter(self._waiting))
                if now >= end:
                    self.close()
                    self._at_work = False
                    return None
                self._changed.wait(end - now)

    def _keep(self, question: Question, result: NDArray[np.float32] | Reason) -> None:
        """Keep an answer, or the reason why there is none: the newest ones. With the lock held."""
        if isinstance(result, Reason):
            of_the_question = result in (Reason.TOO_LONG, Reason.DIED, Reason.SLOW)
            self._failures[question if of_the_question else question.model] = result
            while len(self._failures) > MOST_FAILURES:
                self._failures.popitem(last=False)
            self._log("llm_failed", result.value)
            return
        self._answers[question] = result
        while sum(answer.nbytes for answer in self._answers.values()) > MOST_KEPT and len(self._answers) > 1:
            self._answers.popitem(last=False)

    def _answer_to(self, question: Question) -> NDArray[np.float32]:
        """Ask the process, which is started before that if need be, and once more where it dies."""
        for attempt in range(2):
            try:
                process = self._running(question.model)
                process.send({"text": question.text, "said": question.said})
                answer = process.hear(PATIENCE["answer"])
                logits = np.frombuffer(base64.b64decode(answer["logits"]), dtype="<f4")
                logits.flags.writeable = False  # shared by all who ask
                return logits
            except Failure as failure:
                if failure.reason in (Reason.DIED, Reason.SLOW):
                    self.close()
                if failure.reason is not Reason.DIED or attempt:
                    raise
        raise AssertionError("unreachable")

    def _running(self, model: Model) -> _Process:
        """The process that has this model loaded."""
        process = self._process
        if process is not None and process.popen.poll() is None and self.about(model) is not None:
            return process
        self.close()
        self._progress = Progress("memory")
        free = free_memory()
        if free is not None and free < PROGRAM + self._spare:
            raise Failure(Reason.NO_MEMORY)
        process = self._process = _Process(
            subprocess.Popen(
                WORKER,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        )
        threading.Thread(target=process.listen, name="live model listens", daemon=True).start()
        self._log("llm_started", "")
        try:
            process.send({"source": model.source, "revision": model.revision, "spare": self._spare})
            while "ready" not in (message := process.hear(PATIENCE["load"])):
                self._progress = Progress(message["stage"], megabytes=message.get("megabytes", 0))
        except Failure:
            self.close()
            raise
        known = message["ready"]
        about = About(
            model,
            **known | {"vocabulary": Vocabulary.read(known["vocabulary"]), "ends": frozenset(known["ends"])},
        )
        with self._changed:
            if self._about is not None and self._about.model != model:
                self._answers.clear()
            self._about, self._progress = about, Progress("answering")
            self._changed.notify_all()
        return process
