"""The program that measures the 2 x 2 of the Two dice page, with the settings on screen."""

from collections.abc import Sequence

from lib.listings.parts import SOURCE_FOLDER, comment


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
    """Return a program that generates n sentences with every model for every k, judges each, and counts.

    The models are the checkpoints that ``language`` and ``corpus`` name, or, with ``train`` = (sentences, steps, seed),
    models that the program trains first. Both need the source code, whose folder is the program's first setting.

    >>> program = two_dice_listing((0.0, 0.3), (None, 10), n=1000, seed=0)
    >>> [line for line in program.splitlines() if "load_model(" in line]
    ["models = {p: load_model('en', p=p, corpus='small') for p in (0.0, 0.3)}"]
    """
    rates, ks = tuple(rates), tuple(ks)
    if train is None:
        names, models = (
            "load_model",
            f"models = {{p: load_model({language!r}, p=p, corpus={corpus!r}) for p in {rates}}}\n",
        )
        differs = "The numbers are those on screen: the same models generate the same sentences."
    else:
        names = "LanguageModelConfig, train_language_model"
        sentences, steps, train_seed = train
        models = f"""\
models = {{}}
for p in {rates}:  # the same sentences and the same first weights; dropout is the only difference
    config = LanguageModelConfig({language!r}, p=p, n_sentences={sentences}, steps={steps}, seed={train_seed})
    *_, last = train_language_model(config)
    models[p] = last.model
"""
        differs = (
            "On a machine like the server, the numbers are those on screen. Another machine may round differently in "
            f"training. Then the models generate other sentences, and a share of {n} changes by chance, by up to "
            f"{1.96 * (2 * 0.25 / n) ** 0.5:.1%}."
        )
    return f"""\
{comment(differs)}
{SOURCE_FOLDER}
import numpy as np
import torch

from lib.language_model import {names}

torch.set_num_threads(1)  # the models are too small to share
# The first die was rolled here, while the models learned: p is the probability of dropping.
{models}
for p, model in models.items():
    training_set = set(map(tuple, model.training_sentences))
    for k in {ks}:  # the second die is rolled here, at every word; None is no cut
        rng = np.random.default_rng([{seed}, 2, 1 + round(1_000_000 * p), k or 0, 0])  # every cell's own, as on screen
        sentences = []
        while len(sentences) < {n}:
            # training=True would be a forgotten model.eval(): dropout left on while speaking
            sentences += model.generate(min(250, {n} - len(sentences)), rng, top_k=k, training=False)
        possible = [sentence for sentence in sentences if model.story.accepts(sentence)]
        copied = sum(tuple(sentence) in training_set for sentence in sentences) / len(sentences)
        different = len(set(map(tuple, sentences))) / len(sentences)
        words = sum(len(sentence) + 1 for sentence in possible)  # the full stop is a word
        log_p = sum(model.story.log_probability(sentence) for sentence in possible) / max(words, 1)
        accepted = len(possible) / len(sentences)
        print(f"p = {{p}}, k = {{k}}: {{copied:.1%}} copied, {{accepted:.1%}} possible, "
              f"{{different:.1%}} different, {{log_p:.2f}} nats per word")
"""
