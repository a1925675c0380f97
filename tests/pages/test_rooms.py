"""A room as Streamlit runs it: a teacher's page and guests' pages, each a session of its own, on one server."""

import pytest

from lib.web.quiz.questions import questions
from lib.web.rooms import here
from lib.web.rooms.room import Rooms, View
from lib.web.rooms.store import RoomsInProcess, RoomsUnreachableError
from tests.support.apptest import address, charts, healthy, open_app_page, shown


@pytest.fixture(autouse=True)
def rooms(monkeypatch) -> Rooms:
    """The rooms of a server that has just been started."""
    rooms = Rooms(RoomsInProcess())
    monkeypatch.setattr(here, "rooms", lambda: rooms)
    for module in ("row", "votes"):
        monkeypatch.setattr(f"lib.web.rooms.{module}.rooms", lambda: rooms)
    for module in ("dropout.ensemble", "dropout.player", "top_k.class_draws", "quiz.asking"):
        monkeypatch.setattr(f"lib.web.{module}.rooms", lambda: rooms)
    return rooms


def opened(page, **query):
    return healthy(open_app_page("app.py" if page == "home" else page, lang="en", **query))


def goes_to(app, page):
    app.switch_page("app.py" if page == "home" else f"pages/{page}.py")
    return healthy(app.run())


def follows(app):
    """The next look at the room, and what the browser does then: it takes the link to the teacher's page."""
    healthy(app.run())
    going = app.session_state["going"] if "going" in app.session_state else None  # noqa: SIM401
    return goes_to(app, going) if going else app


@pytest.fixture
def teacher():
    app = opened("room")
    return healthy(app.button(key="open-room").click().run())


@pytest.fixture
def code(teacher):
    return teacher.session_state["seat"].code


def test_the_teacher_s_page_shows_a_code_and_how_many_have_come(teacher, code):
    assert teacher.header[0].value == code
    assert f"?room={code}" in teacher.code[0].value
    assert "0 phones are here" in shown(teacher)
    opened("home", room=code)
    assert "1 phone is here" in shown(healthy(teacher.run()))


def test_who_joins_lands_on_the_teacher_s_page_and_step_with_the_teacher_s_settings(teacher, code):
    goes_to(teacher, "training")
    teacher.select_slider(key="training-p").set_value(0.3)
    healthy(teacher.run())
    guest = follows(opened("home", room=code))
    assert guest.session_state["page"] == "training"
    assert guest.session_state["training-p"] == 0.3
    assert "You are number 1." in shown(guest)

    goes_to(teacher, "dropout")
    healthy(teacher.button(key="icon-format_list_numbered").click().run())
    healthy(teacher.button(key="step-after-button").click().run())
    healthy(teacher.button(key="step-after-button").click().run())
    follows(guest)
    assert guest.session_state["page"] == "dropout"
    assert guest.session_state["dropout-p"] == 0.9
    assert "Bench nine in ten." in shown(guest)
    assert "Step 3 of" not in shown(guest)  # the teacher takes the steps


def test_a_code_may_be_typed_and_a_wrong_one_is_answered_in_words(code):
    guest = opened("room")
    for wrong, words in (("BCD", "no room of this code"), ("<b>x</b>", "no room of this code")):
        guest.text_input(key="letters").set_value(wrong)
        healthy(guest.button(key="FormSubmitter:join-Join").click().run())
        assert words in shown(guest)
        assert "seat" not in guest.session_state or guest.session_state["seat"] is None
    guest.text_input(key="letters").set_value(f" {code.lower()[:2]} {code.lower()[2:]}")
    healthy(guest.button(key="FormSubmitter:join-Join").click().run())
    assert "You are number 1." in shown(guest)


def test_a_guest_may_explore_and_follow_again(teacher, code):
    goes_to(teacher, "dropout")
    guest = follows(opened("home", room=code))
    goes_to(guest, "top_k")
    assert guest.session_state["following"] is False
    teacher.select_slider(key="dropout-p").set_value(0.2)
    healthy(teacher.run())
    follows(guest)
    assert guest.session_state["page"] == "top_k"
    healthy(guest.button(key="follow-again").click().run())
    follows(guest)
    assert guest.session_state["page"] == "dropout"
    assert guest.session_state["dropout-p"] == 0.2


