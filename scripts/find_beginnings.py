"""Find what the Top-k page can open with in a language: ``python -m scripts.find_beginnings fr``.

It looks through the beginnings of sampled sentences for two kinds (lib/web/top_k/settings.py names one of each):

- the cut helps: every word that may follow is among the K likeliest, without the cut an impossible word is drawn in
  more than 2 of 100 draws, and of twenty stories more are possible with the cut than without;
- the same cut hurts: it throws away more than a fifth of what may follow, and keeps hardly anything impossible.
"""

import argparse

import numpy as np

from lib.language_model import LanguageModel, load_model
from lib.next_word import next_word, what_follows
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.web.top_k.settings import K
from lib.writing import joined

CUT = SamplingSettings(top_k=K)
SAMPLED, SHOWN, STORIES = 5_000, 12, 20
HELPS, HURTS, HARDLY = 0.02, 0.2, 0.01
NOTHING = 0.0005  # is shown as 0.0%


def beginnings(model: LanguageModel) -> list[tuple[str, ...]]:
    """The first two to five words of sampled sentences, the commonest first."""
    sentences = model.story.sample(SAMPLED, np.random.default_rng(0))
    counts: dict[tuple[str, ...], int] = {}
    for sentence in sentences:
        for length in range(2, min(6, len(sentence))):
            counts[tuple(sentence[:length])] = counts.get(tuple(sentence[:length]), 0) + 1
    return sorted((words for words in counts), key=lambda words: -counts[words])


def possible(model: LanguageModel, words: tuple[str, ...], settings: SamplingSettings) -> int:
    """How many of twenty stories the grammar accepts, as the page tells them."""
    told = model.generate(STORIES, np.random.default_rng(0), prefix=words, settings=settings)
    return sum(model.story.accepts(sentence) for sentence in told)


def main() -> None:
    """Print the best of both kinds."""
    parser = argparse.ArgumentParser(prog="python -m scripts.find_beginnings", description="Beginnings for Top-k.")
    parser.add_argument("language")
    model = load_model(parser.parse_args().language, 0.3, "small")
    helps, hurts = [], []
    for words in beginnings(model):
        follows = what_follows(model, words)
        cut, uncut = (next_word(follows.logits, follows.truth, settings) for settings in (CUT, UNCUT))
        assert cut.thrown_away is not None
        assert cut.let_in is not None
        assert uncut.let_in is not None
        if cut.thrown_away < NOTHING and cut.let_in < NOTHING and uncut.let_in > HELPS:
            helps.append((uncut.let_in, words))
        if cut.thrown_away > HURTS and cut.let_in < HARDLY:
            hurts.append((cut.thrown_away, words))
    print("The cut helps: impossible words let in without it; possible stories of twenty with it and without")
    for let_in, words in sorted(helps, reverse=True)[: 10 * SHOWN]:
        told = possible(model, words, CUT), possible(model, words, UNCUT)
        if told[0] > told[1]:
            print(f"  {let_in:.1%}  {told[0]} {told[1]}  {joined(words)}")
    print("The same cut hurts: good words thrown away")
    for thrown, words in hurts[:SHOWN]:
        print(f"  {thrown:.1%}  {joined(words)}")


if __name__ == "__main__":
    main()
