"""Everything that a live model can say from here, as `lib.continuations` has it of the storybook's, but bit by bit.

Each node that is opened takes a question to the model, so there are at most `QUESTIONS`, and `LiveTree.grow` goes only
as far as there are answers.
"""

import heapq
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from lib.continuations import DEPTH, LEAST, MOST
from lib.sampling import shape_with
from lib.sampling_input import Floats
from lib.sampling_settings import SamplingSettings

QUESTIONS = 60
Ask = Callable[[tuple[int, ...]], Floats | None]


@dataclass(frozen=True)
class LiveNode:
    """A token that may be said after the tokens of all nodes above it.

    ``path`` has the numbers of these and of its own; ``parent`` is the place in the tree of the node above it, or -1.
    ``probability`` is that of saying the whole path. ``last`` says that nothing can come below it: the text ends, or
    the tree is not deeper.
    """

    path: tuple[int, ...]
    parent: int
    probability: float
    last: bool


class LiveTree:
    """The likeliest continuations, each node after the one above it; ``nodes`` grows while answers come.

    >>> tree = LiveTree(SamplingSettings(top_k=2), ends={0}, depth=2)
    >>> tree.grow(lambda said: np.log([0.3, 0.6, 0.1]))
    True
    >>> [(node.path, round(node.probability, 2)) for node in tree.nodes]
    [((1,), 0.67), ((1, 1), 0.44), ((0,), 0.33), ((1, 0), 0.22)]
    >>> round(tree.rest, 2)
    0.0
    """

    def __init__(self, settings: SamplingSettings, ends: Collection[int], depth: int = DEPTH) -> None:
        self.nodes: list[LiveNode] = []
        self.asked, self.done = 0, False
        self._settings, self._ends, self._depth = settings, ends, depth
        self._waiting: list[tuple[float, int, LiveNode]] = []  # the likeliest first; of equal ones the earliest
        self._opening: LiveNode | None = LiveNode((), -1, 1.0, False)
        self._found = 0
        self._lock = threading.Lock()  # several may look at one tree

    def grow(self, ask: Ask) -> bool:
        """Go on until ``ask``, which is given the tokens so far, has no answer yet; and whether the tree is complete.

        Whatever ``ask`` raises comes through.
        """
        if not self._lock.acquire(blocking=False):  # somebody else is at it
            return self.done
        try:
            while not self.done and self._go_on(ask):
                pass
            return self.done
        finally:
            self._lock.release()

    @property
    def rest(self) -> float:
        """The probability of what the tree does not show: whatever goes on neither to an end nor to the last row."""
        return max(0.0, 1.0 - sum(node.probability for node in self.nodes if node.last))

    def _go_on(self, ask: Ask) -> bool:
        """Open the node whose turn it is, and take the next; False where the answer is not there."""
        if self._opening is not None:
            logits = ask(self._opening.path)
            if logits is None:
                return False
            self._open(self._opening, logits)
        self._opening = None
        if not self._waiting or len(self.nodes) == MOST:
            self.done = True
            self._waiting.clear()
            return True
        _key, _found, node = heapq.heappop(self._waiting)
        self.nodes.append(node)
        if not node.last and self.asked < QUESTIONS:
            self._opening = node
        return True

    def _open(self, node: LiveNode, logits: Floats) -> None:
        self.asked += 1
        parent = len(self.nodes) - 1
        probabilities = node.probability * shape_with(logits, self._settings).probabilities  # (V,)
        for number in map(int, np.flatnonzero(probabilities >= LEAST)):
            last = number in self._ends or len(node.path) + 1 == self._depth
            below = LiveNode((*node.path, number), parent, float(probabilities[number]), last)
            self._waiting.append((-below.probability, self._found, below))
            self._found += 1
        self._waiting = heapq.nsmallest(MOST, self._waiting)  # sorted, so a heap; no others can be shown