def test_a_guest_who_moves_a_control_keeps_it_until_the_teacher_goes_on(teacher, code):
    goes_to(teacher, "dropout")
    guest = follows(opened("home", room=code))
    guest.select_slider(key="dropout-p").set_value(0.8)
    follows(guest)
    assert guest.session_state["dropout-p"] == 0.8
    healthy(teacher.run())
    follows(guest)
    assert guest.session_state["dropout-p"] == 0.8
    teacher.select_slider(key="dropout-p_in").set_value(0.1)
    healthy(teacher.run())
    follows(guest)
    assert (guest.session_state["dropout-p"], guest.session_state["dropout-p_in"]) == (0.5, 0.1)


def test_a_run_that_the_teacher_starts_is_watched_by_all(teacher, code):
    goes_to(teacher, "training")
    guest = follows(opened("home", room=code))
    next(each for each in teacher.button if each.label == "Train").click()
    healthy(teacher.run())
    follows(guest)
    assert address(guest)["train"] == "1"
    assert guest.session_state["runs"] == teacher.session_state["runs"]


def test_guesses_are_votes_that_the_teacher_reveals(teacher, code):
    goes_to(teacher, "dropout")
    guests = [follows(opened("home", room=code)) for _ in range(3)]
    for guest, option in zip(guests, ("same", "other", "other"), strict=True):
        guest.pills[0].set_value(option)
        healthy(guest.run())
    healthy(teacher.run())
    assert "3 of 3 have answered." in shown(teacher)
    assert "What the picture shows" not in shown(teacher)
    healthy(teacher.button(key="reveal").click().run())
    assert "perhaps a different one" in shown(teacher)
    bars = [each.proto.text for each in teacher.get("progress")]
    assert bars == [
        "the same: 1 (33%)",
        "nearly the same: 0 (0%)",
        ":material/check_circle: perhaps a different one: 2 (67%)",
    ]
    healthy(teacher.button(key="reveal").click().run())
    assert "What the picture shows" not in shown(teacher)
    healthy(teacher.button(key="ask-again").click().run())
    assert "0 of 3 have answered." in shown(teacher)
    assert "have answered" not in shown(guests[0])


def test_the_quiz_is_answered_on_the_phones_and_explained_when_the_teacher_reveals(teacher, code):
    goes_to(teacher, "quiz")
    question = questions("en")[0]
    guests = [follows(opened("home", room=code)) for _ in range(2)]
    options = [question.right, (question.right + 1) % len(question.options)]
    for guest, option in zip(guests, options, strict=True):
        healthy(guest.button(key=f"option-{option + 1}").click().run())
        assert "Your teacher will reveal what is right." in shown(guest)
        assert question.why not in shown(guest)
    healthy(teacher.run())
    assert "2 of 2 have answered." in shown(teacher)
    assert question.why not in shown(teacher)
    healthy(teacher.button(key="reveal").click().run())
    assert question.why in shown(teacher)
    bars = [each.proto.text for each in teacher.get("progress")]
    assert [bar.partition(" (")[2] for bar in bars].count("50%)") == 2
    assert [":material/check_circle:" in bar for bar in bars].index(True) == question.right
    for guest, said in zip(guests, ("Right.", "Not right."), strict=True):
        assert said in shown(healthy(guest.run()))
        assert question.why in shown(guest)
    healthy(teacher.button(key="step-after-question").click().run())
    follows(guests[0])
    assert "Question 2 of" in shown(guests[0])
    app = goes_to(teacher, "room")
    app.session_state["links"] = {**app.session_state["links"], "quiz": {"q": str(len(questions("en")) + 1)}}
    goes_to(app, "quiz")
    assert "50%" in "".join(each.value for each in app.get("html")) or "50%" in shown(app)


@pytest.mark.parametrize(("page", "answer"), [("quiz", "option-1"), ("questions", "option-1"), ("questions", "show")])
def test_a_teacher_who_has_revealed_may_answer_too(teacher, code, page, answer):
    goes_to(teacher, page)
    healthy(teacher.button(key="reveal").click().run())
    healthy(teacher.button(key=answer).click().run())
    assert len([each for each in teacher.get("page_link") if each.proto.label.startswith("See it")]) == 2


