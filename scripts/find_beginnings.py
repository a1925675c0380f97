"""Find what the Top-k page can open with in a language: ``python -m scripts.find_beginnings fr``.

It looks through the beginnings of sampled sentences for two kinds, with several k; lib/web/top_k/settings.py names one
of each, with the same k.

- a cut helps: every word that may follow is among the k likeliest, without the cut an impossible word is drawn in
  more than 2 of 100 draws, and of twenty stories more are possible with the cut than without;
- a cut hurts: it throws away more than a fifth of what may follow, and keeps hardly anything impossible.
"""

import argparse
from collections import Counter

import numpy as np

from lib.language_model import LanguageModel, load_model
from lib.next_word import next_word, what_follows
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.web.top_k.settings import FEW
from lib.writing import joined

SAMPLED, SHOWN, STORIES = 5_000, 8, 20
KS = [k for k in FEW if 5 <= k <= 20]
HELPS, HURTS, HARDLY = 0.02, 0.2, 0.01
NOTHING = 0.0005  # is shown as 0.0%


def beginnings(model: LanguageModel) -> list[tuple[str, ...]]:
    """The first two to five words of sampled sentences, the commonest first."""
    sentences = model.story.sample(SAMPLED, np.random.default_rng(0))
    begun = (tuple(words[:length]) for words in sentences for length in range(2, min(6, len(words))))
    return [words for words, _times in Counter(begun).most_common()]


def possible(model: LanguageModel, words: tuple[str, ...], settings: SamplingSettings) -> int:
    """How many of twenty stories the grammar accepts, as the page tells them."""
    told = model.generate(STORIES, np.random.default_rng(0), prefix=words, settings=settings)
    return sum(model.story.accepts(sentence) for sentence in told)


def main() -> None:
    """Print the best of both kinds."""
    parser = argparse.ArgumentParser(prog="python -m scripts.find_beginnings", description="Beginnings for Top-k.")
    parser.add_argument("language")
    model = load_model(parser.parse_args().language, 0.3, "small")
    follows = {words: what_follows(model, words) for words in beginnings(model)}
    uncut = {words: next_word(each.logits, each.truth).let_in or 0.0 for words, each in follows.items()}
    for k in KS:
        cut, helps, hurts = SamplingSettings(top_k=k), [], []
        for words, each in follows.items():
            step = next_word(each.logits, each.truth, cut)
            thrown, let_in, before = step.thrown_away or 0.0, step.let_in or 0.0, uncut[words]
            if thrown < NOTHING and let_in < NOTHING and before > HELPS:
                helps.append((before, words))
            if thrown > HURTS and let_in < HARDLY:
                hurts.append((thrown, words))
        print(f"k = {k}. It helps: impossible words without it; possible stories of twenty with it and without")
        for before, words in sorted(helps, reverse=True)[: 3 * SHOWN]:
            told = possible(model, words, cut), possible(model, words, UNCUT)
            if told[0] > told[1]:
                print(f"  {before:.1%}  {told[0]} {told[1]}  {joined(words)}")
        print("  It hurts: good words thrown away")
        for thrown, words in hurts[:SHOWN]:
            print(f"  {thrown:.1%}  {joined(words)}")


if __name__ == "__main__":
    main()
