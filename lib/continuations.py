"""Everything that a model can say from here: its likeliest continuations as a tree.

A node is a word after all words above it. Its probability is that of saying exactly these words, with the cuts of
`lib.sampling` made at every word. No node is likelier than the one above it, so taking the likeliest open node again
and again (best-first search) finds the likeliest nodes of all, without looking at the others.

>>> from lib.language_model import load_model
>>> tree = likeliest_continuations(load_model(p=0.3), ("the", "lamb"), SamplingSettings(top_k=1), depth=3)
>>> len(tree.nodes), tree.nodes[0].word, round(tree.nodes[-1].probability, 3)  # greedy: one branch, and it is certain
(3, 'ate', 1.0)
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.language_model import LanguageModel
from lib.sampling import shape_with
from lib.sampling_settings import SamplingSettings
from lib.story import ImpossiblePrefix, Place

DEPTH, MOST = 6, 300
LEAST = 1e-3  # of the probability: less would be thinner than a line


@dataclass(frozen=True)
class Node:
    """A word that may be said.

    Attributes:
        word: the word; the end of a sentence is one too.
        parent: the place in the tree of the node above it, or -1 for a word that follows at once.
        depth: how many words from the beginning, counted from 1.
        probability: of saying all words down to this one.
        possible: whether the grammar has a sentence that begins so.
        trained: whether a sentence of the training set begins so, or is so, where the sentence ends here.
        last: whether nothing can come below it: the sentence ends, or the tree is not deeper.
    """

    word: str
    parent: int
    depth: int
    probability: float
    possible: bool
    trained: bool
    last: bool


@dataclass(frozen=True)
class Tree:
    """The likeliest nodes, each after the one above it, and siblings from the likeliest to the unlikeliest."""

    nodes: tuple[Node, ...]

    @property
    def shares(self) -> dict[str, float]:
        """Where all of the probability goes: four shares that sum to 1.

        "trained" follows a training sentence all the way down, "new" does not and is possible all the way down,
        "impossible" says something that the grammar forbids, and "rest" is what the tree is too small to show.
        """
        own = [node.probability for node in self.nodes]  # without what its shown children have
        rest = 1.0
        for node in self.nodes:
            if node.parent < 0:
                rest -= node.probability
            else:
                own[node.parent] -= node.probability
        shares = {"trained": 0.0, "new": 0.0, "impossible": 0.0, "rest": max(rest, 0.0)}
        for node, left in zip(self.nodes, own, strict=True):
            kind = (
                "impossible" if not node.possible else "rest" if not node.last else "trained" if node.trained else "new"
            )
            shares[kind] += max(left, 0.0)
        return shares


@dataclass(frozen=True)
class _Open:
    """What is known after the words of a node: its place in the grammar, and the training sentences that go on."""

    words: tuple[str, ...]
    place: Place | None
    sentences: Sequence[Sequence[str]]


def likeliest_continuations(
    model: LanguageModel,
    words: tuple[str, ...],
    settings: SamplingSettings,
    *,
    depth: int = DEPTH,
    most: int = MOST,
    least: float = LEAST,
) -> Tree:
    """The ``most`` likeliest nodes of all continuations of at most ``depth`` words, none less likely than ``least``.

    Raises what `LanguageModel.next_logits` raises for words that it cannot read.
    """
    begun = [each for each in model.training_sentences if tuple(each[: len(words)]) == words]
    nodes: list[Node] = []
    waiting: list[tuple[float, int, Node, _Open]] = []  # the likeliest first; of equal ones the earliest
    found = 0

    def open_below(parent: int, above: float, here: _Open) -> None:
        nonlocal found
        probabilities = above * shape_with(model.next_logits(here.words), settings).probabilities  # (V,)
        truth = None if here.place is None else model.story.next_word_at(here.place)
        at = len(here.words) - len(words) + 1
        for i in np.flatnonzero(probabilities >= least):
            word, ends = model.vocabulary[i], i == model.story.eos_id
            said = len(here.words)
            if ends:
                going = [each for each in here.sentences if len(each) == said]
            else:
                going = [each for each in here.sentences if len(each) > said and each[said] == word]
            possible = truth is not None and truth[i] > 0
            last = ends or at == depth or said + 1 >= model.config.context
            place = model.story.after(here.place, word) if possible and not ends and here.place else None
            node = Node(word, parent, at, float(probabilities[i]), bool(possible), bool(going), bool(last))
            heapq.heappush(waiting, (-node.probability, found, node, _Open((*here.words, word), place, going)))
            found += 1

    open_below(-1, 1.0, _Open(words, _place_of(model, words), begun))
    while waiting and len(nodes) < most:
        _, _, node, below = heapq.heappop(waiting)
        nodes.append(node)
        if not node.last:
            open_below(len(nodes) - 1, node.probability, below)
    return Tree(tuple(nodes))


def _place_of(model: LanguageModel, words: Sequence[str]) -> Place | None:
    """Where in the storybook one is after these words, or None where no sentence begins so."""
    try:
        return model.story.place_after(words)
    except ImpossiblePrefix:
        return None
