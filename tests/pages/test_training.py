"""The Training page without a browser: default, every control moved, links good and bad, a table of one's own."""

import io
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

from lib.curves import GrowingSeries, across, to_csv
from lib.datasets import make_dataset
from lib.recorded import recorded_training
from lib.tables import MESSAGES, TableError, example_table_text, load_table
from lib.training import TrainingConfig, train
from lib.web.training.player import TrainingJob, training_runs
from lib.web.training.report import _picture_of
from lib.web.training.settings import LESSONS, MOST_LARGE, Settings, config_of
from lib.web.training.table_upload import refusal
from tests.support.apptest import both_spellings, healthy, open_app_page, pictures, shown, tables, to_its_end, until

SMALL = {"n": "20", "steps": "200", "seeds": "2", "layers": "8"}
EVERY = {
    "data": "circles", "n": "50", "flips": "0.2", "p": "0.25", "noise": "0.15", "p_in": "0.1", "layers": "8",
    "seeds": "2", "steps": "200", "batch": "8", "lr": "0.01", "decay": "0.001", "seed": "7", "metric": "accuracy",
    "log": "true", "noisy": "true",
}  # fmt: skip


def finished(app):
    """Rerun the page until its run is computed; the browser would ask for it."""
    run = training_runs().find(app.session_state["watched"])
    until(lambda: run.over)
    return healthy(app.run())


def player(app):
    (data,) = pictures(app, "training")
    return data


def test_the_page_opens_with_its_recorded_run_and_computes_nothing():
    app = healthy(open_app_page("training"))
    data = player(app)
    assert data["recorded"]
    assert data["complete"]
    assert len(data["step"]) == data["count"] == 101
    assert data["mapsStart"] == 100  # the last map comes first: what the run came to
    assert "Recorded" in shown(app)
    assert "Dropout helped here" in shown(app)
    assert "network steps per second" not in shown(app)  # nothing was computed here, so nothing is said of speed


def test_settings_without_a_recorded_run_show_points_axes_and_floor_and_wait():
    app = healthy(open_app_page("training", p="0.3"))
    data = player(app)
    assert not data["recorded"]
    assert data["complete"]  # the browser has nothing to ask for
    assert data["count"] == 0
    assert data["status"] == ""
    assert "Press **Train**" in shown(app)
    panel = data["panels"][0]
    first, second, flipped = (len(trace["x"]) for trace in panel["map"]["data"])
    assert (first + second, flipped) == (100, 10)
    assert panel["curves"]["layout"]["xaxis"]["range"][1] >= 2000
    assert any(shape["type"] == "line" for shape in panel["curves"]["layout"]["shapes"])  # the floor


def test_the_verdict_and_the_table_say_the_same_numbers():
    app = healthy(open_app_page("training"))
    (numbers,) = (each for each in tables(app) if "Without dropout" in each)
    row = numbers[""].index("Validation loss at the end")
    before, after = (numbers[name][row] for name in ("Without dropout", "With dropout, p = 0.50"))
    assert f"{before} without, {after} with dropout" in shown(app)


def test_train_starts_at_once_and_ends_with_a_verdict_and_the_numbers():
    app = healthy(open_app_page("training", **SMALL))
    next(each for each in app.button if each.label == "Train").click().run()
    app = finished(app)
    data = player(app)
    assert data["complete"]
    assert data["count"] == 101
    assert [panel["title"] for panel in data["panels"]] == ["Without dropout", "With dropout, p = 0.50"]
    assert "Validation loss at the end" in shown(app)
    assert "The floor" in shown(app)


