"""A chart below a page's picture: a figure of Plotly's that the browser draws when somebody comes near it.

Streamlit's own `plotly_chart` loads Plotly, some 5 MB of script, before the page is painted, and builds every chart
anew whenever a number in it changes. static/two-dice/chart.js does neither.
"""

from typing import Any

from lib.web.elements.component import moving_picture

_mount = moving_picture("chart")
_HEIGHT = 450  # px, Plotly's own


def chart(figure: Any, *, key: str, alt: str, height: int | None = None) -> None:
    """Draw a Plotly figure, as wide as its place and `height` pixels high (or as the figure says).

    `alt` says what it shows, in words and numbers, to those who cannot see it.
    """
    spec = figure.to_dict()
    # Plotly's standard look goes along with every figure, 7 kB; this app's look is in chart.js and in lib/figures.
    layout = {name: value for name, value in spec["layout"].items() if name != "template"}
    height = height or layout.get("height") or _HEIGHT
    _mount(
        key=key,
        height=height,  # the place is kept before anything is loaded
        data={
            "figure": {"data": spec["data"], "layout": layout},
            "height": height,
            "alt": alt,
        },
    )
