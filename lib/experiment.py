"""Dropout x top-k, measured: what does the learning die change, and what does the speaking die change?

A cell of the experiment is one model, trained with dropout ``p``, that generates ``n`` sentences with the cut ``k``.
The storybook's grammar is known, so each sentence can be judged: **copied** word for word from the training set,
**new** and possible, or **impossible**. There are four measures, each with a 95% interval (`lib.statistics.intervals`):

- ``copied``: the share of sentences that are in the training set, word for word;
- ``accepted``: the share that the grammar can generate, copied ones included;
- ``different``: the number of different sentences, as a share of n;
- ``log_probability``: the mean true log-probability per word, in nats, of the **accepted** sentences, with the
  end-of-sentence token counted as a word. Impossible sentences have probability 0, and a single one would make the mean
  minus infinity; so read this measure beside ``accepted``. For fresh sentences of the source it is minus the entropy.

Two baselines keep it honest. The **grammar itself** speaks as a third model, with the same cuts on its exact
distribution: it can say nothing impossible, and whatever it "copies" it copies by chance. And the same model can speak
with **dropout left on**, as after a forgotten ``model.eval()``.

>>> config = ExperimentConfig(rates=(0.0, 0.3), ks=(None, 10), n=200)
>>> results = run_experiment(config)
>>> memorised, honest = results[Cell(0.0, 10)], results[Cell(0.3, 10)]
>>> memorised.copied.value > 0.5 > honest.copied.value  # top-k does not undo memorising
True
"""

import csv
import functools
import io
import math
from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lib.fast_top_k import sample
from lib.language_model import CORPORA, LanguageModel, LanguageModelConfig, load_model, training_sentences
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.settings import InvalidSetting, is_real, is_whole, one_of, whole_number
from lib.statistics.intervals import Estimate, different_share, mean_per_unit, share
from lib.story import Story
from lib.threads import one_fast_thread

TABLE_RATES = (0.0, 0.1, 0.2, 0.3, 0.5)
"""Rows of the whole table: dropout in training. The large corpus has 0 and 0.3 only."""
KS: tuple[int | None, ...] = (None, 50, 10, 3, 1)
"""Columns of the whole table, from no cut to always the likeliest word."""
MEASURES = ("copied", "accepted", "different", "log_probability")
FEWEST, MOST = 100, 20_000  # sentences in a cell
SHOWN = 40  # sentences of a cell that are kept for people to read
LEARNED = 2  # training sets that are kept, of at most 4 MB each
_BATCH = 250  # sentences generated at once, about 5 milliseconds a word

Verdict = Literal["copied", "new", "impossible"]


# ------------------------------------------------------------------------------------------------------ what is wanted


@dataclass(frozen=True)
class Cell:
    """Who speaks, and how: the model trained with ``p`` (None: the grammar itself), with cut ``k`` (None: no cut)."""

    p: float | None
    k: int | None
    dropout_on: bool = False


@dataclass(frozen=True)
class ExperimentConfig:
    """Everything that decides a table: the same config and the same models give the same sentences.

    Args:
        rates: the rows: models trained with these probabilities of **dropping** a unit.
        ks: the columns; None is no cut.
        n: sentences in each cell, 100 to 20,000.
        seed: for all draws. Each cell has its own generator, so it does not depend on what else is in the table.
        language, corpus: which models, see `lib.language_model.load_model`.
        dropout_on: leave dropout on while speaking, the forgotten ``model.eval()``.
        grammar: let the grammar itself speak too, in one more row.

    Raises:
        InvalidSetting: (a ValueError) naming the setting and what is accepted.

    >>> [(cell.p, cell.k) for cell in ExperimentConfig(grammar=False).cells]
    [(0.0, None), (0.0, 10), (0.3, None), (0.3, 10)]
    >>> ExperimentConfig(ks=(0,))
    Traceback (most recent call last):
    lib.settings.InvalidSetting: ks must be different whole numbers >= 1 or None, but is (0,)
    """

    rates: tuple[float, ...] = (0.0, 0.3)
    ks: tuple[int | None, ...] = (None, 10)
    n: int = 1_000
    seed: int = 0
    language: str = "en"
    corpus: str = "small"
    dropout_on: bool = False
    grammar: bool = True

    def __post_init__(self) -> None:
        if not (_all_different(self.rates) and all(is_real(p) and 0 <= p < 1 for p in self.rates)):
            raise InvalidSetting("rates", self.rates, "different numbers from 0 to below 1")
        if not (_all_different(self.ks) and all(k is None or (is_whole(k) and k >= 1) for k in self.ks)):
            raise InvalidSetting("ks", self.ks, "different whole numbers >= 1 or None")
        whole_number("n", self.n, FEWEST, MOST)
        whole_number("seed", self.seed, 0, 2**63 - 1)
        one_of("corpus", self.corpus, CORPORA)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, row by row, with the grammar's last."""
        cells = [Cell(p, k, self.dropout_on) for p in self.rates for k in self.ks]
        return (*cells, *(Cell(None, k) for k in self.ks if self.grammar))


