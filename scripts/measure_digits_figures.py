"""Measure Figures 8, 9 and 10 of the dropout paper on the digits: data/digits_figures.csv.

    python -m scripts.measure_digits_figures

54 runs with 4 networks for each rate, a few minutes on one core. Every finished run is appended at once, so the script
can be stopped at any time and continues where it stopped.
"""

import time

from lib.studies.digits_figures import PATH, append_values, load_values
from lib.studies.digits_trial import figure_trials, measured
from lib.training import Trainer


def main() -> None:
    """Run what is missing."""
    known = {(value.figure, value.n, value.label_noise, value.p, value.seed) for value in load_values()}
    for trial in figure_trials():
        if (trial.figure, trial.n, trial.label_noise, trial.rates[0], trial.seed) in known:
            continue
        started = time.perf_counter()
        trainer = Trainer(trial.config())
        trainer.advance(trainer.steps)
        append_values(measured(trial, trainer))
        print(f"{trial} in {time.perf_counter() - started:.0f} s", flush=True)
    print(f"{PATH.name} is complete")


if __name__ == "__main__":
    main()
