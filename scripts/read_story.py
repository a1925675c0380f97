"""Check a storybook and read a few of its sentences.

    python -m scripts.read_story en
    python -m scripts.read_story path/to/my_story.txt --sentences 50

Give the language of a storybook in data/stories, or the path of a file. A mistake is named with its line.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from lib.grammar import GrammarError, load_grammar
from lib.story import STORIES, Story

CORPUS = 2_000  # sentences in the training set of the small checkpoints


def repeat_probability(story: Story, corpus: int, rng: np.random.Generator) -> float:
    """Estimate, from 10,000 sentences and their exact probabilities, how often a new sentence is in a random corpus."""
    probabilities = np.exp([story.log_probability(words) for words in story.sample(10_000, rng)])
    return float(np.mean(1 - (1 - probabilities) ** corpus))


def report(story: Story, sentences: int, rng: np.random.Generator) -> str:
    """Report how large and how uncertain the storybook is, with some sentences."""
    patterns = max(len(rule.alternatives) for rule in story.grammar.values() if not rule.kind)
    return "\n".join(
        [
            f"words (without the end): {len(story.vocabulary) - 1}",
            f"rules:                   {len(story.grammar)}; the longest has {patterns} patterns",
            f"entropy:                 {story.entropy_per_word:.3f} nats per word, with the end counted",
            f"different sentences:     {story.number_of_sentences:.3g}",
            f"already among {CORPUS:,}:     {repeat_probability(story, CORPUS, rng):.1%} of new sentences",
            "",
            *map(story.text_of, story.sample(sentences, rng)),
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 1 if the file has a mistake."""
    parser = argparse.ArgumentParser(description="Check a storybook and read a few of its sentences.")
    parser.add_argument("story", help="a language (en) or the path of a file")
    parser.add_argument("--sentences", type=int, default=20, help="how many to read (20)")
    parser.add_argument("--seed", type=int, default=0, help="for the sentences (0)")
    given = parser.parse_args(arguments)
    path = Path(given.story) if Path(given.story).suffix else STORIES / f"{given.story}.txt"
    try:
        story = Story(load_grammar(path))
    except FileNotFoundError:
        print(f"there is no file {path}", file=sys.stderr)
        return 1
    except GrammarError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    print(report(story, given.sentences, np.random.default_rng(given.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
