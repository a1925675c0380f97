"""What is set once per server: threads share one heap, and PyTorch is imported while the first visitor reads."""

import ctypes
import functools
import os
import sys
import threading
from importlib import import_module

# Read by PyTorch when it is imported. A page's tensors are small, and handing half of one to a second thread takes
# longer than working on it; the other cores are for other visitors.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Linux's C library gives each thread a heap of its own, up to eight for each core. Every rerun is a thread, and what
# one has freed the next one cannot use: after a class of forty, 20 MB more stay taken. Python's lock lets few threads
# allocate at once, so one heap is enough. (-8 is M_ARENA_MAX in malloc.h; only GNU's library has it.)
if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(-8, 1)

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
