"""The bench's program runs elsewhere, beside the source code, and prints what the bench shows."""

import re
from pathlib import Path

import pytest

from lib.decoding import ORDERS, Decoder, Order, decode
from lib.language_model import load_model
from lib.listings.decoding import decoding_listing
from lib.sampling_settings import SamplingSettings
from tests.support.listings import fits_beside_the_page, run_elsewhere, with_source

FULL = SamplingSettings(1.7, top_k=40, top_p=0.9, min_p=0.02)
WORDS = ["the", "old", "fox", "met", "the"]
MINE = Order(("typical", "temperature", "sigma", "penalty", "top_p", "top_k", "min_p"))


@pytest.mark.parametrize(
    "decoder",
    [
        Decoder(FULL, typical=0.9, sigma=2.5, penalty=1.3),
        Decoder(FULL, typical=0.9, sigma=2.5, penalty=1.3, order=ORDERS["llama.cpp"]),
        Decoder(FULL, typical=0.9, sigma=2.5, penalty=1.3, order=ORDERS["gemma"]),
        Decoder(FULL, typical=0.9, sigma=2.5, penalty=1.3, order=MINE),
        Decoder(FULL, penalty=1.3, greedy=True),
        Decoder(SamplingSettings(2.0, top_p=0.9), order=ORDERS["llama.cpp"]),
    ],
)
def test_it_prints_what_the_bench_shows(decoder: Decoder, tmp_path: Path) -> None:
    program = decoding_listing(WORDS, decoder, p=0.3)
    assert fits_beside_the_page(program)
    printed = run_elsewhere(with_source(program), tmp_path)
    model = load_model("en", 0.3, "small")
    said = [model.story.word_id[word] for word in WORDS]
    decoded = decode(model.next_logits(WORDS), decoder, said)
    (kept,) = re.findall(r"words that stay in: (\d+)", printed)
    assert int(kept) == decoded.kept.sum()
    found = re.findall(r"probability of '(.*)': ([\d.]+)%", printed)
    for word, percent in found[: int(kept)]:
        assert float(percent) / 100 == pytest.approx(decoded.probabilities[model.story.word_id[word]], abs=0.00051)
