"""One next word from all sides: what the model says, what the cuts leave, what is true, and the draw.

This is the record that the Top-k page shows. It has one array per step with one entry per word of the vocabulary, so
that the picture is the algorithm. V is the number of words.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lib.language_model import LanguageModel
from lib.sampling import SamplingTrace, shape_with, softmax
from lib.sampling_input import Ids, Probabilities
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.settings import InvalidSetting, is_real
from lib.statistics.entropy import effective_choices, entropy
from lib.story import ImpossiblePrefix, Story
from lib.writing import joined

MOST_PROMPTS = 128


@dataclass(frozen=True)
class Continuation:
    """What is known after a prompt, before anything is cut.

    ``logits`` (V,) are the model's, and ``truth`` (V,) is the true distribution. Where no sentence begins with the
    prompt, ``truth`` is None and ``impossible`` says why.
    """

    logits: Probabilities
    truth: Probabilities | None
    impossible: ImpossiblePrefix | None


@functools.lru_cache(maxsize=MOST_PROMPTS)
def what_follows(model: LanguageModel, words: tuple[str, ...]) -> Continuation:
    """Ask the model and its storybook what comes after these words. The answer is kept, whatever is cut afterwards.

    >>> from lib.language_model import load_model
    >>> what_follows(load_model(), ("the", "the")).impossible.position
    1
    """
    logits, truth, impossible = model.next_logits(words), None, None
    logits.flags.writeable = False  # shared by all who ask
    try:
        truth = model.story.next_word(words)
        truth.flags.writeable = False
    except ImpossiblePrefix as error:
        impossible = error.with_traceback(None)  # a traceback would keep the caller's variables alive
    return Continuation(logits, truth, impossible)


@dataclass(frozen=True)
class NextWord:
    """The way to one word. All arrays are (V,) and in the order of the vocabulary, except ``order`` itself.

    ``before`` is the softmax of the scaled logits, before any cut. ``truth`` is the true distribution, or None where
    there is none. ``order`` holds the ids from the likeliest word to the unlikeliest; of tied words the kept ones come
    first, so all kept words are at its start. In this order the words divide the line from 0 to 1, each into a stretch
    as long as its probability: ``pointer`` in [0, 1) is a random place on that line, and ``drawn`` is the word there.
    """

    trace: SamplingTrace
    before: Probabilities
    truth: Probabilities | None
    order: Ids
    pointer: float
    drawn: int

    @property
    def kept(self) -> int:
        """How many words the cuts have left."""
        return int(self.trace.kept.sum())

    @property
    def removed(self) -> float:
        """The probability that the cuts removed."""
        return float(self.before[~self.trace.kept].sum())

    @property
    def entropy(self) -> tuple[float, float]:
        """Entropy in nats before and after the cuts."""
        return float(entropy(self.before)), float(entropy(self.trace.probabilities))

    @property
    def choices(self) -> tuple[float, float]:
        """The effective number of choices before and after the cuts."""
        return float(effective_choices(self.before)), float(effective_choices(self.trace.probabilities))

    @property
    def thrown_away(self) -> float | None:
        """The true probability of the words that were cut: good words thrown away. None where there is no truth."""
        return None if self.truth is None else float(self.truth[~self.trace.kept].sum())

    @property
    def let_in(self) -> float | None:
        """The probability of drawing an impossible word. None where there is no truth."""
        return None if self.truth is None else float(self.trace.probabilities[self.truth == 0].sum())


def next_word(
    logits: ArrayLike, truth: ArrayLike | None = None, settings: SamplingSettings = UNCUT, *, pointer: float = 0.0
) -> NextWord:
    """Take logits (V,) all the way to one word. ``pointer`` in [0, 1) is the random number that decides which.

    Raises `InvalidSetting` for a pointer outside [0, 1), and for logits that are not one row of V.

    >>> step = next_word(np.log([0.1, 0.5, 0.4]), [0.0, 0.5, 0.5], SamplingSettings(top_k=2), pointer=0.9)
    >>> step.order.tolist(), step.drawn, round(step.removed, 3), step.thrown_away, step.let_in
    ([1, 2, 0], 2, 0.1, 0.0, 0.0)
    """
    if not (is_real(pointer) and 0 <= pointer < 1):
        raise InvalidSetting("pointer", pointer, "a number in [0, 1)")
    trace = shape_with(logits, settings)
    if trace.logits.ndim != 1:
        raise InvalidSetting("logits", trace.logits.shape, "one row")
    # By score; of tied words the kept ones first; then by id.
    order = np.lexsort((np.arange(len(trace.kept)), ~trace.kept, -trace.scaled))
    cdf = np.cumsum(trace.probabilities[order])
    place = int(np.searchsorted(cdf, min(pointer * cdf[-1], np.nextafter(cdf[-1], 0)), side="right"))
    return NextWord(
        trace=trace,
        before=softmax(trace.scaled),
        truth=None if truth is None else np.asarray(truth, dtype=np.float64),
        order=order,
        pointer=pointer,
        drawn=int(order[place]),
    )


@dataclass(frozen=True)
class Judgement:
    """Of n sentences: how many are different, which the grammar accepts, and which are in the training set."""

    n: int
    different: int
    accepted: NDArray[np.bool_]  # (n,)
    copied: NDArray[np.bool_]  # (n,)


def judge(sentences: Sequence[Sequence[str]], story: Story, training: frozenset[tuple[str, ...]]) -> Judgement:
    """Judge the sentences that a model has generated.

    >>> from lib.grammar import parse_grammar
    >>> story = Story(parse_grammar("sentence:\\n  the cat sleeps\\n  the dog sleeps"))
    >>> sentences = [["the", "cat", "sleeps"], ["the", "cat", "sleeps"], ["the", "the"]]
    >>> judgement = judge(sentences, story, frozenset({("the", "cat", "sleeps")}))
    >>> judgement.different, judgement.accepted.tolist(), judgement.copied.tolist()
    (2, [True, True, False], [True, True, False])
    """
    accepted = [story.accepts(sentence) for sentence in sentences]
    copied = [tuple(sentence) in training for sentence in sentences]
    return Judgement(
        n=len(sentences),
        different=len({tuple(sentence) for sentence in sentences}),
        accepted=np.array(accepted, dtype=np.bool_),
        copied=np.array(copied, dtype=np.bool_),
    )


@functools.lru_cache(maxsize=8)  # eight short texts for each storybook
def prompts(story: Story, n: int = 8) -> tuple[str, ...]:
    """Some prompts to choose from: after the first almost anything can come, after the last very little.

    >>> from lib.grammar import parse_grammar
    >>> sentences = "the cat sleeps", "the dog eats", "the dog sings", "the dog sleeps"
    >>> prompts(Story(parse_grammar("sentence:\\n  " + "\\n  ".join(sentences))))
    ('the dog', 'the')
    """
    shortest: dict[int, tuple[str, ...]] = {}
    for sentence in story.sample(300, np.random.default_rng(0)):
        for length in range(1, len(sentence)):
            prompt = tuple(sentence[:length])
            possible = int(np.count_nonzero(story.next_word(prompt)))
            if possible > 1:  # three words give more context than one, and still fit on a phone
                best = shortest.get(possible, prompt)
                shortest[possible] = min(best, prompt, key=lambda words: (abs(len(words) - 3), words))
    by_choice = [shortest[possible] for possible in sorted(shortest, reverse=True)]
    chosen = np.linspace(0, len(by_choice) - 1, min(n, len(by_choice))).round().astype(int)
    return tuple(joined(by_choice[i]) for i in chosen)
