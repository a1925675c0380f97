"""The program under the Your text page prints what the page shows, and reads a file as the page does."""

import re
from pathlib import Path

import pytest

from lib.listings.your_text import your_text_listing
from lib.own_text import cut_text, read_text
from lib.text_model import PairJob
from lib.web.your_text.report import said_by
from lib.web.your_text.settings import Settings
from lib.web.your_text.text import SENTENCES, story_text
from tests.support.listings import fits_beside_the_page, run_elsewhere, with_source

LINE = r"p = (\S+): training (\S+), validation (\S+), longest copied run (\d+)"
TEXT = "Twinkle, twinkle, little star, how I wonder what you are. " * 20


def program(unit: str | None = None, k: int = 10) -> str:
    written = your_text_listing(
        language="en", unit=unit, sentences=SENTENCES, p=0.3, k=k, temperature=1.0, seed=2, say=4
    )
    assert fits_beside_the_page(written)
    return with_source(written)


@pytest.mark.parametrize("own", [False, True], ids=["storybook", "file"])
def test_the_program_prints_what_the_page_shows(tmp_path: Path, own: bool):
    source, text = program("characters" if own else None), story_text("en")
    if own:
        (tmp_path / "own.txt").write_text(TEXT, encoding="cp1252")
        source, text = source.replace('FILE = ""', 'FILE = "own.txt"'), cut_text(read_text(TEXT.encode()), "characters")
    job, settings = PairJob(text, 0.3, 2), Settings(k=10, say=4)
    while not job.done:
        job.advance()
    printed = run_elsewhere(source, tmp_path)
    for model, line in zip(job.models, re.findall(LINE, printed), strict=True):
        said, (_step, train, val) = said_by(model, text, settings), model.records[-1]
        assert line == (f"{model.config.p}", f"{train:.2f}", f"{val:.2f}", str(max(said.matches)))
        assert "".join(said.tokens) in printed
