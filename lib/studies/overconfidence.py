"""Why a little dropout hurts where there is very little data: how confident a memorising model is when it is wrong.

With 250 sentences the small GPT memorises its training set, even with dropout p = 0.1 or 0.3. What differs is how
confident the models are on new sentences. Cross-entropy punishes a wrong answer more, the more confident it is (Guo,
Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks", ICML, arXiv 1706.04599, section 3), so the
loss can rise although the share of right answers rises too. `scripts/measure_overconfidence.py` makes
data/overconfidence.csv.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the page reads the file without PyTorch
    from lib.language_model import LanguageModel

PATH = Path(__file__).resolve().parents[2] / "data" / "overconfidence.csv"
SENTENCES: Final = 250
RATES: Final = (0.0, 0.1, 0.3, 0.5)
SEEDS: Final = (0, 1, 2)


@dataclass(frozen=True)
class Confidence:
    """One run on new sentences: how often its likeliest word is right, and how probable that word is, on average, where
    it is wrong."""

    p: float
    seed: int
    accuracy: float
    confidence_when_wrong: float


def confidence(model: "LanguageModel", sentences: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Accuracy of the likeliest next word, and its mean probability where it is wrong, over all words of the sentences.

    EOS counts as a word. Dropout is off.

    >>> from lib.language_model import load_model
    >>> model = load_model(p=0.0)
    >>> accuracy, when_wrong = confidence(model, model.training_sentences[:50])
    >>> accuracy > 0.5
    True
    """
    import torch

    from lib.language_model import Corpus
    from lib.threads import one_fast_thread
    from lib.transformer import forward, unflatten

    story, network = model.story, model.config.network(len(model.vocabulary))
    corpus = Corpus.of(sentences, story.word_id, story.eos_id, model.config.context)
    inputs, targets, counts = corpus.batch(torch.arange(len(sentences)))  # (B, T) each
    with torch.no_grad(), one_fast_thread():
        weights = unflatten(model.parameters, network)
        states, _ = forward(weights, network, inputs)  # (B, T, C)
        probabilities = (states[counts] @ weights["word"].T).softmax(-1)  # (words that count, V)
    highest, likeliest = probabilities.max(-1)
    wrong = likeliest != targets[counts]
    return 1 - float(wrong.float().mean()), float(highest[wrong].mean())


def load_confidences(path: Path = PATH) -> list[Confidence]:
    """Read the shipped runs.

    >>> {each.p for each in load_confidences()} == set(RATES)
    True
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [
            Confidence(**{field.name: field.type(row[field.name]) for field in fields(Confidence)})  # type: ignore[operator]
            for row in rows
        ]


def save_confidences(runs: Sequence[Confidence], path: Path = PATH) -> None:
    """Write the runs, each number with four decimals."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.DictWriter(file, [field.name for field in fields(Confidence)], lineterminator="\n")
        lines.writeheader()
        lines.writerows({name: round(value, 4) for name, value in asdict(run).items()} for run in runs)


def mean_of(runs: Sequence[Confidence], p: float) -> Confidence:
    """The mean over the seeds; its seed is -1.

    >>> mean_of([Confidence(0.1, 0, 0.4, 0.5), Confidence(0.1, 1, 0.6, 0.7)], 0.1)
    Confidence(p=0.1, seed=-1, accuracy=0.5, confidence_when_wrong=0.6)
    """
    chosen = [run for run in runs if run.p == p]
    n = len(chosen)
    return Confidence(
        p, -1, sum(run.accuracy for run in chosen) / n, sum(run.confidence_when_wrong for run in chosen) / n
    )
