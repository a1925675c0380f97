"""Measure validation loss against the number of training sentences and p: data/data_size.csv.

    python -m scripts.measure_data_size             what is missing from the file
    python -m scripts.measure_data_size --seeds 0   only these seeds

84 runs, about 15 seconds each on one core. Every finished run is appended at once, so the script can be stopped at any
time and continues where it stopped.
"""

import argparse
import time

from lib.studies.data_size import PATH, SEEDS, SIZES, STUDIED_RATES, append_point, load_points
from lib.studies.data_size_trial import Trial, trial_config


def main() -> None:
    """Read the command line and run what is missing."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measure_data_size", description="Measure the data size.")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    arguments = parser.parse_args()
    wanted = [(size, p, seed) for seed in arguments.seeds for size in SIZES for p in STUDIED_RATES]
    known = {(point.sentences, point.p, point.seed) for point in load_points()}
    for size, p, seed in wanted:
        if (size, p, seed) in known:
            continue
        started = time.perf_counter()
        trial = Trial(trial_config(size, p, seed))
        trial.advance(trial.steps)
        append_point(trial.point)
        print(f"{trial.point} in {time.perf_counter() - started:.0f} s", flush=True)
    print(f"{PATH.name} is complete")


if __name__ == "__main__":
    main()
