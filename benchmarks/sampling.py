"""Top-k on large vocabularies: ours beside Hugging Face's processors, `torch.topk` and `np.argpartition`.

V = 50,257 words (GPT-2) and 151,936 (Qwen), k = 50, one row of logits and 64. In each table all sides compute the same
thing from the same float32 logits, which is checked before anything is timed:

- kept words: the ids of the 50 likeliest words and their renormalised probabilities;
- filtered logits: the logits with -inf for every word that was cut;
- whole distribution: one probability for each of the V words (ours in double precision, with the mask of kept words);
- one draw: one word for each row, end to end.

"read once" is the time to find the largest of all logits: no method can read every logit in less.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from benchmarks.timing import Table, Target, interleave, ratio, report, wants_json
from lib.fast_top_k import filter_logits, kept_words, sample, shape_fast
from lib.sampling import draw
from lib.sampling_settings import SamplingSettings

K = 50
CUT = SamplingSettings(top_k=K)
CASES = ((50_257, 1), (151_936, 1), (50_257, 64), (151_936, 64))  # (V, rows)
CALLS = 40  # wide vector instructions slow the processor for a moment: with many calls, no side pays for another's
OURS = "ours"
Task = Callable[[], Any]


def tasks(V: int, rows: int) -> dict[str, dict[str, Task]]:
    """Return the tasks to time, by table and by name, all on the same random logits (rows, V)."""
    logits = np.random.default_rng(0).normal(0, 3, (rows, V)).astype(np.float32)
    tensor = torch.from_numpy(logits)
    rng = np.random.default_rng(0)
    generator = torch.Generator().manual_seed(0)

    def topk() -> tuple[torch.Tensor, torch.Tensor]:
        values, ids = torch.topk(tensor, K)
        return ids, torch.softmax(values, dim=-1)

    def topk_filtered() -> torch.Tensor:
        values, ids = torch.topk(tensor, K)
        return torch.full_like(tensor, -torch.inf).scatter_(1, ids, values)

    def topk_whole() -> torch.Tensor:
        ids, probabilities = topk()
        return torch.zeros_like(tensor).scatter_(1, ids, probabilities)

    def topk_draw() -> torch.Tensor:
        ids, probabilities = topk()
        return ids.gather(1, torch.multinomial(probabilities, 1, generator=generator))

    def argpartition() -> tuple[np.ndarray, np.ndarray]:
        ids = np.argpartition(logits, V - K, axis=1)[:, V - K :]
        values = np.take_along_axis(logits, ids, axis=1)
        weights = np.exp(values - values.max(axis=1, keepdims=True))
        return ids, weights / weights.sum(axis=1, keepdims=True)

    def argpartition_draw() -> np.ndarray:
        ids, probabilities = argpartition()
        return np.take_along_axis(ids, draw(probabilities, 1, rng), axis=1)

    found: dict[str, dict[str, Task]] = {
        "kept words": {
            OURS: lambda: kept_words(logits, CUT),
            "torch.topk": topk,
            "np.argpartition": argpartition,
        },
        "filtered logits": {OURS: lambda: filter_logits(logits, CUT), "torch.topk": topk_filtered},
        "whole distribution": {OURS: lambda: shape_fast(logits, CUT), "torch.topk": topk_whole},
        "one draw": {
            OURS: lambda: sample(logits, rng, CUT),
            "torch.topk": topk_draw,
            "np.argpartition": argpartition_draw,
        },
    }
    if has_transformers():
        from transformers.generation.logits_process import TopKLogitsWarper

        warper = TopKLogitsWarper(K)
        no_words = torch.zeros((rows, 0), dtype=torch.long)

        def whole() -> torch.Tensor:
            return torch.softmax(warper(no_words, tensor), dim=-1)

        found["filtered logits"]["transformers"] = lambda: warper(no_words, tensor)
        found["whole distribution"]["transformers"] = whole
        found["one draw"]["transformers"] = lambda: torch.multinomial(whole(), 1, generator=generator)
    for by_name in found.values():
        by_name["read once"] = logits.max
    return found


def several(task: Task, calls: int) -> None:
    """Call the task that many times."""
    for _ in range(calls):
        task()


def has_transformers() -> bool:
    """Whether Hugging Face's package is installed; it is a development dependency only."""
    return find_spec("transformers") is not None


def check_same(found: dict[str, dict[str, Task]]) -> None:
    """Raise AssertionError unless all sides of each table compute the same."""
    reference = found["whole distribution"]["torch.topk"]().numpy()
    rows = np.arange(len(reference))[:, None]
    for quantity, by_name in found.items():
        for name, task in by_name.items():
            result = task()
            if name == "read once":
                continue
            if quantity == "filtered logits":
                np.testing.assert_array_equal(np.asarray(result), by_name["torch.topk"]().numpy())
            elif quantity == "one draw":
                drawn = np.asarray(result).reshape(-1, 1)
                assert (reference[rows, drawn] > 0).all(), f"{name} drew a word that was cut"
            elif quantity == "kept words":
                if name == OURS:
                    ids, probabilities = result.ids[result.kept], result.probabilities[result.kept]
                    ids, probabilities = ids.reshape(-1, K), probabilities.reshape(-1, K)
                else:
                    ids, probabilities = map(np.asarray, result)
                assert ids.shape[1] == K
                np.testing.assert_allclose(probabilities, reference[rows, ids], rtol=1e-4)
            else:
                whole = result.probabilities if name == OURS else np.asarray(result)
                np.testing.assert_allclose(whole, reference, rtol=1e-4)


def main(arguments: list[str]) -> int:
    """Print everyone's microseconds by quantity and size, and how many times faster ours is than the best peer."""
    as_json = wants_json(arguments, "sampling")
    torch.set_num_threads(1)
    names = [OURS, "torch.topk", "np.argpartition", "transformers", "read once"]
    rows: dict[str, list[tuple[str | float | None, ...]]] = {}
    targets = []
    for V, R in CASES:
        found = tasks(V, R)
        check_same(found)
        for quantity, by_name in found.items():
            calls = CALLS if R == 1 else 1  # one row takes microseconds: a round is several calls
            rounds = {name: partial(several, task, calls) for name, task in by_name.items()}
            seconds = interleave(rounds, rounds=21 if R == 1 else 7, burn_in=2, clock=time.process_time)
            peers = [name for name in by_name if name not in (OURS, "read once")]
            fastest = min(peers, key=lambda name: sorted(seconds[name])[len(seconds[name]) // 2])
            gain = ratio(seconds[fastest], seconds[OURS])
            size = f"{V:,} words, {R} row{'s' * (R > 1)}"
            times = [float(np.median(seconds[name]) / calls * 1e6) if name in seconds else None for name in names]
            rows.setdefault(quantity, []).append((size, *times, fastest, gain))
            targets.append(Target(f"{quantity}, {size}: times faster than {fastest}", gain, 1.0))
    note = "" if has_transformers() else "; transformers is not installed, so its processors are left out"
    tables = [
        Table(
            f"{quantity}, k = {K}, microseconds (medians of interleaved rounds, one thread{note}; processor time)",
            ("size", *names, "fastest peer", "ours is x times faster"),
            tuple(lines),
        )
        for quantity, lines in rows.items()
    ]
    return report("sampling", tables, targets, as_json=as_json)
