"""The storybook: a source of sentences whose truth is known exactly.

A weighted grammar (`lib.grammar`, one file per language in ``data/stories``) generates sentences as in a children's
book. Because the grammar is known and finite, three questions have exact answers that no book can give: which words may
come next and how likely each is; how likely a whole sentence is; and how uncertain the source is per word, which is the
loss that no honest model can get below.

**How the next word is found.** While a sentence is generated, the *rest* of it is a sequence of words and symbols.
After the words so far, several rests are often possible ("the dog": it may sleep, eat, or chase someone), each with a
probability. A `Place` in the storybook is this whole weighted set. One more word keeps the rests that can begin with
it, and rescales their probabilities; so all derivations of an ambiguous sentence are added up, and none is preferred.
Since rules have no loops, there are finitely many places. These are prefix probabilities (Jelinek and Lafferty, 1991,
"Computation of the probability of initial substring generation by stochastic context-free grammars"); without loops
they need no matrix inversion.

**The end of a sentence** is a word of the vocabulary, ".": `Story.eos`, always with id `Story.eos_id` = 0. Sentences
are lists of words *without* it. `Story.next_word` gives it a probability like any other word; `Story.log_probability`
and `Story.entropy_per_word` count it.

**Unknown words** make a prefix impossible and a sentence's probability 0; `Story.unknown_words` names them and
`Story.nearest_words` offers known ones instead. There is no "unknown" entry in the vocabulary.
"""

import difflib
import functools
import math
from bisect import bisect
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lib import writing
from lib.grammar import START, Grammar, is_symbol, load_grammar

STORIES = Path(__file__).resolve().parent.parent / "data" / "stories"
EOS = "."

Rest = tuple[str, ...]  # the rest of a sentence: words and symbols


class UnknownLanguage(ValueError):  # noqa: N818
    """There is no storybook in this language: ``language``, and the ``available`` ones."""

    code = "unknown_language"

    def __init__(self, language: str, available: Sequence[str]) -> None:
        super().__init__(f"language = {language!r} has no storybook; there is {', '.join(available)}")
        self.language, self.available = language, available


class ImpossiblePrefix(ValueError):  # noqa: N818
    """No sentence begins like this.

    Attributes:
        prefix: the words asked about.
        position: index of the first impossible word; all words before it are possible.
        unknown: whether that word is missing from the vocabulary altogether.
    """

    code = "impossible_prefix"

    def __init__(self, prefix: Sequence[str], position: int, unknown: bool) -> None:
        why = "is not in the vocabulary" if unknown else f"cannot follow {' '.join(prefix[:position])!r}"
        super().__init__(f"no sentence begins so: {prefix[position]!r} {why}")
        self.prefix, self.position, self.unknown = list(prefix), position, unknown


class Place:
    """A place in the storybook: the possible rests of the sentence, with probabilities that sum to 1."""

    def __init__(self, rests: dict[Rest, float]) -> None:
        self.rests = rests
        self.next_words: dict[str, float] = {}  # the probability of each possible next word; see Story._next_words
        self.after: dict[str, Place] = {}  # the place that each word leads to, filled in when first visited


