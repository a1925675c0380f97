"""The program of the decoder's bench: the steps that are switched on, in the order that was chosen."""

from collections.abc import Sequence

from lib.decoding import CUTS, Decoder
from lib.listings.parts import SOURCE_FOLDER, comment
from lib.listings.top_k import removal
from lib.sampling_settings import SamplingSettings


def decoding_listing(prompt: Sequence[str], decoder: Decoder, *, language: str = "en", p: float = 0.0) -> str:
    """Return a program that takes the model's scores through the decoder, step by step.

    >>> last = Decoder(SamplingSettings(2.0, min_p=0.1), sigma=1.5)
    >>> print("\\n".join(decoding_listing(["the"], last).split("\\n\\n")[5:7]))
    # the temperature divides all scores
    scores = scores / 2
    # min-p: remove every word that is less than 0.1 times as likely as the likeliest
    probabilities = torch.softmax(scores, dim=-1)
    scores[probabilities < 0.1 * probabilities.max()] = -torch.inf
    """
    return f"""\
{SOURCE_FOLDER}
{comment("The numbers are those on screen: the same scores, and the same steps in the same order.")}
import torch

from lib.language_model import load_model

model = load_model({language!r}, p={p:g}, corpus="small")
said = {list(prompt)!r}
scores = torch.from_numpy(model.next_logits(said))

{_steps(decoder)}
probabilities = torch.softmax(scores, dim=-1)  # renormalised: a word that was removed has probability 0
print(f"words that stay in: {{(probabilities > 0).sum()}}")
for probability, i in zip(*probabilities.topk(5)):
    print(f"probability of {{model.vocabulary[i]!r}}: {{probability:.1%}}")
""".replace("\n\n\n", "\n\n")


def _steps(decoder: Decoder) -> str:
    """A paragraph for each step that does something."""
    steps = [step for step in decoder.switched_on if step not in decoder.ignored]
    if decoder.greedy:
        return "\n".join([*(_step(step, decoder) for step in steps), _GREEDY])
    if not decoder.order.together:
        return "\n".join(_step(step, decoder) for step in steps)
    cuts = [
        f"scores = uncut.clone()\n{_step(step, decoder)}stays &= scores > -torch.inf\n"
        for step in steps
        if step in CUTS
    ]
    before = [_step(step, decoder) for step in steps if step not in CUTS]
    return "\n".join([*before, _TOGETHER, *cuts, _BOTH])


def _step(step: str, decoder: Decoder) -> str:
    settings = decoder.settings
    if step == "penalty":
        return f"""\
# the repetition penalty: a word that was said gets a score above 0 divided, one below 0 multiplied
ids = sorted({{model.story.word_id[word] for word in said}})
scores[ids] = torch.where(scores[ids] < 0, scores[ids] * {decoder.penalty:g}, scores[ids] / {decoder.penalty:g})
"""
    if step == "temperature":
        return f"# the temperature divides all scores\nscores = scores / {settings.temperature:g}\n"
    if step == "typical":
        return f"""\
# typical: keep the words whose surprise is nearest to the entropy, until they hold {decoder.typical:g}
log_p = torch.log_softmax(scores, dim=-1)
entropy = -torch.nansum(log_p.exp() * log_p)
distance, ids = torch.sort((-log_p - entropy).abs(), stable=True)
last = (log_p.exp()[ids].cumsum(dim=-1) < {decoder.typical:g}).sum().clamp(max=len(ids) - 1)
scores[ids[distance > distance[last]]] = -torch.inf
"""
    if step == "sigma":
        return f"""\
# top-n-sigma: remove every word more than {decoder.sigma:g} standard deviations below the best
left = scores[scores > -torch.inf]
scores[scores < left.max() - {decoder.sigma:g} * left.std(correction=0)] = -torch.inf
"""
    return removal(SamplingSettings(**{step: getattr(settings, step)}))


_GREEDY = """\
# greedy: only the likeliest word stays; temperature and cuts have no say
best = scores.argmax()
scores[torch.arange(len(scores)) != best] = -torch.inf
"""
_TOGETHER = """\
# The cuts do not see each other: each looks at all words, and a word stays if all of them keep it.
uncut, stays = scores.clone(), torch.ones(len(scores), dtype=torch.bool)
"""
_BOTH = """\
stays[uncut.argmax()] |= not stays.any()
scores = uncut.where(stays, -torch.inf)
"""