@pytest.mark.parametrize("link", both_spellings("training", **EVERY))
def test_a_link_repeats_every_setting_and_can_start_the_run(link):
    app = finished(healthy(open_app_page("training", train="1", **link)))
    config = app.session_state["watched"]
    assert config == TrainingConfig(
        dataset="circles", n_train=50, noise=0.15, label_noise=0.2, hidden=(8,), rates=(0.0, 0.25), input_rate=0.1,
        members=2, batch_size=8, learning_rate=0.01, weight_decay=0.001, steps=200, seed=7,
    )  # fmt: skip
    assert player(app)["metric"] == "accuracy"
    assert player(app)["panels"][0]["curves"]["layout"]["yaxis"]["type"] == "log"


@pytest.mark.parametrize("nonsense", ["", "NaN", "-1", "1e999", "<script>alert(1)</script>", "\x00", "4.5.6", "null"])
def test_nonsense_in_every_parameter_gives_the_defaults(nonsense):
    app_default = healthy(open_app_page("training"))
    for link in both_spellings("training", **dict.fromkeys(EVERY, nonsense)):
        app = healthy(open_app_page("training", **link))
        for name in both_spellings("training", **EVERY)[1]:
            # An empty choice is nothing chosen, which the page takes for the default too.
            assert app.session_state[name] in (app_default.session_state[name], None), name


def test_every_control_can_be_moved():
    app = healthy(open_app_page("training", **SMALL))
    for slider in app.select_slider:
        before = app.session_state[slider.key]
        healthy(to_its_end(slider).run())
        assert app.session_state[slider.key] > before
    for toggle in app.toggle:
        toggle.set_value(True)
        healthy(app.run())
    for select in app.selectbox:
        for option in select.options:
            select.set_value(option)
            healthy(app.run())
    app.number_input(key="training-seed").set_value(9999)
    healthy(app.run())


def test_when_controls_change_the_old_run_stays_and_the_page_says_so():
    app = finished(healthy(open_app_page("training", train="1", **SMALL)))
    before = player(app)["run"]
    app.select_slider(key="training-p").set_value(0.2).run()
    healthy(app)
    assert player(app)["run"] == before
    assert "You have changed the controls since" in shown(app)


def test_the_same_settings_share_one_run_between_sessions():
    one = finished(healthy(open_app_page("training", train="1", **SMALL)))
    two = healthy(open_app_page("training", train="1", **SMALL))
    assert player(one)["run"] == player(two)["run"]


def test_a_chosen_lesson_fills_the_controls():
    app = healthy(open_app_page("training"))
    lessons = app.menu_button(key="lessons")
    assert len(lessons.options) == len(LESSONS)
    healthy(lessons.click("tiny-network").run())
    assert app.session_state["training-layers"] == "8"
    assert player(app)["recorded"]
    assert "Dropout hurt here" in shown(app)


@pytest.mark.parametrize(
    ("lesson", "outcome"),
    [
        ("noisy-moons", "Dropout helped here"),
        ("noisy-digits", "Dropout helped here"),
        ("more-data", "Dropout made no clear difference here"),
        ("tiny-network", "Dropout hurt here"),
    ],
)
def test_every_lesson_shows_what_its_question_is_about(lesson, outcome):
    app = healthy(open_app_page("training", **{name: str(value) for name, value in LESSONS[lesson].items()}))
    assert player(app)["recorded"]
    assert outcome in shown(app)


def test_where_validation_lies_below_training_the_page_and_the_lesson_say_why():
    """On noisy digits, measured with dropout off: only training labels are wrong, and dropout refuses to learn them."""
    settings = {name: str(value) for name, value in LESSONS["noisy-digits"].items()}
    config = config_of(Settings(**LESSONS["noisy-digits"]))
    made = partial(make_dataset, config.dataset, n_train=config.n_train, noise=config.noise, seed=config.seed)
    data, clean = made(label_noise=config.label_noise), made(label_noise=0.0)
    assert data.flipped.sum() == 200
    assert (data.val_y == clean.val_y).all()
    history = recorded_training(config).history
    without, with_dropout = (history.val_loss - history.train_loss)[-1]  # (E,) each, dropout off for both losses
    assert (without > 0).all()
    assert (with_dropout < 0).all()
    said = "Only training labels were made wrong"
    assert said in shown(healthy(open_app_page("training", **settings)))
    assert said not in shown(healthy(open_app_page("training", **{**settings, "flips": "0"})))
    assert said not in shown(healthy(open_app_page("training")))
    assert f"{said}: with dropout the solid line even ends below" in shown(healthy(open_app_page("training", step="3")))


