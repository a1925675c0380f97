"""Measure Figures 4, 8, 9, 10 and 11 of the dropout paper on MNIST: data/paper_mnist.csv.

    python -m scripts.fetch_mnist
    python -m scripts.measure_paper                what is missing from the file
    python -m scripts.measure_paper --minutes 30   start no new run after half an hour

30 runs on one core, the most important first. Every finished run is appended at once, so the script can be stopped at
any time and continues where it stopped; delete the file to measure everything again. Matrix products are of numbers
in bfloat16 where the processor has such instructions, which halves the time; weights and sums stay in single precision.
Another machine rounds differently and ends at slightly different errors.
"""

import argparse
import time

import torch

from lib.mnist import load_mnist
from lib.studies.paper_mnist import DROPOUT, PATH, STANDARD, TRIALS, append_values, is_finished, load_values
from lib.studies.paper_trial import PaperRun


def main() -> None:
    """Read the command line and run what is missing."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measure_paper", description="Measure the paper's figures.")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no new run after so many minutes")
    minutes = parser.parse_args().minutes
    torch.set_float32_matmul_precision("medium")
    torch.set_num_threads(1)
    started, known, data = time.monotonic(), load_values(), load_mnist()
    for trial in TRIALS:
        if is_finished(trial, known):
            continue
        if time.monotonic() - started > 60 * minutes:
            print("the time is over; run the script again to go on")
            return
        run = PaperRun(trial, data)
        run.train()
        if trial.figure == "4" and len(trial.hidden) == 2:  # the networks of Figures 8 and 11
            for arm in (STANDARD, DROPOUT):
                run.measure_activations(trial.arms.index(arm))
            run.measure_averages(trial.arms.index(DROPOUT))
        append_values(run.values)
        print(f"{trial} after {(time.monotonic() - started) / 60:.1f} minutes", flush=True)
    print(f"{PATH.name} is complete")


if __name__ == "__main__":
    main()
