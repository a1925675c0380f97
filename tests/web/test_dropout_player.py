"""Where the Dropout page's picture rests, the table follows; whatever else a browser sends changes nothing."""

import math
from typing import Any

import pytest

from lib.web.dropout import player


@pytest.mark.parametrize(
    ("rest", "changes"),
    [
        *((at, [{"at": at}]) for at in (1, 4, player.MAX_PASSES)),
        *((forged, []) for forged in (0, -1, 1001, True, 2.0, math.nan, "4", [4], {"at": 4}, None)),
    ],
)
def test_the_table_follows_a_pass_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, rest: Any, changes: list[dict[str, int]]
) -> None:
    made: list[dict[str, int]] = []
    monkeypatch.setattr(player, "change", lambda **values: made.append(values))
    monkeypatch.setattr(player.st, "session_state", {"network_player": {"rest": rest}})
    player._follow()
    assert made == changes


def test_a_picture_that_has_gone_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player.st, "session_state", {})
    player._follow()