def test_without_wrong_labels_the_takeaway_does_not_speak_of_them():
    app = healthy(open_app_page("training", flips="0"))
    assert "memorises the wrong labels" not in shown(app)
    assert "Without wrong labels" in shown(app)


def test_pictures_come_with_networks_that_suit_them_unless_somebody_has_chosen_others():
    app = healthy(open_app_page("training"))

    def chosen(data: str) -> tuple[str, str, str]:
        app.selectbox(key="training-data").select(data).run()
        link = healthy(app).session_state["links"]["training"]
        return link.get("n", ""), link.get("layers", ""), link.get("lr", "")

    assert chosen("mnist") == ("1000", "256-256", "0.001")
    assert app.select_slider(key="training-n").value == 1000
    assert chosen("digits") == ("1000", "256-256", "0.001")
    assert chosen("circles") == ("", "", "")
    app.select_slider(key="training-n").set_value(50).run()
    assert chosen("digits") == ("50", "", "")


def test_on_mnist_the_digits_that_the_arms_disagree_on_are_shown():
    app = healthy(open_app_page("training", data="mnist", steps="200", seeds="1", layers="8", n="50"))
    next(each for each in app.button if each.label == "Train").click().run()
    app = finished(app)
    config = app.session_state["watched"]
    assert (config.dataset, config.sizes, config.members) == ("mnist", (784, 8, 10), 1)
    history = next(job for job in (run.job for run in training_runs()._runs.values()) if job.config == config).history
    predicted = history.validation_predictions
    differ = np.flatnonzero(predicted[0] != predicted[1])
    assert len(differ) > 0
    assert f"**{len(differ)}**" in shown(app) or f"{len(differ)} of" in shown(app)
    index, ten = differ[0], [str(digit) for digit in range(10)]
    truth, without, with_it = (ten[each] for each in (history.dataset.val_y[index], *predicted[:, index]))
    images = app.get("image")
    assert len(images) == min(len(differ), 10)
    assert f"{truth}: without {without}, with {with_it}" in str(images[0].proto)
    picture = np.array(Image.open(io.BytesIO(_picture_of(bytes(range(200)) + bytes(584)))))
    assert picture.shape == (112, 112)
    assert picture[::4, ::4].ravel()[:200].tolist() == list(range(200))


@pytest.mark.parametrize(("layers", "members"), [("256-256", MOST_LARGE), ("64-64", 16)])
def test_of_large_networks_on_mnist_fewer_are_trained_and_the_page_says_so(layers, members):
    app = healthy(open_app_page("training", data="mnist", seeds="16", layers=layers, n="1000", batch="128"))
    assert config_of(Settings(data="mnist", seeds=16, layers=layers)).members == members
    assert ("at most 6 networks" in shown(app)) == (members == MOST_LARGE)
    assert config_of(Settings(data="digits", seeds=16, layers=layers)).members == 16


def upload(app, content: bytes, name: str = "own.csv"):
    app.file_uploader(key="file").set_value((name, content, "text/csv"))
    return healthy(app.run())


def test_a_table_of_ones_own_is_trained_on_and_has_no_floor():
    app = healthy(open_app_page("training", data="csv", steps="200", seeds="2", layers="8"))
    train = next(each for each in app.button if each.label == "Train")
    assert train.disabled
    app = upload(app, example_table_text().encode())
    assert "60 rows" in shown(app)
    next(each for each in app.button if each.label == "Train").click().run()
    app = finished(app)
    assert app.session_state["watched"].table == load_table(example_table_text().encode())
    assert "Nobody knows the source of this data" in shown(app)


