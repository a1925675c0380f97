"""Measure what the server keeps in memory in the worst case: the table of docs/memory.md.

    python -m scripts.measure_caches

Every entry is made as heavy as the pages' controls allow and then weighed: all objects that can be reached from it,
each once, except those it shares with others (the storybook, the shipped models). This takes a minute.
"""

import gc
import logging
import pickle
import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lib.datasets import bayes_floor, load_digits, load_mnist_small
from lib.decoding import Decoder
from lib.experiment import KS, LEARNED, MOST, TABLE_RATES, Cell, CellResult, ExperimentConfig, _learned
from lib.figures.dropout import AverageLabels, running_average_figure
from lib.language_model import CHECKPOINTS, load_model
from lib.live_llm.client import MOST_KEPT
from lib.live_llm.tree import LiveTree
from lib.live_llm.vocabulary import Vocabulary
from lib.memorising import memorised_bits
from lib.next_word import MOST_PROMPTS, prompts, what_follows
from lib.own_text import MOST_BYTES, MOST_DIFFERENT, cut_text
from lib.pictured_network import (
    PICTURED_DATA,
    TRAINED_RATES,
    PassSettings,
    load_examples,
    load_pictured_network,
    monte_carlo_error,
    pictured_data,
    validation_part,
)
from lib.recorded_llm import load_recorded_llm
from lib.sampling_settings import SamplingSettings
from lib.statistics.comparison import t_quantile
from lib.story import load_story, story_languages
from lib.studies.data_size import SIZES, load_points
from lib.studies.data_size_trial import Trial, trial_config
from lib.studies.digits_figures import load_values
from lib.studies.digits_trial import DigitsRun, DigitsTrial
from lib.studies.facts import load_facts
from lib.studies.placed_dropout import PLACES
from lib.studies.regularisers import RegularisersConfig, RegularisersTrainer
from lib.studies.schedules import ScheduleConfig, ScheduledTrainer
from lib.tables import MAX_BYTES, MAX_CLASSES, MAX_FEATURES, Table, load_table
from lib.text_model import PairJob
from lib.training import TrainingConfig
from lib.web.dropout import report as dropout_report
from lib.web.dropout.player import packed, recorded
from lib.web.elements import drawn_once as figures
from lib.web.frame import language, source
from lib.web.frame.language import LANGUAGES, ROOT
from lib.web.frame.steps import steps_of
from lib.web.home import life_strip
from lib.web.questions import report as questions_report
from lib.web.quiz.questions import questions
from lib.web.rooms.room import Rooms
from lib.web.rooms.store import MOST_FIELDS, MOST_ROOMS, MOST_SEATS, RoomsInProcess
from lib.web.runs.stepwise import Stepwise, StepwiseJob
from lib.web.runs.worker_pool import MOST_BEGUN
from lib.web.today import data as today_data
from lib.web.today import paper_mnist
from lib.web.today import places as today_places
from lib.web.today.runs import today_runs
from lib.web.top_k import bench, live_tree, tree
from lib.web.top_k import report as top_k_report
from lib.web.top_k.class_draws import MOST_DRAWS
from lib.web.training import report as training_report
from lib.web.training.player import TrainingJob, training_runs
from lib.web.training.settings import MOST_LARGE
from lib.web.two_dice.runs import MeasuringJob, TrainingPairJob, cell_store, measuring_runs, pair_config, training_pairs
from lib.web.your_text.text import story_text
from lib.web.your_text.training import text_runs

_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.CodeType)


@dataclass(frozen=True)
class Row:
    """A line of the table: what a cache holds, how many at most, and the MB of the heaviest entry.

    ``kept`` is False for what exists only while a run is under way or left half done.
    """

    cache: str
    holds: str
    bound: int
    each: float
    kept: bool = True


# ------------------------------------------------------------------------------------------------------------ weighing


def weigh(thing: object, shared: Iterable[object] = ()) -> float:
    """MB of all that can be reached from a thing, except code and what is ``shared``.

    >>> weigh(np.zeros(1_000_000)), weigh([np.zeros(1_000_000)] * 5) < 8.001
    (8.0, True)
    """
    seen: set[int] = set()
    for each in shared:
        _reach(each, seen)
    return _reach(thing, seen) / 1e6


def _reach(thing: object, seen: set[int]) -> int:
    """Bytes of what can be reached and has not been ``seen``. Python's garbage collector knows the references."""
    total, waiting = 0, [thing]
    while waiting:
        here = waiting.pop()
        if id(here) in seen or isinstance(here, _CODE):
            continue
        seen.add(id(here))
        waiting.extend(gc.get_referents(here))
        address, size = id(here), sys.getsizeof(here)
        if isinstance(here, torch.Tensor):  # several tensors and arrays may be views of the same numbers
            address, size = here.untyped_storage().data_ptr(), here.untyped_storage().nbytes()
        elif isinstance(here, np.ndarray):
            if here.base is not None:
                waiting.append(here.base)
                continue
            address, size = here.ctypes.data, here.nbytes
        if address == id(here) or address not in seen:
            total += size
        seen.add(address)
    return total