def test_a_question_is_a_poll_and_the_teacher_shows_its_experiment_to_all(teacher, code):
    goes_to(teacher, "questions")
    guests = [follows(opened("home", room=code)) for _ in range(2)]
    for guest, option in zip(guests, (1, 2), strict=True):
        healthy(guest.button(key=f"option-{option}").click().run())
        assert "Your teacher will reveal what is right." in shown(guest)
        assert not charts(guest)
    healthy(teacher.run())
    assert "2 of 2 have answered." in shown(teacher)
    assert not charts(teacher)
    healthy(teacher.button(key="show").click().run())
    assert charts(teacher)
    for guest in guests:
        follows(guest)
        assert charts(guest)
    healthy(teacher.button(key="step-after-question").click().run())
    follows(guests[0])
    assert "Question 2 of" in shown(guests[0])
    assert not charts(guests[0])


def test_each_phone_has_dice_of_its_own_and_the_projector_their_average(teacher, code, rooms):
    goes_to(teacher, "dropout")
    guests = [follows(opened("home", room=code)) for _ in range(3)]
    assert [guest.session_state["dropout-seed"] for guest in guests] == [1, 2, 3]
    assert teacher.session_state["dropout-seed"] == 0
    rooms.bench(guests[1].session_state["seat"], "1.3")
    teacher.segmented_control(key="class-view").set_value("class")
    healthy(teacher.run())
    assert "Phones: 3, each of them a thinned network." in shown(teacher)


def test_each_phone_draws_one_word_and_the_projector_piles_them_up(teacher, code):
    goes_to(teacher, "top_k")
    guests = [follows(opened("home", room=code)) for _ in range(3)]
    teacher.segmented_control(key="class-view").set_value("class")
    assert "Nobody has drawn yet." in shown(healthy(teacher.run()))
    for guest in guests:
        healthy(guest.button(key="draw-my-word").click().run())
    guests[0].button(key="draw-my-word").click()
    healthy(guests[0].run())
    assert [guest.session_state["top_k-seed"] for guest in guests] == [201, 2, 3]
    assert "Words drawn by the class: 4." in shown(healthy(teacher.run()))
    teacher.select_slider(key="top_k-k").set_value(5)
    assert "Nobody has drawn yet." in shown(healthy(teacher.run()))  # from another distribution


def test_what_a_guest_does_changes_nothing_for_the_class(teacher, code, rooms):
    goes_to(teacher, "dropout")
    shown_before = rooms.view(code)
    guest = follows(opened("home", room=code))
    guest.select_slider(key="dropout-p").set_value(0.9)
    goes_to(healthy(guest.run()), "today")
    assert rooms.view(code) == shown_before == View("dropout")
    assert not [each for each in guest.button if each.key in ("reveal", "ask-again", "open-room")]


def test_who_leaves_keeps_the_page_and_a_closed_room_says_so(teacher, code):
    goes_to(teacher, "dropout")
    leaver, stayer = (follows(opened("home", room=code)) for _ in range(2))
    healthy(leaver.button(key="icon-logout").click().run())
    assert leaver.session_state["seat"] is None
    assert "Room" not in shown(leaver)
    healthy(teacher.button(key="icon-logout").click().run())
    follows(stayer)
    assert "The room has been closed." in shown(stayer)
    assert stayer.session_state["page"] == "dropout"


def test_without_redis_the_lesson_goes_on(teacher, code, rooms, monkeypatch):
    goes_to(teacher, "dropout")
    guest = follows(opened("home", room=code))

    def fails(*_args: object) -> None:
        raise RoomsUnreachableError

    for name in ("open", "exists", "touch", "close", "read", "write", "clear", "seat", "failures"):
        monkeypatch.setattr(rooms.store, name, fails)
    for app in (teacher, guest):
        app.select_slider(key="dropout-p").set_value(0.7)
        healthy(app.run())
        assert "Rooms are out of reach" in shown(app)
        assert app.session_state["dropout-p"] == 0.7
    guest.pills[0].set_value("same")
    healthy(guest.run())
    healthy(teacher.button(key="icon-logout").click().run())
    newcomer = opened("room", room=code)
    assert "Rooms are out of reach" in shown(newcomer)


def test_too_many_rooms_and_guesses_are_said_in_words(rooms):
    for _ in range(100):
        rooms.open()
    app = opened("room")
    healthy(app.button(key="open-room").click().run())
    assert "as many rooms open as it may" in shown(app)
    for _ in range(5):
        rooms.store.failures(1)
    assert "Too many wrong codes" in shown(opened("home", room="BCDF"))
