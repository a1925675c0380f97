"""Top-k is already random: why do we need dropout?

Because the two dice do different things. The cut decides which of the learned words are said; it cannot undo that a
model has learned its training sentences by heart. The Two dice page measures more of it.
"""

from lib.experiment import Cell, ExperimentConfig, run_experiment
from lib.questions.result import Result, difference

P, K, N = 0.3, 50, 200


def experiment(seed: int) -> Result:
    """The share of generated sentences that are copied from the training set, word for word.

    >>> experiment(0).verdict
    'yes'
    """
    table = run_experiment(ExperimentConfig((0.0, P), (None, K), n=N, seed=seed, grammar=False))
    cells = {"neither": (0.0, None), "top_k": (0.0, K), "dropout": (P, None), "both": (P, K)}
    rows = {name: table[Cell(p, k)].copied for name, (p, k) in cells.items()}
    return Result(rows, difference(rows["top_k"], rows["dropout"]), setup={"p": P, "k": K, "n": N})