def _all_different(values: tuple[object, ...]) -> bool:
    return isinstance(values, tuple) and 0 < len(values) == len(set(values))


# ---------------------------------------------------------------------------------------------------- what is measured


@dataclass(frozen=True)
class JudgedSentence:
    """One sentence and the verdict on it. ``unfinished``: the model reached its length limit before it ended."""

    words: tuple[str, ...]
    verdict: Verdict
    unfinished: bool = False


@dataclass(frozen=True)
class CellResult:
    """The four measures of one cell from ``n`` sentences, and its first sentences, for people to read."""

    cell: Cell
    n: int
    copied: Estimate
    accepted: Estimate
    different: Estimate
    log_probability: Estimate
    sentences: tuple[JudgedSentence, ...]

    def measure(self, name: str) -> Estimate:
        """The measure with this name, one of `MEASURES`."""
        estimate: Estimate = getattr(self, name)
        return estimate


class Generation(Protocol):
    """Sentences being generated: a `lib.language_model.BatchGeneration` or a `GrammarGeneration`."""

    @property
    def done(self) -> bool:
        """Whether all sentences have ended."""

    def advance(self) -> None:
        """Generate one more word of each."""

    @property
    def sentences(self) -> list[list[str]]:
        """What has been generated so far."""


class Speaker(Protocol):
    """Whatever generates sentences: a `LanguageModel` or a `GrammarSpeaker`."""

    def start_generation(
        self, n: int, rng: np.random.Generator, settings: SamplingSettings = UNCUT, *, training: bool = False
    ) -> Generation:
        """Begin to generate n sentences, with dropout left on if ``training``."""


class GrammarSpeaker:
    """The grammar as a third model: it draws every word from the exact distribution, cut like a model's.

    As everywhere, words that tie with the k-th likeliest are kept. A grammar has many ties: in a list of equally likely
    words, either all are kept or none.

    >>> from lib.grammar import parse_grammar
    >>> story = Story(parse_grammar("sentence:\\n  3 | the dog sleeps\\n  the cat sleeps"))
    >>> GrammarSpeaker(story).generate(2, np.random.default_rng(0), SamplingSettings(top_k=1))
    [['the', 'dog', 'sleeps'], ['the', 'dog', 'sleeps']]
    """

    def __init__(self, story: Story) -> None:
        self.story = story

    def generate(
        self, n: int, rng: np.random.Generator, settings: SamplingSettings = UNCUT, *, training: bool = False
    ) -> list[list[str]]:
        """Generate n sentences. A grammar has no neurons to drop, so ``training`` changes nothing."""
        generation = self.start_generation(n, rng, settings, training=training)
        while not generation.done:
            generation.advance()
        return generation.sentences

    def start_generation(
        self, n: int, rng: np.random.Generator, settings: SamplingSettings = UNCUT, *, training: bool = False
    ) -> "GrammarGeneration":
        """As `generate`, but word by word."""
        return GrammarGeneration(self.story, n, rng, settings)


