"""Measure how confident small GPTs are when they are wrong, after training on few sentences: data/overconfidence.csv.

    python -m scripts.measure_overconfidence

Twelve runs, about ten seconds each on an idle core.
"""

from dataclasses import replace

from lib.language_model import train_language_model, validation_sentences
from lib.studies.data_size_trial import trial_config
from lib.studies.overconfidence import PATH, RATES, SEEDS, SENTENCES, Confidence, confidence, save_confidences


def measure(p: float, seed: int) -> Confidence:
    """Train as in the data-size experiment, and evaluate on the same validation sentences."""
    config = trial_config(SENTENCES, p, seed)
    *_, last = train_language_model(replace(config, record_every=config.steps))
    assert last.model is not None
    return Confidence(p, seed, *confidence(last.model, validation_sentences(config, last.model.story)))


def main() -> None:
    """Do all runs and write the file."""
    runs = []
    for seed in SEEDS:
        for p in RATES:
            runs.append(measure(p, seed))
            print(runs[-1], flush=True)
    save_confidences(runs)
    print(f"{PATH.name} is complete")


if __name__ == "__main__":
    main()
