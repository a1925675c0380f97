"""What a host may want to measure, beside what Streamlit counts: at ``/_stcore/metrics``, as Prometheus reads it.

two_dice_events_total{event="run_finished",kind="training"} 12
two_dice_runs{state="waiting"} 3
two_dice_rooms 1
"""

import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress

from streamlit.runtime import get_instance
from streamlit.runtime.stats import CounterStat, GaugeStat, Stat

from lib.web.logs import counted
from lib.web.rooms.here import rooms
from lib.web.rooms.store import RoomsUnreachableError
from lib.web.runs.worker_pool import WORKER_POOL
from lib.web.server import serves

EVENTS, RUNS, ROOMS = "two_dice_events", "two_dice_runs", "two_dice_rooms"


class Statistics:
    """Ours among the statistics of the server: Streamlit's ``StatsProvider``."""

    stats_families: Sequence[str] = (EVENTS, RUNS, ROOMS)

    def get_stats(self, family_names: Sequence[str] | None = None) -> Mapping[str, Sequence[Stat]]:
        """The families that are asked for, or all."""
        families = {EVENTS: _events, RUNS: _runs, ROOMS: _rooms}
        return {name: families[name]() for name in family_names or self.stats_families if name in families}


def _events() -> list[Stat]:
    text = "What has happened since the server was started, as its log has it."
    return [
        CounterStat(EVENTS, count, {"event": name} | ({"kind": kind} if kind else {}), help=text)
        for (name, kind), count in sorted(counted().items())
    ]


def _runs() -> list[Stat]:
    computing, waiting = WORKER_POOL.counts()
    text = "Background runs that take turns, and those that wait for their first."
    return [
        GaugeStat(RUNS, count, {"state": state}, help=text)
        for state, count in (("computing", computing), ("waiting", waiting))
    ]


def _rooms() -> list[Stat]:
    with suppress(RoomsUnreachableError):
        return [GaugeStat(ROOMS, rooms().store.count(), help="Rooms that are open, on all replicas.")]
    return []


@functools.cache
def publish_statistics() -> None:
    """Add ours to the server's statistics, once per server."""
    if serves():
        get_instance().stats_mgr.register_provider(Statistics())
