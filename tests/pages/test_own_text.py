"""Your own text, on the Two dice page: pasted or uploaded, learned, and compared with what the models write."""

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.copying import Text, copied
from lib.own_text import own_text
from lib.web.two_dice import own_text as part
from tests.pages.test_two_dice import opened
from tests.support.apptest import healthy, pictures, shown, until

TEXT = "The cat sat on the mat. The dog saw the cat. A bird sang in the tree! " * 20
HOSTILE = "<script>alert(1)</script> $x$ [a](javascript:b) **c** :red[d]. <img src=x onerror=e>! " * 30


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.own_text_model.STEPS", 90)


def learned(at: AppTest) -> part.OwnTextJob:
    healthy(at.button(key="own_text_start").click().run(timeout=60))
    run = part.own_text_runs().find(at.session_state["asked_text"])
    until(lambda: run.over)
    healthy(at.run(timeout=60))
    return run.job


def passages(at: AppTest) -> list[str]:
    return [each.proto.body for each in at.get("html") if 'class="copied"' in each.proto.body]


def test_a_text_is_learned_twice_and_what_is_copied_is_counted() -> None:
    at = opened(own="true", k="3", p="0.5", train_seed="7")
    at.text_area(key="own_text").set_value(TEXT).run(timeout=60)
    job = learned(at)
    assert job.asked == part.Asked(own_text(TEXT), 0.5, 7)
    player: dict[str, Any] = pictures(at, "training")[-1]
    assert player["step"] == [0, 30, 60, 90]
    assert player["series"]["val_loss.1.mean"][-1] == pytest.approx(job.records[1][-1].val_loss, rel=1e-3)
    without, with_ = (copied(rows, Text(job.asked.text.training), 5) for rows in job.written(None))
    text = shown(at)
    assert f"**{without.share:.1%}**" in text
    assert f"**{with_.share:.1%}**" in text
    assert ("not less" in text) == (with_.share >= without.share)
    assert len(passages(at)) == 2
    # Another text is learned only when somebody asks for it.
    at.text_area(key="own_text").set_value(TEXT.replace("cat", "cow")).run(timeout=60)
    assert "press the button to learn it anew" in shown(at)


def test_the_example_is_learned_by_heart_without_dropout_and_not_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the part shows to who presses the button at once: the page's claim, on another text."""
    monkeypatch.undo()
    at = opened(own="true")
    job = learned(at)
    known = Text(job.asked.text.training)
    without, with_ = (copied(rows, known, 5).share for rows in job.written(None))
    unseen = copied(job.asked.text.validation, known, 5).share
    assert without > 0.8
    assert unseen < with_ < 0.6
    assert "not less" not in shown(at)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("", "This text has 0 sentences or lines. Accepted: 20 or more."), ("a\0b", "This is not text that can be read.")],
)
def test_what_is_refused_says_what_is_accepted_and_nothing_is_lost(text: str, refusal: str) -> None:
    at = opened(own="true")
    at.text_area(key="own_text").set_value(text).run(timeout=60)
    assert not at.exception
    assert [each.value for each in at.error if refusal in each.value]
    assert at.button(key="own_text_start").disabled
    at.text_area(key="own_text").set_value(TEXT).run(timeout=60)
    assert not healthy(at).button(key="own_text_start").disabled


def test_a_file_goes_before_the_field() -> None:
    at = opened(own="true")
    at.file_uploader(key="own_text_file").set_value([("mine.txt", TEXT.encode("utf-16"), "text/plain")]).run(timeout=60)
    healthy(at)
    assert " different words; 54 sentences to learn from, and 6 at the end kept back." in shown(at)


def test_a_hostile_text_is_only_text() -> None:
    at = opened(own="true")
    at.text_area(key="own_text").set_value(HOSTILE).run(timeout=60)
    learned(at)
    html = "".join(passages(at))
    assert set(re.findall(r"</?(\w+)", html)) <= {"p", "mark"}
    assert "javascript" not in shown(at)


def test_what_is_marked_is_what_was_copied() -> None:
    text = own_text("one two three four five six seven.\n" * 40 + "eight nine ten.\n" * 40)
    number = {word: i for i, word in enumerate(text.vocabulary)}
    ids = tuple(number[word] for word in ["nine", "one", "two", "three", "four", "five", "ten"])
    assert part.marked(ids, text, Text(text.training), 5) == "nine <mark>one two three four five</mark> ten"
    assert part.marked(ids, text, Text(text.training), 6) == "nine one two three four five ten"
