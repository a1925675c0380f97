"""What several programs have in common: a comment of any length, and the way to this project's own files."""

import textwrap


def comment(text: str) -> str:
    """The text as lines of a comment that fit beside the page's other code.

    >>> print(comment("Nothing here is on screen."))
    # Nothing here is on screen.
    """
    return textwrap.fill(text, 118, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


# The storybook's models and its grammar are too large to be written into a program. So it says where they are: the zip
# behind "Source code" unpacks to a folder of this name.
SOURCE_FOLDER = """\
import sys
from pathlib import Path

TWO_DICE = Path("two-dice")  # write here where the source code is: unpack the zip from the foot of any page
if not (TWO_DICE / "lib" / "story.py").exists():
    sys.exit(f"There is no source code in {TWO_DICE.resolve()}: write where it is into the line TWO_DICE = ...")
sys.path.insert(0, str(TWO_DICE))
"""
