"""Fine-tune a real language model without dropout and with it: data/fine_tuning.csv and data/fine_tuning_copying.csv.

    pip install -r requirements-llm.txt
    python -m scripts.fetch_llm
    python -m scripts.measure_fine_tuning             what is missing from the files
    python -m scripts.measure_fine_tuning --seeds 3   one seed more

A run fine-tunes SmolLM2-135M-Instruct on 200 sentences with LoRA, records training and validation loss after each
epoch, and then lets the model go on with the beginnings of its training sentences and of as many fresh ones, with
k = all and k = 50. It takes some two minutes on one core that computes in bfloat16 (AVX-512), and longer on another. A
finished run is appended at once, so the script can be stopped at any time and continues where it stopped.

**Why LoRA**: it is how most people fine-tune today, its dropout is what their scripts set (data/facts.toml, "dropout
while fine-tuning"), and a step costs less than one of the whole model. Dropout on the residual stream and the attention
weights, as the models of 2019 had it, is measured beside it.

**Why sentences of the storybook**: the model cannot have read them, since they are drawn from a grammar written for
this project; there are as many fresh ones as one likes; and their exact probability is known. So a training loss below
the entropy of the grammar proves memorising, and a copied sentence can be told from a lucky one.

The weights stay in bfloat16, in which `scripts.fetch_llm` saves them; the small matrices and the logits are in single
precision.
"""

import argparse
import os
from typing import Any

from lib.story import load_story
from lib.studies.fine_tuning import (
    ARMS,
    COPYING,
    GRAMMAR,
    LOSSES,
    MODEL,
    SEEDS,
    FineTuningConfig,
    append,
    load_copying,
)
from lib.studies.fine_tuning_trial import Llm, Trial, grammar_speaks
from scripts.fetch_llm import FOLDER, NAME, is_whole

END = "<|endoftext|>"  # what stands between two texts of the model's pre-training


def load_llm() -> Llm:
    """The model as it was fetched."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    assert NAME == MODEL
    if not is_whole(FOLDER):
        raise SystemExit("The model is not there, or not whole. Fetch it: python -m scripts.fetch_llm")
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    disable_progress_bar()  # type: ignore[no-untyped-call]
    model = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.bfloat16)
    end: Any = tokenizer.convert_tokens_to_ids(END)
    return Llm(model, tokenizer, end)


def measure(config: FineTuningConfig) -> None:
    """Make one run, and append what it found."""
    trial = Trial(load_llm(), load_story("en"), config)
    while True:
        train, val = trial.losses[-2:]
        print(f"{config.place} {config.p}, seed {config.seed}, epoch {trial.epoch}: ", end="")
        print(f"training loss {train.value:.3f}, validation loss {val.value:.3f}, {val.seconds:.0f} s", flush=True)
        if trial.epoch == config.epochs:
            break
        trial.advance()
    told = trial.speak()
    for each in told:
        print(each, flush=True)
    append(trial.losses, LOSSES)
    append(told, COPYING)


def main() -> None:
    """Read the command line and run what is missing."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measure_fine_tuning", description="Fine-tune an LLM.")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    for seed in parser.parse_args().seeds:
        for place, p in (*ARMS, GRAMMAR):
            if any((each.place, each.p, each.seed) == (place, p, seed) for each in load_copying()):
                continue
            config = FineTuningConfig(place, p, seed)
            if (place, p) == GRAMMAR:
                append(grammar_speaks(config, load_story("en")), COPYING)
            else:
                measure(config)
    print(f"{LOSSES.name} and {COPYING.name} are complete")


if __name__ == "__main__":
    main()
