"""The figures of the Two dice page, also where a table does not know everything."""

from lib.figures.two_dice import Profile, profiles_figure
from lib.statistics.intervals import UNKNOWN, Estimate
from lib.web.elements.component import refuse_what_json_cannot_hold

ONE_SENTENCE = Estimate(-1.5, float("-inf"), float("inf"))  # nobody knows how much of it was luck


def test_what_is_not_known_is_a_gap_in_the_line():
    """A cell without a possible sentence has no mean log-probability, and one with a single sentence no interval."""
    known = Estimate(-2.0, -2.25, -1.5)
    profile = Profile("Learned with p = 0.5", [known, UNKNOWN, ONE_SENTENCE])
    spec = profiles_figure(["all", "10", "1"], [profile], "log p", "k", percent=False)
    refuse_what_json_cannot_hold({"figure": {"data": spec["data"]}})
    (line,) = spec["data"]
    assert list(line["y"]) == [-2.0, None, -1.5]
    assert list(line["error_y"]["array"]) == [0.5, None, None]
    assert list(line["error_y"]["arrayminus"]) == [0.25, None, None]