def resident() -> float:
    """MB of memory that this process holds, as Linux counts it; 0 where that number does not exist."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6


# ---------------------------------------------------------------------------------------------------- heaviest entries


def largest_table() -> Table:
    """The heaviest table of one megabyte: single digits in as many columns as are accepted."""
    header = ",".join(f"f{column}" for column in range(MAX_FEATURES)) + ",label\n"
    row = "1," * MAX_FEATURES
    rows = (MAX_BYTES - len(header)) // (len(row) + 3)
    return load_table((header + "".join(f"{row}{i % MAX_CLASSES}\n" for i in range(rows))).encode())


def begun(job: Any) -> Any:
    """A background job after its first part."""
    job.advance()
    return job


def finished(job: Any) -> Any:
    """A background job at its end."""
    while not job.done:
        job.advance()
    return job


def training_rows(table: Table) -> list[Row]:
    """The runs of the Training page, with fewer steps than there, since the number of steps changes no size."""
    sizes: dict[str, Any] = {"n_train": 1_000, "batch_size": 128, "steps": 100, "recordings": 100}
    configs = [
        TrainingConfig("csv", table=table, hidden=(256, 256), members=16, **sizes),
        TrainingConfig("mnist", hidden=(256, 256), members=MOST_LARGE, **sizes),
        TrainingConfig("mnist", hidden=(64, 64, 64), members=16, **sizes),
    ]
    pool, done = training_runs(), []
    for config in configs:
        watched = finished(TrainingJob(config))
        watched.series(watched.history)  # what is computed for those who watch
        assert watched.ending
        done.append(weigh(watched))
    working = max(weigh(begun(TrainingJob(config))) for config in configs)
    return [
        Row("training_runs", "finished runs, with the data they learned", pool.keep, max(done)),
        Row("training_runs", "a run under way", 1, working, kept=False),
    ]


def today_rows() -> list[Row]:
    """The runs of the Today page: the heaviest of its four kinds."""
    digits = TrainingConfig(
        "digits", n_train=1_000, hidden=(256, 256), members=3, batch_size=64, steps=60, recordings=60
    )
    makers: list[Callable[[], Stepwise]] = [
        partial(ScheduledTrainer, ScheduleConfig(digits)),
        partial(RegularisersTrainer, RegularisersConfig(digits)),
        partial(RegularisersTrainer, RegularisersConfig(TrainingConfig(n_train=1_000, steps=100))),
        partial(DigitsRun, DigitsTrial(9, 1_000, 0.2, (0.5,), 0)),
        partial(Trial, trial_config(SIZES[-1], 0.3, steps=4)),
    ]
    pool, shared = today_runs(), [load_story()]
    done = max(weigh(finished(StepwiseJob(make)), shared) for make in makers)
    working = max(weigh(begun(StepwiseJob(make)), shared) for make in makers)
    return [
        Row("today_runs", "finished runs", pool.keep, done),
        Row("today_runs", "a run under way", 1, working, kept=False),
    ]


def two_dice_rows() -> list[Row]:
    """Pairs of models, tables, and measured cells of the Two dice page."""
    models = {p: load_model("en", p) for p in TABLE_RATES}
    shared = [load_story(), *models.values(), load_model("en", 0.3, "large")]
    # As many records as on the page, but not as many steps between them.
    without, with_dropout = (replace(each, steps=60, record_every=2) for each in pair_config(0.3, MOST, 0))
    pair, pairs = (without, with_dropout), training_pairs()
    whole = ExperimentConfig(TABLE_RATES, KS, n=100)
    forgotten = [replace(whole, rates=(p,), grammar=False, dropout_on=True) for p in TABLE_RATES]
    known: dict[Cell, CellResult] = {}
    table = finished(MeasuringJob((whole, replace(forgotten[0], dropout_on=False), forgotten[-1]), None, known))
    for each in forgotten:
        finished(MeasuringJob((each,), None, known))
    widest = ExperimentConfig((0.3,), (None,), n=MOST, corpus="large", grammar=False)
    measuring = MeasuringJob((widest,), None, {})
    while measuring.step < 0.9 * MOST:
        measuring.advance()
    tables, learned = measuring_runs(), _learned(load_story(), MOST, 0)
    trained, learning = finished(TrainingPairJob(pair)), begun(begun(TrainingPairJob(pair)))
    return [
        Row("training_pairs", "pairs of trained models", pairs.keep, weigh(trained, shared)),
        Row("training_pairs", "a pair under way", 1, weigh(learning, shared), kept=False),
        Row("_learned", "training sentences, to know the copied ones", LEARNED, weigh(learned, shared)),
        Row("measuring_runs", "measured tables", tables.keep, weigh(table, shared)),
        Row("measuring_runs", "tables under way", 1, weigh(measuring, [*shared, learned]), kept=False),
        Row("cell_store", f"sets of up to {len(known)} measured cells", cell_store().most, weigh(known, shared)),
    ]


def your_text_rows() -> list[Row]:
    """Models that learn a text of 200 kB: with as many different words as are told apart, or in characters."""
    words = cut_text(" ".join(f"word{i % (MOST_DIFFERENT + 500)}" for i in range(22_000))[:MOST_BYTES], "words")
    letters = cut_text("abcdefghi " * (MOST_BYTES // 10), "characters")
    trained = PairJob(words, 0.3, 0)
    for model in trained.models:  # what they learn weighs nothing
        model.forget_text()
    learning = max(weigh(begun(PairJob(text, 0.3, 0))) for text in (words, letters))
    return [
        Row("text_runs", "pairs of models that learned a text", text_runs().keep, weigh(trained)),
        Row("text_runs", "a pair under way", 1, learning, kept=False),
        Row("story_text", "sentences of the storybooks, as tokens", 8, weigh(story_text("zh-Hant"))),
    ]


def results_rows() -> list[Row]:
    """Small results and figures that are computed once for everybody who asks for the same."""
    rng, passes = np.random.default_rng(0), 1_000
    one, mean, error, geometric = rng.random((4, passes))
    labels = AverageLabels(*["word " * 5] * 7)
    figure = running_average_figure(one, mean, error, geometric, 0.5, labels)  # the longest lines of all figures
    drawn_from = pickle.dumps((one, mean, error, geometric, labels))
    digits = pictured_data("digits")
    x, y = torch.from_numpy(digits.val_x), torch.from_numpy(digits.val_y)
    monte_carlo = monte_carlo_error(load_pictured_network("digits", 0.5), x, y, (0.0, 0.5, 0.5), seed=0)
    recording = recorded("digits", 0.5, 0, PassSettings(rates=(0.2, 0.5, 0.5), passes=1_000))
    assert recording.standard_error is not None  # also computes what is derived from the passes
    assert recording.running_geometric_mean is not None
    stories = top_k_report._continuations("en", 0.3, (), 0, SamplingSettings(temperature=3.0))
    learned = top_k_report._training_sentences("en", 0.0)
    asked = load_model("en", 0.3), ("the", "old")
    follows = what_follows(*asked)
    tried = [bench._tried(asked[0], Decoder(SamplingSettings(2.0))), Decoder(SamplingSettings(2.0))]
    continuations = tree._tree(asked[0], (), SamplingSettings(temperature=0.7))
    words = ("the", "old", "king", "gave", "the", "big", "dog")
    block_passes = today_places._block_passes("en", words, 0.5, PLACES, True, 100, 0, 0)
    digit = training_report._picture_of(rng.integers(0, 256, 28 * 28, dtype=np.uint8).tobytes())
    grown = LiveTree(SamplingSettings(), ends=())
    grown.grow(lambda said: np.zeros(600))
    result = questions_report.result_of("smaller_network", 0)  # the one with most rows
    for noise in np.linspace(0, 0.5, 11):
        bayes_floor("moons", float(noise), 0.1)
    return [
        Row("drawn_once", "figures", figures.MOST, weigh([figure, drawn_from])),
        Row("recorded", "passes of an example", 8, weigh(recording, [digits, load_pictured_network("digits", 0.5)])),
        Row("_packed", "the same as the browser gets them", 8, weigh(packed(recording))),
        Row("_monte_carlo", "errors of averaged passes", dropout_report.MOST_ERRORS, weigh(monte_carlo)),
        Row(
            "_continuations",
            f"{top_k_report.STORIES} stories each",
            top_k_report.MOST_STORIES,
            weigh(pickle.dumps(stories)),
        ),
        Row("what_follows", "scores and truth after a prompt", MOST_PROMPTS, weigh(follows)),
        Row("_errors", "mistakes of every k", top_k_report.MOST_ERRORS, weigh(top_k_report._errors(*asked, 1.0))),
        Row("_tried", "mistakes of a decoder after six beginnings", bench.MOST_TRIED, weigh(tried)),
        Row("_tree", "trees of continuations", tree.MOST_TREES, weigh(continuations)),
        Row("LiveTree", "trees of a live model", live_tree.MOST_LIVE_TREES, weigh(grown)),
        Row("memorised_bits", "bits of 400 sentences", 16, weigh(memorised_bits(asked[0]))),
        Row("_training_sentences", "the sentences of a model, to look up", 2, weigh(learned, [load_story()])),
        Row("_block_passes", "passes of a transformer's block", today_places.MOST_RECORDED, weigh(block_passes)),
        Row("_picture_of", "pictures of digits", training_report.MOST_DIGITS, weigh([digit, b" " * 64])),
        Row("_computed", "results of a question's experiment", questions_report.MOST_RESULTS, weigh(result)),
        Row("bayes_floor", "a loss and an accuracy", 256, weigh(bayes_floor("moons", 0.25, 0.1))),
    ]


def rooms_rows() -> list[Row]:
    """Rooms: each full, with everything that its phones may write."""
    store = RoomsInProcess()
    rooms = Rooms(store)
    teacher = rooms.open()
    guests = [rooms.enter(teacher.code) for _ in range(MOST_SEATS)]
    questions = (MOST_FIELDS - 1) // MOST_SEATS - 3  # beside the seats, what is benched and what is drawn
    for guest in guests:
        rooms.bench(guest, "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 " + f"2.{guest.number % 16 + 1}")
        rooms.draw(guest, "0123456789ab", " ".join(str(guest.number + i) for i in range(MOST_DRAWS)))
        for question in range(questions):
            rooms.vote(guest, str(question), "memorise")
    return [Row("RoomsInProcess", "rooms, each full of phones", MOST_ROOMS, weigh(store._rooms))]


def files_rows() -> list[Row]:
    """What is read from files once. There are no more entries than files, so these need no bound."""
    stories = [load_story(each) for each in story_languages()]
    for story in stories:
        prompts(story)
        assert story.entropy_per_word > 0  # visits every place of the storybook, so that it grows no more
    models = [load_model(*each) for each in CHECKPOINTS]
    pages = [path.stem for path in (ROOT / "content" / "en").glob("*.md")]
    words = [language._catalogue(each) for each in LANGUAGES]
    prose = [language._sections(each, page) for each in LANGUAGES for page in pages]
    networks = [load_pictured_network(data, p) for data in PICTURED_DATA for p in TRAINED_RATES]
    examples = [load_examples(data) for data in PICTURED_DATA]
    shipped = [*map(today_data._summary, ("val_loss", "best_val_loss", "train_loss")), load_points(), load_values()]
    small = [
        load_digits(),
        load_mnist_small(),
        paper_mnist.measured(),
        load_facts(),
        shipped,
        networks,
        examples,
        [validation_part(data) for data in PICTURED_DATA],
        life_strip._recording(),
    ]
    lessons = [steps_of(page, each) for each in LANGUAGES for page in pages]
    largest = Vocabulary.of([b"8 bytes."] * 262_144)  # tokens, as many as a large model knows
    texts = [words, prose, lessons, [questions(each) for each in LANGUAGES]]
    return [
        Row("load_story", "the storybooks, all their places", len(stories), weigh(stories) / len(stories)),
        Row("load_model", "the shipped models", len(models), weigh(models, stories) / len(models)),
        Row("_catalogue, _sections", "words, prose, lessons and quiz of all languages", 1, weigh(texts)),
        Row("load_digits, ...", "digits, MNIST, facts, values, small networks", 1, weigh(small)),
        Row("load_recorded_llm", "a real language model's recorded answers", 1, weigh(load_recorded_llm())),
        Row("LiveLlm", "answers of a live model, and its vocabulary", 1, MOST_KEPT / 1e6 + weigh(largest)),
        Row("archive", "the source as a zip, once somebody has asked for it", 1, len(source.archive()) / 1e6),
    ]


# ----------------------------------------------------------------------------------------------------------- the table


def main() -> None:
    """Print the table."""
    logging.disable(logging.WARNING)  # Streamlit's, that no page is open
    torch.set_num_threads(1)
    t_quantile(1)  # SciPy is part of the program, though it is imported late
    base = resident()
    table = largest_table()
    rows = [
        *training_rows(table),
        *today_rows(),
        *two_dice_rows(),
        *your_text_rows(),
        *results_rows(),
        *rooms_rows(),
        *files_rows(),
    ]
    print("| cache | holds | bound | MB each | worst case, MB |")
    print("|---|---|---:|---:|---:|")
    for kept in (True, False):
        for row in (each for each in rows if each.kept == kept):
            print(f"| {row.cache} | {row.holds} | {row.bound} | {row.each:.3g} | {row.bound * row.each:.1f} |")
        weights = sorted((row.bound * row.each for row in rows if row.kept == kept), reverse=True)
        total = sum(weights) if kept else MOST_BEGUN * weights[0]
        print(f"| **{'kept' if kept else 'under way'}** | | | | **{total:.0f}** |")
    print(f"\nA visitor's own table: {weigh(table):.1f} MB, and the file itself, {MAX_BYTES / 1e6:.1f} MB.")
    print(f"This process before it made anything: {base:.0f} MB.")


if __name__ == "__main__":
    main()
