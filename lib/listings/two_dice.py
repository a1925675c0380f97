"""The program that measures the 2 x 2 of the Two dice page, with the settings on screen. It runs as it stands."""

from collections.abc import Sequence


def two_dice_listing(
    rates: Sequence[float],
    ks: Sequence[int | None],
    *,
    n: int,
    seed: int,
    language: str = "en",
    corpus: str = "small",
    train: tuple[int, int, int] | None = None,
) -> str:
    """Return a program that lets every model tell n sentences for every k and counts; it runs in the project's folder.

    The models are the checkpoints that ``language`` and ``corpus`` name, or, with ``train`` = (sentences, steps, seed),
    models that the program trains first.

    >>> program = two_dice_listing((0.0, 0.3), (None, 10), n=1000, seed=0)
    >>> print(program.splitlines()[7])
    models = {p: load_model('en', p=p, corpus='small') for p in (0.0, 0.3)}
    """
    rates, ks = tuple(rates), tuple(ks)
    if train is None:
        names, models = (
            "load_model",
            f"models = {{p: load_model({language!r}, p=p, corpus={corpus!r}) for p in {rates}}}\n",
        )
    else:
        names = "LanguageModelConfig, train_language_model"
        sentences, steps, train_seed = train
        models = f"""\
models = {{}}
for p in {rates}:  # the same sentences and the same first weights; dropout is the one difference
    config = LanguageModelConfig({language!r}, p=p, n_sentences={sentences}, steps={steps}, seed={train_seed})
    *_, last = train_language_model(config)
    models[p] = last.model
"""
    return f"""import numpy as np
import torch

from lib.language_model import {names}  # run this in the project's folder

torch.set_num_threads(1)
# The first die was rolled here, while learning: p is the chance to drop.
{models}
for p, model in models.items():
    training_set = {{tuple(sentence) for sentence in model.training_sentences}}
    for k in {ks}:  # the second die is rolled here, at every word; None is no cut
        # training=True would be the forgotten model.eval(): dropout left on while speaking
        told = model.generate({n}, np.random.default_rng({seed}), top_k=k, training=False)
        possible = [sentence for sentence in told if model.story.accepts(sentence)]
        copied = sum(tuple(sentence) in training_set for sentence in told) / len(told)
        different = len(set(map(tuple, told))) / len(told)
        words = sum(len(sentence) + 1 for sentence in possible)  # the end mark is a word
        log_p = sum(model.story.log_probability(sentence) for sentence in possible) / max(words, 1)
        print(f"p = {{p}}, k = {{k}}: {{copied:.1%}} copied, {{len(possible) / len(told):.1%}} possible, "
              f"{{different:.1%}} different, {{log_p:.2f}} nats a word")
"""
