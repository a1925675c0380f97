"""Measure what the questions page cannot compute while somebody waits: data/smaller_network.csv.

    python -m scripts.measure_questions

Thirty runs, one or two minutes on an idle core.
"""

from lib.questions.smaller_network import LARGE, PATH, SEEDS, SMALL, P, run, save_runs


def main() -> None:
    """Do all runs and write the file."""
    runs = []
    for seed in SEEDS:
        for units, p in (*((units, 0.0) for units in SMALL), (LARGE, 0.0), (LARGE, P)):
            runs.append(run(units, p, seed))
            print(runs[-1], flush=True)
    save_runs(runs)
    print(f"{PATH.name} is complete")


if __name__ == "__main__":
    main()
