"""A chart below a page's picture: a figure in Plotly's words that the browser draws when somebody comes near it.

Streamlit's own `plotly_chart` loads Plotly, some 5 MB of script, before the page is painted, and builds every chart
anew whenever a number in it changes. static/two-dice/chart.js does neither.
"""

from lib.figures.figure import Figure
from lib.web.elements.component import moving_picture
from lib.web.frame.language import percentage, separators

_mount = moving_picture("chart")
_HEIGHT = 450  # px, Plotly's own
_FOOT = 16  # px under it for the button that saves it, which is a little higher


def chart(figure: Figure, *, key: str, alt: str, height: int | None = None) -> None:
    """Draw a figure, as wide as its place and `height` pixels high (or as the figure says).

    `alt` says what it shows, in words and numbers, to those who cannot see it.
    """
    height = height or figure["layout"].get("height") or _HEIGHT
    _mount(
        key=key,
        height=height + _FOOT,  # the place is kept before anything is loaded
        data={
            "figure": figure,
            "separators": separators(),
            "percentage": percentage(),
            "height": height,
            "alt": alt,
        },
    )