class Story:
    """A storybook: sample from it, score sentences, ask for the exact next-word distribution.

    Attributes:
        vocabulary: all V words, the end of a sentence first and the others in alphabetical order.
        eos: the word that ends a sentence, "."; sentences are given without it.
        eos_id: its index in the vocabulary, 0.
        word_id: the index of each word in the vocabulary.
        grammar: the rules, see `lib.grammar`.
        start: the place before the first word.

    >>> from lib.grammar import parse_grammar
    >>> story = Story(parse_grammar("sentence:\\n  3 | the dog sleeps\\n  the cat eats\\n  the cat sleeps"))
    >>> story.vocabulary
    ['.', 'cat', 'dog', 'eats', 'sleeps', 'the']
    >>> story.next_word(["the", "cat"]).tolist()
    [0.0, 0.0, 0.0, 0.5, 0.5, 0.0]
    >>> round(story.log_probability(["the", "dog", "sleeps"]), 4)  # log(3 / 5)
    -0.5108
    >>> story.accepts(["the", "dog"]), story.accepts(["the", "dog", "sleeps"])
    (False, True)
    """

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        alternatives = [alternative for rule in grammar.values() for alternative in rule.alternatives]
        words = {item for alternative in alternatives for item in alternative.items if not is_symbol(item)}
        self.vocabulary: list[str] = [EOS, *sorted(words)]
        self.eos, self.eos_id = EOS, 0
        self.word_id = {word: i for i, word in enumerate(self.vocabulary)}
        self._choices = {
            symbol: list(zip((a.items for a in rule.alternatives), rule.probabilities(), strict=True))
            for symbol, rule in grammar.items()
        }
        # For sampling: the cumulative distribution of the alternatives, and their items, the last one first.
        self._dice = {
            symbol: (list(accumulate(p for _, p in choices)), [items[::-1] for items, _ in choices])
            for symbol, choices in self._choices.items()
        }
        self._expanded: dict[Rest, dict[str, dict[Rest, float]]] = {}
        self._places: dict[frozenset[tuple[Rest, str]], Place] = {}
        self.start = self._place({(START,): 1.0})

    # ----------------------------------------------------------------------------------------------- drawing sentences

    def sample(self, n: int, rng: np.random.Generator) -> list[list[str]]:
        """Draw ``n`` sentences, each a list of words without the end of sentence.

        Raises:
            ValueError: n is negative.

        >>> from lib.grammar import parse_grammar
        >>> Story(parse_grammar("sentence:\\n  the cat sleeps")).sample(2, np.random.default_rng(0))
        [['the', 'cat', 'sleeps'], ['the', 'cat', 'sleeps']]
        """
        if n < 0:
            raise ValueError(f"n = {n} is not accepted: give the number of sentences, 0 or more")
        return [self._draw_sentence(rng) for _ in range(n)]

    def _draw_sentence(self, rng: np.random.Generator) -> list[str]:
        """Replace the first symbol by one of its alternatives, drawn by weight, until only words are left."""
        words: list[str] = []
        rest = [START]  # reversed: the next item is last, so that it pops off
        while rest:
            item = rest.pop()
            die = self._dice.get(item)
            if die is None:
                words.append(item)  # not a symbol but a word
            else:
                cdf, alternatives = die
                drawn = bisect(cdf, rng.random())
                rest.extend(alternatives[min(drawn, len(cdf) - 1)])  # rounding may leave the last sum just below 1
        return words

    # --------------------------------------------------------------------------------------- questions with one answer

    def next_word(self, prefix: Sequence[str]) -> NDArray[np.float64]:
        """Return the exact probability of every word to come next after ``prefix``: (V,) float64, summing to 1.

        Raises:
            ImpossiblePrefix: no sentence begins with these words.
        """
        return self.next_word_at(self.place_after(prefix))

    def place_after(self, prefix: Sequence[str]) -> Place:
        """Return the place that all of these words lead to; raises what `next_word` raises."""
        place = self.start
        for position, word in enumerate(prefix):
            if word == EOS or word not in self._next_words(place):
                raise ImpossiblePrefix(prefix, position, unknown=word not in self.word_id)
            place = self.after(place, word)
        return place

    def next_word_at(self, place: Place) -> NDArray[np.float64]:
        """Return the same for a place, for callers that follow a sentence from `start` and then `after` each word.

        >>> story = load_story()
        >>> place = story.after(story.start, "the")
        >>> bool((story.next_word_at(place) == story.next_word(["the"])).all())
        True
        """
        distribution = np.zeros(len(self.vocabulary))
        next_words = self._next_words(place)
        distribution[[self.word_id[word] for word in next_words]] = list(next_words.values())
        return distribution

    def log_probability(self, words: Sequence[str]) -> float:
        """Return the log-probability, in nats, of exactly this sentence and its end; -inf if it is impossible."""
        total = 0.0
        place = self.start
        for word in words:
            # A place that was visited before knows its words and where they lead, and saves a call: a table judges
            # thousands of sentences.
            probability = (place.next_words or self._next_words(place)).get(word)
            if probability is None or word == EOS:
                return -math.inf
            total += math.log(probability)
            place = place.after.get(word) or self.after(place, word)
        ending = self._next_words(place).get(EOS, 0.0)
        return total + math.log(ending) if ending else -math.inf

    def accepts(self, words: Sequence[str]) -> bool:
        """Whether the storybook can generate exactly this sentence."""
        return self.log_probability(words) > -math.inf

    @functools.cached_property
    def entropy_per_word(self) -> float:
        """The entropy of a sentence divided by its expected length, in nats per word; the end counts as a word.

        The chain rule makes it exact: the entropy of a sentence is the sum, over all places, of the probability of
        reaching the place times the entropy of the next word there. A place holds all derivations of the words so far,
        so two ways to derive one sentence count as one. (Cover and Thomas, "Elements of Information Theory", theorem
        2.5.1.)

        >>> from lib.grammar import parse_grammar
        >>> Story(parse_grammar("sentence:\\n  yes\\n  no")).entropy_per_word == math.log(2) / 2  # a word and the end
        True
        """
        entropy = length = 0.0
        here = {self.start: 1.0}  # the places after 0, 1, 2, ... words, with the probability of reaching each
        while here:
            following: dict[Place, float] = {}
            for place, reached in here.items():
                length += reached
                for word, probability in self._next_words(place).items():
                    entropy -= reached * probability * math.log(probability)
                    if word != EOS:
                        after = self.after(place, word)
                        following[after] = following.get(after, 0.0) + reached * probability
            here = following
        self._expanded.clear()  # now that every place knows what follows, nobody needs the way there any more
        return entropy / length

    @functools.cached_property
    def number_of_sentences(self) -> int:
        """How many different sentences the storybook can generate.

        >>> from lib.grammar import parse_grammar
        >>> Story(parse_grammar("sentence:\\n  <who> sat\\n  <who> ate\\nwho: equal\\n  Anna, Tom")).number_of_sentences
        4
        """
        total = 0
        here = {self.start: 1}  # the places after 0, 1, 2, ... words, with the number of ways to get there
        while here:
            following: dict[Place, int] = {}
            for place, ways in here.items():
                for word in self._next_words(place):
                    if word == EOS:
                        total += ways
                    else:
                        after = self.after(place, word)
                        following[after] = following.get(after, 0) + ways
            here = following
        return total

    # -------------------------------------------------------------------------------------------- words as people type

    def unknown_words(self, words: Sequence[str]) -> list[str]:
        """Return the ``words`` that are not in the vocabulary, in order, each once."""
        return [word for word in dict.fromkeys(words) if word not in self.word_id]

    def nearest_words(self, word: str, n: int = 3) -> list[str]:
        """Return up to ``n`` words of the vocabulary with a spelling like that of ``word``, the most similar first.

        Raises:
            ValueError: n is below 1.

        >>> from lib.grammar import parse_grammar
        >>> Story(parse_grammar("sentence:\\n  the horse sleeps")).nearest_words("hors", 1)
        ['horse']
        """
        close = difflib.get_close_matches(word.casefold(), list(self._spelling), n)
        return [self._spelling[spelling] for spelling in close]

    def words_of(self, text: str) -> list[str]:
        """Split what a person typed into words, spelled as in the vocabulary where it has them.

        >>> from lib.grammar import parse_grammar
        >>> Story(parse_grammar("sentence:\\n  the fox met Anna")).words_of("The FOX met anna.")
        ['the', 'fox', 'met', 'Anna']

        A script without spaces is cut as the storybook would go on, else into the fewest words that it has.

        >>> Story(parse_grammar("sentence:\\n  小白兔 吃了 一個 蘋果")).words_of("小白兔吃了")
        ['小白兔', '吃了']
        """
        words: list[str] = []
        for piece in writing.pieces(text):
            word = piece if piece in self.word_id else self._spelling.get(piece.casefold(), piece)
            if word not in self.word_id and writing.is_unspaced(word):
                words += self._cut(word, words)
            else:
                words.append(word)
        return words

    @functools.cached_property
    def _spelling(self) -> dict[str, str]:
        """Every word except the end of a sentence, by how it is written in small letters."""
        return {word.casefold(): word for word in reversed(self.vocabulary[1:])}

    def _cut(self, text: str, before: Sequence[str]) -> list[str]:
        """Cut a text without spaces into words that can follow the words ``before``, if there is a way."""

        def possible(text: str, place: Place) -> list[str] | None:
            if not text:
                return []
            for word, rest in writing.ways_to_cut(text, self._next_words(place)):
                if (words := possible(rest, self.after(place, word))) is not None:
                    return [word, *words]
            return None

        with suppress(ImpossiblePrefix):
            if words := possible(text, self.place_after(before)):
                return words
        return writing.fewest_words(text, self.word_id)

    def text_of(self, words: Sequence[str], *, unfinished: bool = False) -> str:
        """Write words as a sentence; one that is ``unfinished`` is left open.

        >>> from lib.grammar import parse_grammar
        >>> Story(parse_grammar("sentence:\\n  the fox met Anna")).text_of(["the", "fox", "met", "Anna"])
        'The fox met Anna.'
        """
        return f"{writing.joined(words)} …" if unfinished else writing.sentence(words)

    # -------------------------------------------------------------------------------------------------- under the hood

    def _expand(self, rest: Rest) -> dict[str, dict[Rest, float]]:
        """Return the words with which ``rest`` can begin, each with the rests after it and their probabilities."""
        if not rest:
            return {EOS: {(): 1.0}}
        if not is_symbol(rest[0]):
            return {rest[0]: {rest[1:]: 1.0}}
        known = self._expanded.get(rest)
        if known is not None:
            return known
        by_word: dict[str, dict[Rest, float]] = {}
        for items, probability in self._choices[rest[0]]:
            for word, rests in self._expand(items + rest[1:]).items():
                _add_scaled(by_word.setdefault(word, {}), rests, probability)
        return self._expanded.setdefault(rest, by_word)

    def _place(self, rests: dict[Rest, float]) -> Place:
        """Return the place with these rests: the same object, whichever way leads to it."""
        total = sum(rests.values())
        rests = {rest: probability / total for rest, probability in rests.items()}
        # Two ways to the same place may differ by rounding in the last of 16 digits; the first 12 identify a place.
        key = frozenset((rest, f"{probability:.11e}") for rest, probability in rests.items())
        return self._places.setdefault(key, Place(rests))

    def _next_words(self, place: Place) -> dict[str, float]:
        """Return the probability of each word that may come next, including the end of the sentence."""
        if not place.next_words:
            next_words: dict[str, float] = {}
            for rest, probability in place.rests.items():
                for word, rests in self._expand(rest).items():
                    next_words[word] = next_words.get(word, 0.0) + probability * sum(rests.values())
            place.next_words = next_words  # assigned when complete: several threads may be reading the same story
        return place.next_words

    def after(self, place: Place, word: str) -> Place:
        """Return the place that a possible ``word`` leads to."""
        if word not in place.after:
            rests: dict[Rest, float] = {}
            for rest, probability in place.rests.items():
                _add_scaled(rests, self._expand(rest).get(word, {}), probability)
            place.after[word] = self._place(rests)
        return place.after[word]


def _add_scaled(total: dict[Rest, float], rests: dict[Rest, float], factor: float) -> None:
    for rest, probability in rests.items():
        total[rest] = total.get(rest, 0.0) + factor * probability


def load_story(language: str = "en") -> Story:
    """Load the storybook of a language; it is the same object every time.

    Raises:
        UnknownLanguage: (a ValueError) there is no file ``data/stories/<language>.txt``.
        GrammarError: (a ValueError) the file has a mistake; it names the line.

    >>> story = load_story("en")
    >>> len(story.vocabulary) > 600
    True
    """
    return _loaded(language)


@functools.cache
def story_languages() -> tuple[str, ...]:
    """The languages that have a storybook: one for each file in data/stories.

    >>> "en" in story_languages()
    True
    """
    return tuple(sorted(path.stem for path in STORIES.glob("*.txt")))


@functools.cache  # one for each file, 1 to 10 MB with all its places; load_story() and load_story("en") share it
def _loaded(language: str) -> Story:
    if language not in story_languages():
        raise UnknownLanguage(language, story_languages())
    return Story(load_grammar(STORIES / f"{language}.txt"))
