"""Make data/life_strip.json, the recording that the home page plays: ``python -m scripts.make_life_strip``.

It has ten forward passes at p = 0.5 through a network drawn with 3, 6, 6 and 2 neurons, and one sentence of each
storybook, with each word drawn from its k = 3 likeliest continuations. The masks come from ``lib.fast_masks``, the
sentence from ``lib.story`` and ``lib.sampling``. The file ships with the app, so that the home page needs neither
PyTorch nor a grammar.
"""

import json
from pathlib import Path

import numpy as np
import torch

from lib.fast_masks import dropout_mask
from lib.sampling import draw, shape_distribution
from lib.story import load_story, story_languages

LAYERS, RATES, PASSES = (3, 6, 6, 2), (0.0, 0.5, 0.5, 0.0), 10
TOP_K, SHOWN, SEED = 3, 5, 5
FILE = Path(__file__).resolve().parents[1] / "data" / "life_strip.json"


def passes(seed: int) -> list[dict[str, object]]:
    """Which neurons each forward pass keeps, and which face the die shows."""
    generator, faces = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    return [
        {
            "kept": [dropout_mask((n,), p, generator).tolist() for n, p in zip(LAYERS, RATES, strict=True)],
            "face": int(faces.integers(1, 7)),
        }
        for _ in range(PASSES)
    ]


def words(language: str, seed: int) -> list[dict[str, object]]:
    """One sentence, word by word: the likeliest continuations, which of them the cut keeps, and the one drawn."""
    story, rng = load_story(language), np.random.default_rng(seed)
    prompt: list[str] = []
    steps: list[dict[str, object]] = []
    while True:
        truth = story.next_word(prompt)  # (V,)
        with np.errstate(divide="ignore"):
            cut = shape_distribution(np.log(truth), top_k=TOP_K)
        drawn = int(draw(cut.probabilities, 1, rng)[0])
        if drawn == story.eos_id:
            return steps
        order = np.argsort(-truth, kind="stable")[: max(SHOWN, TOP_K)]
        order = order[truth[order] > 0]
        if drawn not in order:  # a tie at the cut: show the drawn word in place of an equally likely one
            order[-1] = drawn
        steps.append(
            {
                "prompt": list(prompt),
                "choices": [
                    {
                        "word": story.vocabulary[i],
                        "probability": round(float(truth[i]), 4),
                        "kept": bool(cut.kept[i]),
                    }
                    for i in order
                ],
                "drawn": int(np.flatnonzero(order == drawn)[0]),
                "face": int(rng.integers(1, 7)),
            }
        )
        prompt.append(story.vocabulary[drawn])


def main() -> None:
    """Write the file."""
    made_by = "python -m scripts.make_life_strip"
    spoken = {language: words(language, SEED) for language in story_languages()}
    recording = {"made_by": made_by, "top_k": TOP_K, "passes": passes(SEED), "words": spoken}
    FILE.write_text(json.dumps(recording, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for language, steps in spoken.items():
        print(language, *steps[-1]["prompt"], "...")  # type: ignore[misc]


if __name__ == "__main__":
    main()
