"""The program of the tree: the likeliest continuations, found best first, and memorising in bits."""

import textwrap
from collections.abc import Sequence

from lib.continuations import DEPTH, LEAST, MOST
from lib.listings.parts import SOURCE_FOLDER, comment
from lib.listings.top_k import removal
from lib.memorising import SENTENCES
from lib.sampling_settings import SamplingSettings


def continuations_listing(
    prompt: Sequence[str], settings: SamplingSettings, *, language: str = "en", p: float = 0.0
) -> str:
    """Return a program that prints the likeliest continuations of a prompt, and how much the model has memorised.

    >>> program = continuations_listing(["the", "dog"], SamplingSettings(top_k=5), p=0.3)
    >>> [line for line in program.splitlines() if "load_model(" in line]
    ["model = load_model('en', p=0.3, corpus='small')"]
    """
    cuts = textwrap.indent(removal(settings), "    ")
    return f"""\
{SOURCE_FOLDER}
{comment("The numbers are those on screen: the same model, the same cuts at every word, and the same sentences.")}
import heapq
import math

import numpy as np
import torch

from lib.language_model import load_model, validation_sentences

model = load_model({language!r}, p={p:g}, corpus='small')
beginning = {list(prompt)!r}


def next_words(said):
    scores = torch.from_numpy(model.next_logits(said)) / {settings.temperature:g}  # logits / temperature
{cuts}
    return torch.softmax(scores, dim=-1).tolist()  # renormalised: a word that was removed has probability 0


{comment(_BEST_FIRST)}
found, waiting = [], [(-1.0, beginning)]
while waiting and len(found) <= {MOST}:
    minus, said = heapq.heappop(waiting)
    found.append((-minus, said))
    if said[-1:] != ["."] and len(said) < len(beginning) + {DEPTH}:
        for word, probability in zip(model.vocabulary, next_words(said)):
            if -minus * probability >= {LEAST:g}:  # less would be too thin to draw
                heapq.heappush(waiting, (minus * probability, [*said, word]))
trained = [[*sentence, "."] for sentence in model.training_sentences]
for probability, said in found[1:21]:
    known = any(sentence[: len(said)] == said for sentence in trained)
    print(f"{{probability:.1%}} {{' '.join(said)}}" + " (training set)" * known)

{comment(_TRUTH)}
fresh = [each for each in validation_sentences(model.config, model.story) if each not in model.training_sentences]
for name, sentences in (("training set", model.training_sentences), ("fresh", fresh)):
    true = [model.story.log_probability(sentence) for sentence in sentences[:{SENTENCES}]]
    bits = (model.log_probabilities(sentences[:{SENTENCES}]) - true) / math.log(2)
    print(f"{{name}}: {{np.median(bits):+.1f}} bits (median of {{len(bits)}})")
""".replace("\n\n\n    return", "\n\n    return").replace("temperature\n\n    return", "temperature\n    return")


_BEST_FIRST = (
    "No continuation is likelier than what it continues. So taking the likeliest one again and again finds the "
    "likeliest of all."
)
_TRUTH = (
    "The storybook knows how likely each sentence truly is; a positive number says that the model finds it too likely."
)
