"""Measure the whole table of the two dice with the shipped models and print it, as the README shows it.

    python -m scripts.measure_two_dice                      1,000 sentences in each of 30 cells: half a minute
    python -m scripts.measure_two_dice --sentences 20000    more sentences, narrower intervals
    python -m scripts.measure_two_dice --csv two_dice.csv   also write every number and its interval to a file

It needs nothing but a checkout and the requirements. The seed decides all sentences. Another machine may round
differently and draw another word here and there; the intervals allow for that.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from lib.experiment import (
    FEWEST,
    KS,
    MEASURES,
    MOST,
    TABLE_RATES,
    Cell,
    CellResult,
    ExperimentConfig,
    decompose,
    run_experiment,
    to_csv,
)
from lib.language_model import load_model
from lib.story import load_story

TITLES = {
    "copied": "copied word for word from the training set",
    "accepted": "possible: the grammar accepts it",
    "different": "different sentences",
    "log_probability": "true log-probability per word of the possible sentences, nats",
}
LARGE = (0.0, 0.3)


def text(measure: str, result: CellResult) -> str:
    """One measure of one cell with its interval."""
    estimate = result.measure(measure)
    if measure == "log_probability":
        return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"
    return f"{estimate.value:.1%} ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


def table(config: ExperimentConfig, results: Mapping[Cell, CellResult]) -> str:
    """All measures as Markdown tables, and a table of what changes them."""
    floor = load_story(config.language).entropy_per_word
    columns = ["no cut" if k is None else f"k = {k}" for k in config.ks]
    lines = [
        f"{config.n:,} sentences in each cell, seed {config.seed}; 95% intervals in brackets.",
        "",
        "| trained with | training loss | validation loss | floor |",
        "|---|---|---|---|",
    ]
    for p in config.rates:
        history = load_model(config.language, p, config.corpus).history
        lines.append(f"| p = {p:g} | {history.train_loss[-1]:.2f} | {history.val_loss[-1]:.2f} | {floor:.2f} |")
    for measure in MEASURES:
        lines += ["", f"| {TITLES[measure]} | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
        speakers: list[float | None] = [*config.rates, None]
        for speaker in speakers:
            name = "the grammar itself" if speaker is None else f"p = {speaker:g}"
            cells = [text(measure, results[Cell(speaker, k)]) for k in config.ks]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "| share of the variation | dropout | top-k | interaction |", "|---|---|---|---|"]
    for measure in MEASURES:
        values = [[results[Cell(p, k)].measure(measure).value for k in config.ks] for p in config.rates]
        shares = " | ".join(f"{share:.1%}" for share in decompose(values).shares)
        lines.append(f"| {TITLES[measure]} | {shares} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measure_two_dice", description="Measure the two dice.")
    parser.add_argument("--sentences", type=int, default=1_000, metavar="N", help=f"in each cell, {FEWEST} to {MOST}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", choices=("small", "large"), default="small", help="which models")
    parser.add_argument("--small-table", action="store_true", help="only p = 0 and 0.3, no cut and k = 10")
    parser.add_argument("--csv", type=Path, metavar="PATH", help="also write all numbers to this file")
    arguments = parser.parse_args()
    rates, ks = (LARGE, (None, 10)) if arguments.small_table else (TABLE_RATES, KS)
    if arguments.corpus == "large":
        rates = LARGE
    try:
        config = ExperimentConfig(rates, ks, arguments.sentences, arguments.seed, corpus=arguments.corpus)
    except ValueError as error:
        parser.error(str(error))
    results = run_experiment(config)
    if arguments.csv:
        arguments.csv.write_text(to_csv(results), encoding="utf-8")
    print(table(config, results))


if __name__ == "__main__":
    main()