def test_a_refused_table_says_what_is_wrong_in_which_line_and_loses_nothing():
    app = healthy(open_app_page("training", data="csv", p="0.3"))
    app = upload(app, "\n".join(["length,width,label", "<b>wide</b>,1,small", *["1,2,large"] * 30]).encode())
    assert "Line 2" in app.error[0].value
    assert "is not a number" in app.error[0].value
    assert "<b>" not in app.error[0].value.replace("\\<b\\>", "")
    assert app.session_state["training-p"] == 0.3


@pytest.mark.parametrize("code", MESSAGES)
def test_every_refusal_has_a_message(code):
    app = healthy(open_app_page("training"))
    assert app
    error = TableError(code, line=3, column="a", value="b", found=4, expected=5)
    assert "{" not in refusal(error)


def test_the_csv_of_the_curves_holds_every_number():
    config = TrainingConfig(n_train=20, hidden=(8,), members=2, steps=20, recordings=4)
    history = train(config)
    lines = to_csv(history, config.rates).splitlines()
    assert lines[0] == "step,dropout,member,train_loss,val_loss,train_accuracy,val_accuracy,train_loss_dropout"
    assert len(lines) == 1 + len(history.step) * 2 * 2
    last = lines[-1].split(",")
    assert float(last[4]) == pytest.approx(float(history.val_loss[-1, 1, 1]), rel=1e-5)


def test_the_job_advances_to_its_end():
    job = TrainingJob(TrainingConfig(n_train=20, hidden=(8,), members=1, steps=50))
    while not job.done:
        job.advance()
    assert job.step == job.steps == 50
    assert job.history is job.history  # made once for all who look at it
    assert job.ending is job.ending


def test_two_who_watch_get_the_same_curves_wherever_they_are():
    job = TrainingJob(TrainingConfig(n_train=20, hidden=(8,), members=3, steps=60, recordings=20))
    seen: list[dict[str, list[float | None]]] = []
    while not job.done:
        seen.append(job.series(job.history))
        job.advance()
    whole = job.series(job.history)
    assert len(whole["val_loss.0.mean"]) == 21
    for earlier in seen:  # who came at the start, and who comes at the end
        assert earlier == {name: values[: len(earlier[name])] for name, values in whole.items()}
    for arm in (0, 1):
        losses = job.history.val_loss[:, arm]  # (T, E)
        exact = {"mean": losses.mean(1), "low": np.quantile(losses, 0.25, 1), "high": np.quantile(losses, 0.75, 1)}
        for name, values in exact.items():
            np.testing.assert_allclose(whole[f"val_loss.{arm}.{name}"], values, rtol=5e-4)


@pytest.mark.parametrize("members", [1, 2, 3, 4, 5, 8, 16])
def test_means_and_quantiles_are_those_of_numpy(members):
    values = np.random.default_rng(members).normal(size=(7, 2, members))
    values[0, 0, 0] = np.nan
    low, high = np.quantile(values, [0.25, 0.75], axis=2)
    found = across(values)
    np.testing.assert_allclose(found["low"], low, rtol=1e-12)
    np.testing.assert_allclose(found["mean"], values.mean(2), rtol=1e-12)
    np.testing.assert_allclose(found["high"], high, rtol=1e-12)


def test_what_is_no_number_or_infinite_is_sent_as_nothing():
    history = train(TrainingConfig(n_train=20, hidden=(8,), members=2, steps=20, recordings=2))
    broken = replace(history, val_loss=np.full_like(history.val_loss, np.inf))
    sent = GrowingSeries().between(broken, 0, 3)
    assert sent["val_loss.0.mean"] == [None, None, None]
    assert sent["train_loss_dropout.0.mean"][0] is None  # nothing is seen before the first step
    assert json.loads(json.dumps(sent, allow_nan=False)) == sent