class GrammarGeneration:
    """Sentences while the grammar generates them. Without a cut it generates them whole, which is faster."""

    def __init__(self, story: Story, n: int, rng: np.random.Generator, settings: SamplingSettings) -> None:
        self._story, self._rng, self._settings = story, rng, settings
        whole = settings == UNCUT
        self.sentences: list[list[str]] = story.sample(n, rng) if whole else [[] for _ in range(n)]
        # The sentences that have not ended, and where in the storybook each is.
        self._going_on = [] if whole else [(sentence, story.start) for sentence in self.sentences]

    @property
    def done(self) -> bool:
        """Whether all sentences have ended."""
        return not self._going_on

    def advance(self) -> None:
        """Generate one more word of every sentence that has not ended."""
        story = self._story
        # Many sentences are at the same place, and each place is cut only once.
        places = {place: row for row, place in enumerate(dict.fromkeys(place for _, place in self._going_on))}
        with np.errstate(divide="ignore"):  # log 0 = -inf: an impossible word
            logits = np.log([story.next_word_at(place) for place in places])  # (places, V)
        rows = np.array([places[place] for _, place in self._going_on])
        words = sample(logits, self._rng, self._settings, rows=rows).tolist()
        going_on = []
        for (sentence, place), word in zip(self._going_on, words, strict=True):
            if word != story.eos_id:
                sentence.append(story.vocabulary[word])
                going_on.append((sentence, story.after(place, sentence[-1])))
        self._going_on = going_on


def verdict_on(words: Sequence[str], story: Story, training: frozenset[tuple[str, ...]]) -> Verdict:
    """Judge whether a sentence is copied, new and possible, or impossible.

    >>> from lib.grammar import parse_grammar
    >>> story = Story(parse_grammar("sentence:\\n  the dog sleeps\\n  the cat sleeps"))
    >>> learned = frozenset({("the", "dog", "sleeps")})
    >>> [verdict_on(f"the {word} sleeps".split(), story, learned) for word in ("dog", "cat", "cow")]
    ['copied', 'new', 'impossible']
    """
    return _judged(tuple(words), story, training)[0]


def _judged(words: tuple[str, ...], story: Story, training: frozenset[tuple[str, ...]]) -> tuple[Verdict, float]:
    """The verdict on a sentence, and its true log-probability. Every training sentence is possible."""
    log_probability = story.log_probability(words)
    if log_probability == -math.inf:
        return "impossible", log_probability
    return ("copied" if words in training else "new"), log_probability


class CellDraws:
    """One cell while it is being measured: generate more sentences, or read the results so far, in any order."""

    def __init__(
        self,
        cell: Cell,
        speaker: Speaker,
        story: Story,
        training: frozenset[tuple[str, ...]],
        seed: int,
        context: int | None = None,
    ) -> None:
        self.cell, self._speaker, self._story, self._training, self._context = cell, speaker, story, training, context
        # 2, because the training and validation sentences were drawn from [seed, 0] and [seed, 1], and zeros at the end
        # of a seed change nothing: with 0 the grammar would generate the training set again.
        row = 0 if cell.p is None else 1 + round(1_000_000 * cell.p)
        self._rng = np.random.default_rng([seed, 2, row, cell.k or 0, int(cell.dropout_on)])
        self._generation: Generation | None = None
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._verdicts: Counter[Verdict] = Counter()
        self._log_probabilities: list[float] = []
        self._lengths: list[int] = []
        self._sentences: list[JudgedSentence] = []
        self.n = 0

    def advance(self, n: int) -> bool:
        """Generate one more word of the current sentences, or begin n new ones; return True once they are judged."""
        if self._generation is None:
            settings = SamplingSettings(top_k=self.cell.k)
            self._generation = self._speaker.start_generation(n, self._rng, settings, training=self.cell.dropout_on)
        else:
            self._generation.advance()
        if not self._generation.done:
            return False
        for words in self._generation.sentences:
            self._judge(tuple(words))
        self._generation = None
        return True

    def _judge(self, words: tuple[str, ...]) -> None:
        verdict, log_probability = _judged(words, self._story, self._training)
        self.n += 1
        self._verdicts[verdict] += 1
        self._counts[words] += 1
        if verdict != "impossible":
            self._log_probabilities.append(log_probability)
            self._lengths.append(len(words) + 1)  # the end-of-sentence token is a word
        if len(self._sentences) < SHOWN:
            unfinished = self._context is not None and len(words) >= self._context
            self._sentences.append(JudgedSentence(words, verdict, unfinished))

    def result(self) -> CellResult:
        """The measures of the sentences judged so far; there must be at least one."""
        return CellResult(
            cell=self.cell,
            n=self.n,
            copied=share(self._verdicts["copied"], self.n),
            accepted=share(self.n - self._verdicts["impossible"], self.n),
            different=different_share(self._counts.values()),
            log_probability=mean_per_unit(self._log_probabilities, self._lengths),
            sentences=tuple(self._sentences),
        )


