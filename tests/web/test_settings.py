"""Settings in links: what is written can be read, and nonsense is the default."""

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from lib.web.dropout.settings import Settings as Dropout
from lib.web.elements.settings import (
    Arrangement,
    Choice,
    Flag,
    Number,
    Text,
    declared,
    in_link,
    read,
    read_one,
    written,
)
from lib.web.frame.address import link_to_run, run_in_link
from lib.web.questions.settings import Settings as Questions
from lib.web.quiz.settings import Settings as Quiz
from lib.web.today.settings import Settings as Today
from lib.web.top_k.settings import live_settings, llm_settings, settings_for
from lib.web.training.settings import Settings as Training
from lib.web.two_dice.settings import Settings as TwoDice
from lib.web.your_text.settings import Settings as YourText

PAGES = {
    "dropout": Dropout,
    "training": Training,
    "top_k": settings_for(670),
    "llm": llm_settings(),
    "live": live_settings(("tiny", "other"), 300),
    "any": live_settings((), 300),
    "two_dice": TwoDice,
    "your_text": YourText,
    "today": Today,
    "questions": Questions,
    "quiz": Quiz,
}
EVERY = [(page, each.name) for page, settings in PAGES.items() for each in fields(settings)]
NUMBERS = [each for each in EVERY if isinstance(declared(PAGES[each[0]])[each[1]].metadata["accepts"], Number)]
HOSTILE = [
    "", " ", "nan", "NaN", "inf", "-inf", "1e999", "-1", "-0.0001", "99999999999999999999", "0x10", "1;2", "1,5",
    "null", "None", "undefined", "<script>alert(1)</script>", "../../etc/passwd", "%00", "\x00", "é", "🎲", "{}", "[]",
    "()", "a" * 10_000,
]  # fmt: skip


def values(setting: Any) -> list[Any]:
    """Values that a setting can have: all options, or the ends and some between."""
    match setting.metadata["accepts"]:
        case Number(low, high, step):
            steps = round((high - low) / step)
            at = [low + i * step for i in (0, 1, steps // 2, steps)]
            return [round(value) if isinstance(setting.default, int) else value for value in at]
        case Choice(options):
            return list(options)
        case Flag():
            return [True, False]
        case Arrangement(names, items):
            return [*names, ".".join(reversed(items))]
        case Text():
            return ["the old fox", "", "infinity", "a & b = c", "é"]
    raise AssertionError(setting)


@pytest.mark.parametrize(("page", "name"), EVERY)
def test_every_value_of_every_setting_comes_back_from_its_link(page: str, name: str) -> None:
    setting = declared(PAGES[page])[name]
    for value in values(setting):
        settings = PAGES[page](**{name: value})
        link = written(settings)
        assert set(link) <= {name}  # what is at its default is not written
        assert written(read(PAGES[page], link)) == link
        again = getattr(read(PAGES[page], link), name)
        assert again == pytest.approx(value) if isinstance(value, float) else again == value
        assert type(again) is type(value)


@pytest.mark.parametrize(("page", "name"), EVERY)
def test_nonsense_in_a_link_is_the_default(page: str, name: str) -> None:
    setting = declared(PAGES[page])[name]
    accepts = setting.metadata["accepts"]
    for text in HOSTILE:
        value = read_one(setting, text)
        if isinstance(accepts, Text):
            assert value == text[: accepts.most]
        else:
            assert value is None or (isinstance(accepts, Number) and accepts.low <= value <= accepts.high), text
            assert value is None or math.isfinite(value)
            assert getattr(read(PAGES[page], {name: text}), name) in (setting.default, value)


@pytest.mark.parametrize("text", ["7.0", "7", " 7", "7e0"])
def test_a_whole_number_may_be_written_in_other_ways_but_has_no_fraction(text: str) -> None:
    assert read(Dropout, {"seed": text}).seed == 7
    assert read(Dropout, {"seed": "7.5"}).seed == 0


@pytest.mark.parametrize(("page", "name"), NUMBERS)
def test_a_slider_stops_at_every_step_and_at_what_a_link_says(page: str, name: str) -> None:
    setting = declared(PAGES[page])[name]
    accepts = setting.metadata["accepts"]
    stops = accepts.stops(setting.default)
    assert {type(stop) for stop in stops} == {type(setting.default)}
    assert stops == pytest.approx(np.arange(accepts.low, accepts.high + accepts.step / 2, accepts.step), abs=1e-12)
    for between in (accepts.low + 0.3 * accepts.step, accepts.low + 1e-9, accepts.high):
        with_it = accepts.stops(between)
        assert between in with_it
        assert with_it == sorted(with_it)
        assert len({f"{stop:.2f}" for stop in with_it}) == len(with_it)  # what is written tells them apart
        assert accepts.low <= with_it[0] <= with_it[-1] <= accepts.high


def test_options_in_a_link_are_the_same_in_every_language() -> None:
    for settings in PAGES.values():
        for setting in declared(settings).values():
            for option in getattr(setting.metadata["accepts"], "options", ()):
                assert in_link(option).isascii()
                assert " " not in in_link(option)


def test_a_run_is_written_as_what_it_differs_in_from_the_controls() -> None:
    started, now = Training(p=0.5, n=200), Training(p=0.3, n=200, log=True)
    assert link_to_run(started, started) == "1"
    assert run_in_link(now, "1") == now
    text = link_to_run(now, started)
    assert text == "p=0.5&log=false"
    assert run_in_link(now, text) == started


@pytest.mark.parametrize("text", [*HOSTILE, "0", "2", "true", "p=nonsense", "nothing=1", "&&&", "=", "p"])
def test_a_run_that_makes_no_sense_is_none(text: str) -> None:
    assert run_in_link(Training(), text) is None
