"""Train the storybook's checkpoints, data/storybook_<language>_<corpus>_p<percent>.npz.

    python -m scripts.train_storybook                     those that are missing or were trained on another grammar
    python -m scripts.train_storybook --all               all
    python -m scripts.train_storybook en_small_p30 ...    only these
    python -m scripts.train_storybook --table             train nothing, only print the table

It takes about 40 seconds each on one core, and then prints the table of results that is in data/README.md. All
randomness comes from the seed in the config. Another machine may sum in a different order and end at slightly different
losses; a test measures the ones stored with each checkpoint.
"""

import argparse
import time

import torch

from lib.language_model import (
    CHECKPOINTS,
    CheckpointError,
    LanguageModel,
    checkpoint_config,
    checkpoint_path,
    train_language_model,
)
from lib.story import load_story


def is_fresh(key: tuple[str, float, str]) -> bool:
    """Whether there is a checkpoint for the present grammar and the present config."""
    try:
        return LanguageModel.load(checkpoint_path(*key), load_story(key[0])).config == checkpoint_config(*key)
    except CheckpointError:
        return False


def train(key: tuple[str, float, str]) -> None:
    """Train one checkpoint and write it."""
    started = time.perf_counter()
    for progress in train_language_model(checkpoint_config(*key)):
        if progress.model is not None:
            progress.model.save(checkpoint_path(*key))
    print(f"{checkpoint_path(*key).name}: {time.perf_counter() - started:.0f} s", flush=True)


def table() -> str:
    """What is stored with the checkpoints, as a Markdown table."""
    lines = [
        "| file | p | sentences | steps | training loss | validation loss | floor |",
        "|---|---|---|---|---|---|---|",
    ]
    for key in CHECKPOINTS:
        model = LanguageModel.load(checkpoint_path(*key), load_story(key[0]))
        config, history = model.config, model.history
        losses = f"{history.train_loss[-1]:.3f} | {history.val_loss[-1]:.3f} | {model.story.entropy_per_word:.3f}"
        name = checkpoint_path(*key).name
        lines.append(f"| `{name}` | {config.p:g} | {config.n_sentences:,} | {config.steps:,} | {losses} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, train, and print the table."""
    names = {checkpoint_path(*key).stem.removeprefix("storybook_"): key for key in CHECKPOINTS}
    parser = argparse.ArgumentParser(prog="python -m scripts.train_storybook", description="Train the checkpoints.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--all", action="store_true", help="train all of them, fresh or not")
    parser.add_argument("--table", action="store_true", help="train nothing, only print the table")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names):
        parser.error(f"no checkpoint is called {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    torch.set_num_threads(1)
    wanted = [names[name] for name in arguments.names] or list(names.values())
    if not arguments.table:
        for key in wanted:
            if arguments.names or arguments.all or not is_fresh(key):
                train(key)
    print(table())


if __name__ == "__main__":
    main()
