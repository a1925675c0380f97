"""A room: a code for the class's phones, and how many have come."""

from lib.web.frame import lesson
from lib.web.frame.session import session
from lib.web.rooms.entrance import invitation, two_doors, waiting_room

with lesson.framed("room"), lesson.picture_alone():
    if session.seat is None:
        two_doors()
    elif session.seat.is_teacher:
        invitation(session.seat)
    else:
        waiting_room()