@functools.lru_cache(maxsize=LEARNED)
def _learned(story: Story, n_sentences: int, seed: int) -> frozenset[tuple[str, ...]]:
    """The training sentences, drawn again. All models of a table, and all tables of a class, share them."""
    config = LanguageModelConfig(n_sentences=n_sentences, seed=seed)
    return frozenset(map(tuple, training_sentences(config, story)))


class Experiment:
    """A table while it is being measured, a few milliseconds at a time.

    Args:
        config: what to measure.
        models: the model for each rate; by default the checkpoints that the config names.
        known: cells that need not be measured again; newly measured ones are added to it.

    Attributes:
        results: a `CellResult` for each cell that has begun; its ``n`` says how far it is.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        models: Mapping[float, LanguageModel] | None = None,
        known: MutableMapping[Cell, CellResult] | None = None,
    ) -> None:
        self.config = config
        self._known = {} if known is None else known
        if models is None:
            models = {p: load_model(config.language, p, config.corpus) for p in config.rates}
        self.models = models
        self.results = {cell: known[cell] for cell in config.cells if known and cell in known}
        self._waiting = [cell for cell in config.cells if cell not in self.results]
        self._now: CellDraws | None = None
        any_model = models[config.rates[0]]
        self._story = any_model.story
        # Not `model.training_sentences`, which the model would keep: up to 4 MB for each pair that a student trains.
        learned_from = (self._story, any_model.config.n_sentences, any_model.config.seed)
        self._training = _learned(*learned_from) if self._waiting else frozenset()

    @property
    def done(self) -> bool:
        """Whether all cells are measured."""
        return not self._waiting

    @property
    def told(self) -> int:
        """Sentences judged so far, out of ``len(config.cells) * config.n``."""
        return sum(result.n for result in tuple(self.results.values()))

    def advance(self) -> None:
        """Generate the next word of a few hundred sentences."""
        if self.done:
            return
        cell = self._waiting[0]
        if self._now is None and cell not in self._known:
            self._now = self._draws(cell)
        draws = self._now
        if draws is None:  # another experiment has measured this cell in the meantime
            self.results[cell] = self._known[cell]
        else:
            with one_fast_thread():
                complete = draws.advance(min(_BATCH, self.config.n - draws.n))
            if not complete:
                return
            self.results[cell] = draws.result()
            if draws.n < self.config.n:
                return
        self._known[cell] = self.results[cell]
        self._waiting.pop(0)
        self._now = None
        if not self._waiting:  # finished tables are kept for the class, and no longer need models and training set
            self._training, self.models = frozenset(), {}

    def _draws(self, cell: Cell) -> CellDraws:
        if cell.p is None:
            return CellDraws(cell, GrammarSpeaker(self._story), self._story, self._training, self.config.seed)
        model = self.models[cell.p]
        return CellDraws(cell, model, self._story, self._training, self.config.seed, model.config.context)


def run_experiment(
    config: ExperimentConfig, models: Mapping[float, LanguageModel] | None = None
) -> dict[Cell, CellResult]:
    """Measure the whole table and return it."""
    experiment = Experiment(config, models)
    while not experiment.done:
        experiment.advance()
    return experiment.results


# ----------------------------------------------------------------------------------------------- what moves with what


@dataclass(frozen=True)
class Decomposition:
    """A table (R, C) as the sum of four parts: mean + effect of its row + effect of its column + interaction.

    ``rows`` (R,) and ``columns`` (C,) sum to 0; ``interaction`` (R, C) is the remainder, and sums to 0 along each row
    and column. ``sums_of_squares`` are those of the last three parts over all R x C cells; together they are the
    table's sum of squares about its mean. ``shares`` are their shares of that sum, or zeros if all cells are equal.
    """

    mean: float
    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    interaction: NDArray[np.float64]

    @property
    def sums_of_squares(self) -> tuple[float, float, float]:
        """Of rows, columns and interaction."""
        R, C = self.interaction.shape
        return (
            C * float((self.rows**2).sum()),
            R * float((self.columns**2).sum()),
            float((self.interaction**2).sum()),
        )

    @property
    def shares(self) -> tuple[float, float, float]:
        """Of rows, columns and interaction."""
        parts = self.sums_of_squares
        total = sum(parts)
        a, b, c = (part / total if total else 0.0 for part in parts)
        return a, b, c


def decompose(table: ArrayLike) -> Decomposition:
    """Split a table (R, C) into mean, row effects, column effects and interaction.

    This is a two-way analysis of variance with one value per cell (Scheffé 1959, "The Analysis of Variance", section
    4.2).

    Raises:
        ValueError: the table does not have two dimensions, or holds something that is not a finite number.

    >>> parts = decompose([[9.0, 7.0], [1.0, 3.0]])
    >>> parts.mean, parts.rows.tolist(), parts.columns.tolist(), parts.interaction.tolist()
    (5.0, [3.0, -3.0], [0.0, 0.0], [[1.0, -1.0], [-1.0, 1.0]])
    >>> parts.shares  # 4 * 9 : 0 : 4 * 1
    (0.9, 0.0, 0.1)
    """
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"table must be finite numbers of shape (R, C), got {table!r}")
    mean = float(values.mean())
    rows = values.mean(axis=1) - mean
    columns = values.mean(axis=0) - mean
    return Decomposition(mean, rows, columns, values - mean - rows[:, None] - columns)


def interaction_by_chance(table: Sequence[Sequence[Estimate]], parts: Decomposition) -> float:
    """The share that the interaction would have on average, from the luck of the draws alone, if there were none.

    (R - 1) (C - 1) of the R C degrees of freedom belong to the interaction, and each contributes one mean squared
    standard error.

    >>> cell = Estimate(0.0, -1.959963984540054, 1.959963984540054)  # standard error 1
    >>> interaction_by_chance([[cell, cell], [cell, cell]], decompose([[9.0, 7.0], [1.0, 3.0]]))  # 1 of 40
    0.025
    """
    R, C = parts.interaction.shape
    total = sum(parts.sums_of_squares)
    mean_square = float(np.mean([[e.standard_error**2 for e in row] for row in table]))
    return (R - 1) * (C - 1) * mean_square / total if total else 0.0


# -------------------------------------------------------------------------------------------------------- as a file


def to_csv(results: Mapping[Cell, CellResult]) -> str:
    """The table as CSV: a line for each cell, with the four measures and the ends of their 95% intervals.

    ``p`` is "grammar" where the grammar itself spoke, and ``k`` is "all" without a cut. Log-probabilities are in nats
    per word.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    ends = [f"{measure}{end}" for measure in MEASURES for end in ("", "_low", "_high")]
    lines.writerow(["p", "k", "dropout_on", "sentences", *ends])
    for cell, result in results.items():
        estimates = [result.measure(name) for name in MEASURES]
        numbers = [number for each in estimates for number in (each.value, each.low, each.high)]
        p, k = "grammar" if cell.p is None else cell.p, "all" if cell.k is None else cell.k
        lines.writerow([p, k, int(cell.dropout_on), result.n, *("" if math.isnan(x) else f"{x:.6g}" for x in numbers)])
    return text.getvalue()
