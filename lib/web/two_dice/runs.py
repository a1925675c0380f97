"""The background work of the Two dice page: measuring the table, and training both models live."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from lib.experiment import Cell, CellResult, Experiment, ExperimentConfig
from lib.language_model import (
    LIVE,
    CheckpointError,
    LanguageModel,
    LanguageModelConfig,
    Progress,
    load_model,
    train_language_model,
)
from lib.recorded import recorded_cells
from lib.threads import one_fast_thread
from lib.web.frame.language import current_language
from lib.web.runs.worker_pool import Run, RunStore, session_watcher

_KEEP_TABLES = 30  # sets of cells with one seed and size, of at most 0.5 MB: 15 MB
_MOST_DERIVED = 24  # things worked out from one finished table, of some kilobytes

Tables = tuple[ExperimentConfig, ...]
Pair = tuple[LanguageModelConfig, LanguageModelConfig]
T = TypeVar("T")


class MeasuringJob:
    """Some tables as one background run (`Job` in lib/web/runs/worker_pool.py): measured one after the other."""

    def __init__(
        self,
        configs: Tables,
        models: Mapping[float, LanguageModel] | None,
        known: MutableMapping[Cell, CellResult],
    ) -> None:
        self.experiments = [Experiment(config, models, known) for config in configs]
        self.steps = sum(len(config.cells) * config.n for config in configs)
        self.step = self._sentences()
        self._derived: dict[Hashable, Any] = {}

    @property
    def done(self) -> bool:
        """All tables are measured."""
        return all(experiment.done for experiment in self.experiments)

    def advance(self) -> None:
        """Generate some sentences."""
        next(experiment for experiment in self.experiments if not experiment.done).advance()
        self.step = self._sentences()

    def _sentences(self) -> int:
        """Generated so far, in all tables."""
        return sum(experiment.told for experiment in self.experiments)

    @property
    def results(self) -> dict[Cell, CellResult]:
        """Every cell that has begun."""
        return {cell: result for experiment in self.experiments for cell, result in tuple(experiment.results.items())}

    def derived(self, make: Callable[..., T], *arguments: Hashable) -> T:
        """``make(results, *arguments)``, which nobody may change: once all is measured, it is made once for the class.

        It may depend on the person's language, and on nothing else.
        """
        if not self.done:
            return make(self.results, *arguments)
        key, known = (current_language(), make, arguments), self._derived
        if key not in known:
            if len(known) >= _MOST_DERIVED:
                known = self._derived = {}
            known[key] = make(self.results, *arguments)
        result: T = known[key]
        return result


class TrainingPairJob:
    """Both models as one background run: they learn in turns, so that their curves grow side by side."""

    def __init__(self, configs: Pair) -> None:
        self.configs = configs
        self.steps = sum(config.steps for config in configs)
        self.step = 0
        self.records: tuple[list[Progress], ...] = tuple([] for _ in configs)
        self._runs: tuple[Iterator[Progress], ...] = tuple(train_language_model(config) for config in configs)

    @property
    def done(self) -> bool:
        """Both are trained."""
        return all(records and records[-1].model is not None for records in self.records)

    def advance(self) -> None:
        """Train the one that is behind until its next record."""
        behind = min((0, 1), key=lambda i: (len(self.records[i]), i))
        with one_fast_thread():
            self.records[behind].append(next(self._runs[behind]))
        self.step = sum(records[-1].step for records in self.records if records)
        if self.done:
            self._runs = ()  # with them go sentences, gradients and moments: 8 MB for each model

    @property
    def models(self) -> dict[float, LanguageModel]:
        """The models that are trained by now, by their p."""
        last = [
            (config.p, records[-1].model) for config, records in zip(self.configs, self.records, strict=True) if records
        ]
        return {p: model for p, model in last if model is not None}


@st.cache_resource(show_spinner=False)
def measuring_runs() -> RunStore[MeasuringJob]:
    """All tables that this server is measuring or has measured."""
    return RunStore("measuring", keep=16)  # of at most 0.5 MB; the cell store has what is forgotten


@st.cache_resource(show_spinner=False)
def training_pairs() -> RunStore[TrainingPairJob]:
    """All pairs of models that this server is training or has trained."""
    return RunStore("pair", keep=8)  # of at most 1.2 MB


class CellStore:
    """Measured cells, kept for the class: a table that is widened measures only what is new."""

    def __init__(self, most: int = _KEEP_TABLES) -> None:
        self.most = most
        self._tables: OrderedDict[Hashable, dict[Cell, CellResult]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Hashable, recorded: Callable[[], dict[Cell, CellResult]] = dict) -> dict[Cell, CellResult]:
        """The cells with the same models, seed and number of sentences; at first those that ship with the program."""
        with self._lock:
            if key not in self._tables:
                self._tables[key] = recorded()
            table = self._tables[key]
            self._tables.move_to_end(key)
            while len(self._tables) > self.most:
                self._tables.popitem(last=False)
            return table


@st.cache_resource(show_spinner=False)
def cell_store() -> CellStore:
    """The one store of this server."""
    return CellStore()


def pair_config(p: float, n_sentences: int, seed: int, language: str = "en") -> Pair:
    """Two training runs that differ in dropout and in nothing else.

    >>> without, with_dropout = pair_config(0.3, 500, seed=1)
    >>> without.p, with_dropout.p, without.n_sentences == with_dropout.n_sentences
    (0.0, 0.3, True)
    """
    without = replace(LIVE, language=language, p=0.0, n_sentences=n_sentences, seed=seed)
    return without, replace(without, p=p)


def measured(configs: Tables, pair: Pair | None = None) -> Run[MeasuringJob] | None:
    """The run that measures these tables, with the checkpoints or with a pair of models trained on this page.

    None as long as the pair is not trained. Everybody who asks for the same shares one run.
    """
    store, first = measuring_runs(), configs[0]
    models = None
    if pair is not None:
        trained = training_pairs().watch(pair, session_watcher(), partial(TrainingPairJob, pair))
        if trained.job is None or not trained.done:
            store.leave(session_watcher())
            return None
        models = trained.job.models
    known = _known(first, pair)
    make = partial(MeasuringJob, configs, models, known)
    all_known = all(cell in known for config in configs for cell in config.cells)
    return store.watch((configs, pair), session_watcher(), make, recorded_job=make if all_known else lambda: None)


def is_recorded(configs: Tables, pair: Pair | None) -> bool:
    """Whether these tables ship with the program."""
    recorded = {} if pair else recorded_cells(configs[0])
    return all(cell in recorded for config in configs for cell in config.cells)


def results_so_far(
    config: ExperimentConfig, run: Run[MeasuringJob] | None, pair: Pair | None
) -> dict[Cell, CellResult]:
    """Cells that were measured before, for whatever table, and what the run has added to them."""
    job = run.job if run else None
    return dict(_known(config, pair)) | (job.results if job else {})


def shipped_models(config: ExperimentConfig) -> dict[float, LanguageModel]:
    """The shipped model of each row, but for those whose file cannot be read: that the run fails with, once for all."""
    models = {}
    for p in config.rates:
        with suppress(CheckpointError):
            models[p] = load_model(config.language, p, config.corpus)
    return models


def _known(config: ExperimentConfig, pair: Pair | None) -> dict[Cell, CellResult]:
    key = pair, config.language, config.corpus, config.n, config.seed
    return cell_store().of(key, dict if pair else partial(recorded_cells, config))


def trained_pair(pair: Pair) -> Run[TrainingPairJob]:
    """The run that trains this pair."""
    return training_pairs().watch(pair, session_watcher(), partial(TrainingPairJob, pair))
