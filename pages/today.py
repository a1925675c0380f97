"""Today: with enough data and one epoch you can leave dropout out; nobody leaves the sampling out."""

from importlib import import_module

from lib.web.frame import lesson

frame = lesson.framed("today")  # first of all: the heading is there while the rest is imported

from lib.web.elements.controls import Controls
from lib.web.frame.language import _, prose
from lib.web.today.settings import PARTS, Settings


@lesson.fragment
def look() -> None:
    """The chosen part with its controls."""
    controls = Controls(Settings, texts=("text",))
    part = controls.segmented(
        "part",
        _("Look at"),
        captions={
            "history": _("What happened since 2012?"),
            "models": _("Which models train with dropout?"),
            "places": _("Where does dropout sit in a transformer?"),
            "data": _("When does it stop helping?"),
            "paper": _("What did the paper of 2014 measure, and what comes out on small digits?"),
            "schedules": _("Must the rate stay the same during the training?"),
            "instead": _("What else keeps a network from memorising?"),
        },
    )
    show_part = getattr(import_module(f"lib.web.today.{PARTS[part]}"), f"{part}_part")
    listing = show_part(controls)
    lesson.link_here()
    lesson.takeaway(prose("today", "takeaway"))
    lesson.code(listing)


with frame:
    lesson.predict(
        "today",
        _("A model may read each sentence only once, and there are billions. Does it need dropout?"),
        {"more": _("more than ever"), "as-ever": _("as much as ever"), "less": _("hardly")},
    )
    look()
