"""The live model of the Top-k page: how long it takes to load and to answer, and whose memory it takes.

The folder of ``python -m scripts.fetch_llm`` is loaded as the page does it, in a process of its own. Then the same
questions go to it and to the same model in this process, in turn: the difference is what asking another process costs.
What this process grows by, before it loads a model itself, is what a server would grow by.

    python -m benchmarks live_llm [--json]
"""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.timing import Table, Target, interleave, ratio, report, wants_json
from lib.live_llm.client import LiveLlm, Question
from lib.live_llm.offered import FETCHED, Model

TEXTS = {
    "12 tokens": "When I grow up, I want to be a doctor and help",
    "60 tokens": "one two three four five six " * 10,
}
MOST_GROWTH = 8.0  # MB, of the server: the vocabulary and the answers that are kept
CLASS, ROUNDS = 40, 9


def megabytes(pid: int | str = "self") -> float:
    """The memory of a process that is its own, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return sum(int(size) for size in re.findall(r"Rss(?:Anon|Shmem):\s+(\d+) kB", status)) / 1000


def main(arguments: list[str]) -> int:
    """Print the tables, and whether the targets were met."""
    if not FETCHED.is_dir():
        raise SystemExit("The model is not there. Fetch it: python -m scripts.fetch_llm")
    as_json, live, model, before = wants_json(arguments, "live_llm"), LiveLlm(), Model(str(FETCHED)), megabytes()
    began = time.perf_counter()
    _ask(live, Question(model, "A"))
    loaded, pid, about = time.perf_counter() - began, live.pid, live.about(model)
    assert pid is not None
    assert about is not None
    began = time.perf_counter()
    with ThreadPoolExecutor(CLASS) as students:
        list(students.map(lambda number: _ask(live, Question(model, TEXTS["12 tokens"], (number,))), range(CLASS)))
    all_answered = time.perf_counter() - began
    growth, worker = megabytes() - before, megabytes(pid)

    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    kinds: Any = AutoModelForCausalLM
    own: Any = kinds.from_pretrained(FETCHED, dtype=getattr(torch, about.precision))
    tokenizer: Any = AutoTokenizer.from_pretrained(FETCHED)
    rows: list[tuple[str | float, ...]] = []
    ratios: list[float] = []
    asked = iter(range(10**6))
    for name, text in TEXTS.items():

        def here(text: str = text) -> None:
            with torch.inference_mode():
                own(torch.tensor([[*tokenizer(text).input_ids, next(asked) % 1000]]), use_cache=False)

        def there(text: str = text) -> None:
            _ask(live, Question(model, text, (next(asked) % 1000,)))

        seconds = interleave({"here": here, "there": there}, rounds=ROUNDS)
        ratios.append(ratio(seconds["there"], seconds["here"]))
        rows.append((name, *(round(1000 * median(each)) for each in seconds.values()), ratios[-1]))
    live.close()
    return report(
        "live_llm",
        [
            Table(
                f"{FETCHED.name}, {about.precision}",
                ("", "value"),
                (
                    ("seconds to load", round(loaded, 1)),
                    (f"seconds until all of {CLASS} who ask at once have an answer", round(all_answered, 1)),
                    ("MB of its process", round(worker)),
                    ("MB by which the server grows", round(growth, 1)),
                ),
            ),
            Table("milliseconds an answer", ("text", "in this process", "in its own", "times"), tuple(rows)),
        ],
        [
            Target("MB by which the server grows", growth, MOST_GROWTH, at_most=True),
            Target("times as long as in this process", max(ratios), 1.5, at_most=True),
        ],
        as_json=as_json,
    )


def _ask(live: LiveLlm, question: Question) -> None:
    while live.ask(question, 1.0) is None:
        pass
