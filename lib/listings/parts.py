"""What several programs share: a comment of any length, and the path to this project's own files."""

import textwrap


def comment(text: str) -> str:
    """The text as a comment, wrapped to the width of the listings.

    >>> print(comment("Nothing here is on screen."))
    # Nothing here is on screen.
    """
    return textwrap.fill(text, 118, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


# The storybook's models and its grammar are too large to write into a program. So it says where they are: the zip
# behind "Source code" unpacks to a folder with this name.
SOURCE_FOLDER = """\
import sys
from pathlib import Path

TWO_DICE = Path("two-dice")  # the folder of the source code: unpack the zip from the foot of any page
if not (TWO_DICE / "lib" / "story.py").exists():
    sys.exit(f"There is no source code in {TWO_DICE.resolve()}: put its folder into the line TWO_DICE = ...")
sys.path.insert(0, str(TWO_DICE))
"""
