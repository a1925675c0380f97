"""What is set once per server: threads share one heap and one core, and PyTorch is imported while the first visitor
reads."""

import ctypes
import functools
import os
import sys
import threading
from contextlib import suppress
from importlib import import_module

# Read by PyTorch when it is imported. A page's tensors are small, and handing half of one to a second thread takes
# longer than working on it; the other cores are for other visitors.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Linux's C library gives each thread a heap of its own, up to eight for each core. Every rerun is a thread, and what
# one has freed the next one cannot use: after a class of forty, 20 MB more stay taken. Python's lock lets few threads
# allocate at once, so one heap is enough. (-8 is M_ARENA_MAX in malloc.h; only GNU's library has it.)
if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(-8, 1)


@functools.cache
def share_a_core() -> None:
    """Keep all threads of this server, and those that they will start, on one core, once and for all. Linux alone can.

    Python's lock lets one thread run at a time, and a rerun hands it over two hundred times, to the server's event loop
    and back. To a thread that sleeps on another core that takes many times as long as to one on the same core: without
    this, forty visitors waited twice as long (``python -m benchmarks server``, two cores).
    """
    if sys.platform != "linux" or "streamlit.web.bootstrap" not in sys.modules:  # a test or a script runs the page
        return
    cores = sorted(os.sched_getaffinity(0))
    core = cores[os.getpid() % len(cores)]  # servers on one machine do not all choose the same
    for thread in threading.enumerate():
        if thread.native_id is not None:
            with suppress(OSError):  # it has ended, or the host does not allow it
                os.sched_setaffinity(thread.native_id, {core})


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
