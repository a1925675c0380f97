"""PyTorch takes a second to import: it is done while the first visitor reads, not when the first picture needs it."""

import functools
import os
import sys
import threading
from importlib import import_module

# Read by PyTorch when it is imported. A page's tensors are small, and handing half of one to a second thread takes
# longer than working on it; the other cores are for other visitors.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# After the page has been painted: importing takes a processor, which the page's own scripts may need until then.
SECONDS = 2.0
NEEDED = ("lib.training", "lib.language_model", "lib.pictured_network")


@functools.cache
def import_pytorch_soon() -> threading.Timer | None:
    """Import PyTorch and what uses it in a thread of its own, once per server, unless a page has done so before."""
    if "torch" in sys.modules:
        return None
    timer = threading.Timer(SECONDS, lambda: [import_module(name) for name in NEEDED])
    timer.daemon = True
    timer.start()
    return timer
