"""The few lines that do what the Top-k page shows, with the settings on screen: in PyTorch, and with `generate`."""

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lib.language_model import load_model
from lib.listings.parts import comment
from lib.live_llm.step import LiveStep
from lib.next_word import what_follows
from lib.recorded_llm import RecordedStep
from lib.sampling import shape_with, softmax
from lib.sampling_settings import SamplingSettings
from lib.writing import joined

_SHARE = 0.999  # of the probability: a program without a cut lists enough words for this


def top_k_listing(
    prompt: Sequence[str],
    settings: SamplingSettings,
    *,
    language: str = "en",
    p: float = 0.0,
    corpus: str = "small",
    seed: int = 0,
) -> str:
    """Return a program that draws the next word from the scores of one of the storybook's models.

    ``language``, ``p`` and ``corpus`` name the model as in `lib.language_model.load_model`. As many scores as the
    settings need are written into the program, so that it runs anywhere. A cut that is switched off has no lines.

    >>> print(top_k_listing(["the", "dog"], SamplingSettings(top_k=50)).split("\\n\\n")[2])
    # top-k: remove every word below the 50th; words that tie with it all stay
    cut = torch.topk(scores, 50).values[-1]
    scores[scores < cut] = -torch.inf
    """
    model = load_model(language, p=p, corpus=corpus)
    logits = what_follows(model, tuple(prompt)).logits
    listed, left_out = _needed(logits, settings)
    scores = _score_lines(logits[listed], [model.vocabulary[i] for i in listed], settings)
    after = repr(joined(prompt)) if prompt else "the start of a sentence"
    source = f"What may come after {after}: the scores (logits) of the model trained with p = {p:g}."
    return f"""\
{comment(_differs(len(listed), len(logits), left_out))}
import numpy as np
import torch

{comment(source)}
logits = {{
{scores}
}}
words = list(logits)
scores = torch.tensor(list(logits.values()), dtype=torch.float64) / {settings.temperature:g}  # logits / temperature

{removal(settings)}
probabilities = torch.softmax(scores, dim=-1)  # renormalised: a word that was removed has probability 0
print(f"words that stay in: {{(probabilities > 0).sum()}}")
for word, probability in list(zip(words, probabilities))[:5]:
    print(f"probability of {{word!r}}: {{probability:.1%}}")

# The die is a number between 0 and 1. Each word has a stretch of the line from 0 to 1, as long as its probability; the
# word on whose stretch the number falls is drawn.
die = np.random.default_rng([{seed}, {len(prompt)}]).random()
ends = probabilities.cumsum(dim=-1)  # where each word's stretch ends: the cumulative distribution
print(f"drawn: {{words[(ends > die * ends[-1]).nonzero()[0]]!r}}")
""".replace("\n\n\n", "\n\n")


def removal(settings: SamplingSettings) -> str:
    """The lines that remove words from ``scores``, in a paragraph for each cut."""
    top_k, top_p, min_p = settings.top_k, settings.top_p, settings.min_p
    steps = []
    if top_k is not None:
        steps.append(f"""\
# top-k: remove every word below the {_ordinal(top_k)}; words that tie with it all stay
cut = torch.topk(scores, {top_k}).values[-1]
scores[scores < cut] = -torch.inf
""")
    if top_p is not None and top_p < 1:
        steps.append(f"""\
# top-p: remove the unlikeliest words, as long as their probabilities sum to no more than 1 - {top_p:g}
ascending, ids = torch.sort(scores, stable=True)
out = torch.softmax(ascending, dim=-1).cumsum(dim=-1) <= 1 - {top_p:g}
out[-1] = False
scores[ids[out]] = -torch.inf
""")
    if min_p:
        steps.append(f"""\
# min-p: remove every word that is less than {min_p:g} times as likely as the likeliest
probabilities = torch.softmax(scores, dim=-1)
scores[probabilities < {min_p:g} * probabilities.max()] = -torch.inf
""")
    return "\n".join(steps)


def _needed(logits: NDArray[np.floating], settings: SamplingSettings) -> tuple[NDArray[np.int64], float]:
    """The ids of the likeliest words, as many as it takes for the same result as with all, and the probability that the
    others have after the cuts."""
    order = np.argsort(-logits, kind="stable")
    whole = shape_with(logits, settings)
    before = softmax(whole.scaled)[order].cumsum()
    n = int(np.searchsorted(before, _SHARE)) + 1
    if settings.top_k is not None:
        n = settings.top_k + 10  # some that the cut removes
    kept = whole.kept[order]
    while n < len(order):
        fewer = shape_with(logits[order[:n]], settings)
        uncut = kept[n:].all() and fewer.kept.all()
        if uncut or (not kept[n:].any() and (fewer.kept == kept[:n]).all()):
            break
        n += 10
    return order[:n], float(whole.probabilities[order[n:]].sum())


def _differs(listed: int, words: int, left_out: float) -> str:
    if left_out < 5e-5:
        return "The numbers are those on screen: the same scores, the same cuts, the same roll of the die."
    return (
        f"The numbers are almost those on screen: the {words - listed} unlikeliest of the {words} words are left out "
        f"here. They hold {left_out:.2%} together, and the other words get that much more."
    )


def _score_lines(logits: NDArray[np.floating], words: Sequence[str], settings: SamplingSettings) -> str:
    """The scores as entries of a dict, with the fewest digits, but at least four, that make no ties and move no cut."""
    kept, different = shape_with(logits, settings).kept, len(np.unique(logits))
    digits = next(
        d
        for d in range(4, 17)
        if len(np.unique(logits.round(d))) == different and (shape_with(logits.round(d), settings).kept == kept).all()
    )
    # A no-break space keeps word and score on one line.
    entries = [f'"{word}":\xa0{logit:.{digits}f},' for word, logit in zip(words, logits, strict=True)]
    lines = textwrap.fill(
        " ".join(entries), 118, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )
    return lines.replace("\xa0", " ")


