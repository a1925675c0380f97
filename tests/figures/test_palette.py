"""Colours can be seen on both backgrounds and told apart."""

import tomllib
from pathlib import Path

import pytest

from lib.figures import palette

THEMES = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text())["theme"]
COLOURS = [palette.LEARN, palette.SPEAK, palette.FLOOR, palette.HELPED, palette.HURT, *palette.CLASSES]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_a_figure_has_a_contrast_of_3_to_1_on_both_backgrounds(colour, theme):
    assert contrast(colour, THEMES[theme]["backgroundColor"]) >= 3
