"""The recording of a run as it is sent to the browser, whatever the browser asks for."""

import math
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.datasets import make_dataset
from lib.web.runs.worker_pool import Run
from tests.support.apptest import healthy, pictures

POINTS = 5


def picture() -> None:
    import streamlit as st

    from lib.web.runs.recordings import Recording, recording_player
    from lib.web.runs.worker_pool import Run

    run = st.session_state.setdefault("run", Run(lambda: None))  # type: ignore[arg-type,return-value]
    steps, panels = list(range(5)), [{"title": "an arm"}]
    recording_player("picture", run, Recording(steps, {}, None, panels, panels_id="", metric="loss", status=""))


@pytest.fixture
def app() -> AppTest:
    return healthy(AppTest.from_function(picture, default_timeout=30).run())


def answer(app: AppTest, request: Any) -> dict[str, Any]:
    """What is sent to a browser whose last request was this one."""
    app.session_state["picture_request"] = request
    (data,) = pictures(healthy(app.run()), "training")
    return data


@pytest.mark.parametrize(("start", "sent"), [(0, 0), (3, 3), (POINTS, POINTS), (99, POINTS), (-1, 0)])
def test_a_piece_starts_where_the_browser_asks(app: AppTest, start: int, sent: int) -> None:
    data = answer(app, {"run": app.session_state["run"].id, "from": start})
    assert (data["start"], data["step"]) == (sent, list(range(sent, POINTS)))


@pytest.mark.parametrize("forged", ["3", "three", math.nan, math.inf, [3], {"from": 3}, None, True, 2.5])
def test_a_forged_start_is_the_default(app: AppTest, forged: Any) -> None:
    data = answer(app, {"run": app.session_state["run"].id, "from": forged})
    assert (data["start"], data["step"]) == (0, list(range(POINTS)))


@pytest.mark.parametrize("forged", ["text", [1, 2], 7, {"run": ["a"], "from": 3}, {"from": 3}])
def test_a_forged_request_is_none(app: AppTest, forged: Any) -> None:
    data = answer(app, forged)
    assert data["start"] == 0
    assert data["panels"] is not None


def test_panels_travel_once(app: AppTest) -> None:
    (first,) = pictures(app, "training")
    assert first["panels"] == [{"title": "an arm"}]
    request = {"run": first["run"], "from": 2, "panelsId": first["panelsId"]}
    assert answer(app, request)["panels"] is None
    assert answer(app, {**request, "panelsId": "of other settings"})["panels"] is not None


def test_a_run_of_an_earlier_start_of_the_server_is_another_run(app: AppTest) -> None:
    """The first runs of two starts must not be taken for one: the points of both would make one curve."""
    first: str = Run[Any](lambda: None).id
    data = answer(app, {"run": first, "from": 3, "panelsId": f"{first} en "})
    assert data["run"] != first
    assert (data["start"], data["panels"] is None) == (0, False)


def waiting() -> None:
    from lib.training import TrainingConfig
    from lib.web.runs.worker_pool import Run
    from lib.web.training.player import training_player
    from lib.web.training.settings import Settings

    run = Run(lambda: None)  # type: ignore[arg-type,return-value]
    run.watched_at = 1.0  # some page has asked for it
    training_player(run, TrainingConfig(), Settings(), live=not run.over)


def test_a_run_that_waits_shows_points_floor_and_axes() -> None:
    (data,) = pictures(healthy(AppTest.from_function(waiting, default_timeout=30).run()), "training")
    assert (data["count"], data["step"], data["status"]) == (0, [], "Computing the first steps")
    truth = make_dataset("moons", n_train=100, noise=0.25, label_noise=0.1, seed=0)
    assert len(data["panels"]) == 2
    for panel in data["panels"]:
        layout = panel["curves"]["layout"]
        assert layout["xaxis"]["range"] == [0, 2000]
        low, high = panel["range"]
        assert low == 0 < math.log(2) < high < 1  # who knows nothing has the loss log 2
        (floor,) = layout["shapes"]
        assert floor["y0"] == pytest.approx(0.391, abs=0.001)
        first, second, flipped = panel["map"]["data"]
        for trace, chosen in ((first, truth.train_y == 0), (second, truth.train_y == 1), (flipped, truth.flipped)):
            np.testing.assert_allclose(np.transpose([trace["x"], trace["y"]]), truth.train_x[chosen], atol=1e-3)
        (left, right), (bottom, top) = (panel["map"]["layout"][axis]["range"] for axis in ("xaxis", "yaxis"))
        x, y = truth.train_x.T
        assert left < x.min() < x.max() < right
        assert bottom < y.min() < y.max() < top
