"""One meaning for each colour on all pages. All are readable on white and on near-black, also for the colour-blind.

Each colour has a contrast of at least 3:1 against both backgrounds in ``.streamlit/config.toml``
(tests/figures/test_palette.py computes it), so a figure needs no second version for the dark theme.
"""

LEARN = "#2a86c7"  # the learning die, and everything of training
SPEAK = "#cf6a10"  # the speaking die, and everything of inference
FLOOR = "#7b828c"  # the best that any model can reach; axes and other quiet things
GRID = "rgba(125,125,125,0.25)"
# One for each class that data may have (lib/tables.py); the toys use the first two. Each is as far as possible from the
# ones before it, also for people who cannot tell red from green.
CLASSES = (
    *("#8b5fc0", "#1f9a70", "#c9691e", "#e460cc", "#786030", "#3054e4", "#186c84", "#e46c78", "#6090e4", "#cc249c"),
    *("#a83c6c", "#cc2418", "#4860b4", "#b4849c", "#a83ce4", "#189cc0", "#9c6054", "#9c7848", "#9c489c", "#cc8418"),
)
HELPED, HURT = "#1f9a70", "#d0566b"
TEXT_SIZE = 15  # px: nothing inside a figure is smaller than 14 at 1280 x 720
