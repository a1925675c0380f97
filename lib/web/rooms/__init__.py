"""A room: a class on its phones, and what the teacher shows."""
