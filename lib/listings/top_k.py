"""The few lines that do what the Top-k page shows, with the settings on screen: by hand in PyTorch, and by
`generate`."""

from collections.abc import Sequence

from lib.sampling_settings import SamplingSettings


def top_k_listing(
    prompt: Sequence[str],
    settings: SamplingSettings,
    *,
    language: str = "en",
    p: float = 0.0,
    corpus: str = "small",
    seed: int = 0,
) -> str:
    """Return a program that draws the next word of one of the storybook's models; it runs in the project's folder.

    ``language``, ``p`` and ``corpus`` name the model as in `lib.language_model.load_model`. A cut that is left out has
    no line.

    >>> print(top_k_listing(["the", "dog"], SamplingSettings(top_k=50)).split("\\n\\n")[2])
    # top-k: out with every word below the 50th; words that tie with it all stay
    cut = torch.topk(scores, 50).values[-1]
    scores[scores < cut] = -torch.inf
    """
    top_k, top_p, min_p = settings.top_k, settings.top_p, settings.min_p
    steps = []
    if top_k is not None:
        steps.append(f"""\
# top-k: out with every word below the {_ordinal(top_k)}; words that tie with it all stay
cut = torch.topk(scores, {top_k}).values[-1]
scores[scores < cut] = -torch.inf
""")
    if top_p is not None and top_p < 1:
        steps.append(f"""\
# top-p: out with the unlikeliest words, as long as they hold no more than 1 - {top_p:g} together
ascending, ids = torch.sort(scores, stable=True)
out = torch.softmax(ascending, dim=-1).cumsum(dim=-1) <= 1 - {top_p:g}
out[-1] = False
scores[ids[out]] = -torch.inf
""")
    if min_p:
        steps.append(f"""\
# min-p: out with every word less than {min_p:g} times as likely as the likeliest
probabilities = torch.softmax(scores, dim=-1)
scores[probabilities < {min_p:g} * probabilities.max()] = -torch.inf
""")
    cuts = "\n".join(steps)
    return f"""import torch
from lib.language_model import load_model  # run this in the project's folder

model = load_model({language!r}, p={p:g}, corpus={corpus!r})
scores = torch.from_numpy(model.next_logits({list(prompt)!r})) / {settings.temperature:g}  # logits / temperature

{cuts}
probabilities = torch.softmax(scores, dim=-1)  # renormalised: a word that is out has probability 0
generator = torch.Generator().manual_seed({seed})
word = torch.multinomial(probabilities, 1, generator=generator).item()
print(model.vocabulary[word], f"{{probabilities[word]:.1%}}")
""".replace("\n\n\n", "\n\n")


def generate_listing(
    prompt: Sequence[str],
    settings: SamplingSettings,
    *,
    seed: int = 0,
) -> str:
    """Return a program that does the same with Hugging Face's ``generate`` and a model from the net.

    >>> print(generate_listing(["the", "dog"], SamplingSettings(top_k=50)).splitlines()[8])
    output = model.generate(**inputs, do_sample=True, temperature=1.0, top_k=50, max_new_tokens=20)
    """
    # generate cuts at 50 unless told otherwise, and 0 is how it is told.
    arguments = [f"temperature={float(settings.temperature)!r}", f"top_k={settings.top_k or 0}"]
    if settings.top_p is not None and settings.top_p < 1:
        arguments.append(f"top_p={settings.top_p:g}")
    if settings.min_p:
        arguments.append(f"min_p={settings.min_p:g}")
    return f"""from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

tokenizer = AutoTokenizer.from_pretrained("gpt2")  # downloads 500 MB the first time
model = AutoModelForCausalLM.from_pretrained("gpt2")
inputs = tokenizer({" ".join(prompt)!r}, return_tensors="pt")

set_seed({seed})
# The temperature comes first, then top-k, top-p and min-p; each works on what the one before has left.
output = model.generate(**inputs, do_sample=True, {", ".join(arguments)}, max_new_tokens=20)
print(tokenizer.decode(output[0]))
"""


def _ordinal(n: int) -> str:
    """The number as an English ordinal.

    >>> [_ordinal(n) for n in (1, 2, 3, 4, 11, 50, 102)]
    ['1st', '2nd', '3rd', '4th', '11th', '50th', '102nd']
    """
    ending = "th" if n // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