def generate_listing(
    prompt: Sequence[str],
    settings: SamplingSettings,
    *,
    seed: int = 0,
) -> str:
    """Return a program that does the same with Hugging Face's ``generate`` and a model from the web.

    >>> print(generate_listing(["the", "dog"], SamplingSettings(top_k=50)).splitlines()[10])
    output = model.generate(**inputs, do_sample=True, temperature=1.0, top_k=50, max_new_tokens=20)
    """
    # By default generate cuts at 50; top_k=0 means no cut.
    arguments = [f"temperature={float(settings.temperature)!r}", f"top_k={settings.top_k or 0}"]
    if settings.top_p is not None and settings.top_p < 1:
        arguments.append(f"top_p={settings.top_p:g}")
    if settings.min_p:
        arguments.append(f"min_p={settings.min_p:g}")
    return f"""\
# Another model: GPT-2 has read the web, not the storybook. So its numbers and words are not those on screen; only the
# settings and the order of the steps are the same.
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

tokenizer = AutoTokenizer.from_pretrained("gpt2")  # downloads 500 MB the first time
model = AutoModelForCausalLM.from_pretrained("gpt2")
inputs = tokenizer({joined(prompt)!r}, return_tensors="pt")

set_seed({seed})
# The temperature comes first, then top-k, top-p and min-p; each works on what the previous one left.
output = model.generate(**inputs, do_sample=True, {", ".join(arguments)}, max_new_tokens=20)
print(tokenizer.decode(output[0]))
"""


def llm_listing(step: RecordedStep, settings: SamplingSettings, *, die: Sequence[int]) -> str:
    """Return a program that asks the recorded model itself; ``die`` is the seed of the page's roll at this step.

    The model's folder is made by ``python -m scripts.fetch_llm``.

    >>> from lib.recorded_llm import load_recorded_llm
    >>> step = load_recorded_llm().step(0, "greedy", 1)
    >>> print(llm_listing(step, SamplingSettings(top_k=50), die=(0, 0, 1)).split("\\n\\n")[3])
    # top-k: remove every word below the 50th; words that tie with it all stay
    cut = torch.topk(scores, 50).values[-1]
    scores[scores < cut] = -torch.inf
    """
    source = """\
import os

os.environ["HF_HUB_OFFLINE"] = "1"  # everything is in the folder
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = "models/smollm2-135m-instruct"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
"""
    said = f"ids += {list(step.said_ids)}  # the tokens of the recorded path so far"
    return _asking(_ASKED, source, step.beginning, said, settings, die)


def live_listing(
    step: LiveStep, settings: SamplingSettings, *, folder: str, revision: str | None, precision: str, die: Sequence[int]
) -> str:
    """Return a program that asks a live model again. ``folder`` is where it is, or its name on the hub with a
    ``revision``; ``precision`` is that of its weights.
    """
    if revision:
        source = f"""\
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

name, revision = {folder!r}, {revision!r}
tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
model = AutoModelForCausalLM.from_pretrained(name, revision=revision, dtype=torch.{precision}, use_safetensors=True)
"""
    else:
        source = f"""\
import os

os.environ["HF_HUB_OFFLINE"] = "1"  # everything is in the folder
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = {folder!r}  # write here where it is on your computer
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.{precision}, use_safetensors=True)
"""
    said = f"ids += {list(step.said_ids)}  # the tokens said since"
    return _asking(_ASKED_LIVE, source, step.beginning, said, settings, die)


def _asking(about: str, source: str, beginning: str, said: str, settings: SamplingSettings, die: Sequence[int]) -> str:
    """The program that asks a model of transformers, which ``source`` loads."""
    return f"""\
{comment(about)}
{source}ids = tokenizer({beginning!r}).input_ids
{said}
with torch.no_grad():
    logits = model(torch.tensor([ids])).logits[0, -1]
scores = logits.double() / {settings.temperature:g}  # logits / temperature
scores, order = torch.sort(scores, descending=True)

{removal(settings)}
probabilities = torch.softmax(scores, dim=-1)  # renormalised: a word that was removed has probability 0
print(f"words that stay in: {{(probabilities > 0).sum()}}")
for token, probability in list(zip(order, probabilities))[:5]:
    print(f"probability of {{tokenizer.decode([token])!r}}: {{probability:.1%}}")

# The die is a number between 0 and 1. Each word has a stretch of the line from 0 to 1, as long as its probability; the
# word on whose stretch the number falls is drawn.
die = np.random.default_rng({list(die)}).random()
ends = probabilities.cumsum(dim=-1)  # where each word's stretch ends: the cumulative distribution
print(f"drawn: {{tokenizer.decode(order[(ends > die * ends[-1]).nonzero()[0]])!r}}")
""".replace("\n\n\n", "\n\n")


_ASKED_LIVE = (
    "This asks the model on screen, after pip install torch transformers. The numbers are those on screen: the same "
    "weights, the same cuts, the same roll of the die."
)
_ASKED = (
    "This asks the model itself, in the folder of the source code, after pip install -r requirements-llm.txt and "
    "python -m scripts.fetch_llm. The numbers are those on screen, except beyond the 200 likeliest tokens, where the "
    "screen shows a line between recorded ranks."
)


def _ordinal(n: int) -> str:
    """The number as an English ordinal.

    >>> [_ordinal(n) for n in (1, 2, 3, 4, 11, 50, 102)]
    ['1st', '2nd', '3rd', '4th', '11th', '50th', '102nd']
    """
    ending = "th" if n // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
