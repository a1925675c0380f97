"""The program that trains two models on a text and counts what they copy, with the settings on screen."""

from lib.listings.parts import SOURCE_FOLDER, comment


def your_text_listing(
    *, language: str, unit: str | None, sentences: int, p: float, k: int, temperature: float, seed: int, say: int
) -> str:
    """Return a program that reads a file, or the storybook where it names none. Nobody's text is written into it.

    >>> "generate(200, 0, " in your_text_listing(
    ...     language="en", unit=None, sentences=150, p=0.3, k=10, temperature=1.0, seed=0, say=0
    ... )
    True
    """
    head = (
        "With the storybook, the numbers are those on screen on a machine like the server. To use a text of your own, "
        "put it into a file and write its name here:"
    )
    return f"""\
{comment(head)}
FILE = ""

{SOURCE_FOLDER}
import numpy as np

from lib.copying import longest_matches
from lib.own_text import cut_text, read_text
from lib.sampling_settings import SamplingSettings
from lib.story import load_story
from lib.text_model import PairJob

if FILE:
    text = cut_text(read_text(Path(FILE).read_bytes()), {unit!r})
else:
    story = load_story({language!r})
    text = cut_text("\\n".join(map(story.text_of, story.sample({sentences}, np.random.default_rng(0)))))

job = PairJob(text, p={p}, seed={seed})  # the same tokens and the same first weights; dropout is the only difference
while not job.done:
    job.advance()

for model in job.models:
    said = model.generate(200, {say}, text.ids(text.validation[:4]), SamplingSettings({temperature}, top_k={k}))
    # tokens in a row that stand in the part it learned from
    matches = longest_matches(said, text.ids(text.training), unknown=0)
    step, training_loss, validation_loss = model.records[-1]
    print(f"p = {{model.config.p}}: training {{training_loss:.2f}}, validation {{validation_loss:.2f}}, "
          f"longest copied run {{max(matches)}}")
    print("".join(text.vocabulary[i] for i in said))
"""
