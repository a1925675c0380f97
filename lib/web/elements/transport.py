"""The words on the controls of every moving picture (static/two-dice/parts/transport.js)."""

from lib.web.frame.language import _


def transport_labels() -> dict[str, str]:
    """The labels of play, pause, step, scrub and speed in the person's language."""
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "start": _("Back to the start"),
        "back": _("One step back"),
        "forward": _("One step forward"),
        "scrub": _("Position"),
        "speed": _("Speed"),
        "position": _("{i} of {n}"),
    }
