"""Run the app's pages without a browser."""

import threading
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

PATIENCE = 60  # seconds: the first run of a page imports PyTorch


def open_app_page(page: str = "app.py", **query: str) -> AppTest:
    """A new visitor opens a link to this page."""
    app = AppTest.from_file("../app.py", default_timeout=PATIENCE)
    app.query_params.update(query)
    if page != "app.py":
        app.switch_page(f"pages/{page}.py")
    return app.run()


def healthy(app: AppTest) -> AppTest:
    """Assert that no exception reached the page, and give the page back."""
    assert not app.exception, [each.value for each in app.exception]
    return app


def shown(app: AppTest) -> str:
    """All text on the page."""
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.info,
        app.success,
        app.warning,
        app.error,
    )
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what another thread is about to do."""
    pause = threading.Event()
    for _ in range(int(seconds * 100)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")
