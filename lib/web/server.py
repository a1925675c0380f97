"""What is set once for the whole process of a server, each with the figure that keeps it. Nothing else tunes it."""

import ctypes
import functools
import gc
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from ipaddress import ip_address

# Read by PyTorch when it is imported. A page's tensors are small, and handing half of one to a second thread takes
# longer than working on it: with two, a product of 12 microseconds took up to 7 ms under load.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Linux's C library gives each thread a heap of its own, up to eight for each core. Every rerun is a thread, and what
# one has freed the next one cannot use: after a class of forty, 20 MB more stay taken. Python's lock lets few threads
# allocate at once, so one heap is enough. (-8 is M_ARENA_MAX in malloc.h; only GNU's library has it.)
if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(-8, 1)

# ------------------------------------------------------------------------------------------------------------- cores
#
# Python's lock lets one thread run at a time, and a rerun hands it over two hundred times, to the server's event loop
# and back. To a thread that sleeps on another core that takes many times as long as to one on the same core: on two
# cores of their own, forty visitors waited twice as long (`python -m benchmarks server`). So all pages share a core.
#
# A background run computes in PyTorch, without that lock, for most of its time. It has the other cores: with all of
# them to choose from, a page's rerun beside it took 33 ms in place of 18 (medians; p95 57 and 28). And it has the
# priority of the pages. With a lower one, other programs kept it from the processor while it held the lock, and
# everybody waited: at nice 10 and on the pages' core, beside four busy processes on two cores, a lesson took two to
# three times as long, and the server six to eight seconds to end. `python -m benchmarks busy` measures it.


def _number() -> int:
    """What differs between the servers on one machine, so that each takes another core: their process ids.

    In a container the id is 1. There it is the address, which Docker gives out one after the other.
    """
    if os.getpid() == 1:
        with suppress(OSError):
            return int(ip_address(socket.gethostbyname(socket.gethostname())))
    return os.getpid()


_CORES = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
_OF_PAGES = set(_CORES[_number() % len(_CORES) :][:1]) if _CORES else set()
_OF_RUNS = set(_CORES) - _OF_PAGES or _OF_PAGES


def serves() -> bool:
    """Whether this process is a server, and no test or script."""
    return "streamlit.web.bootstrap" in sys.modules


def _chooses_cores() -> bool:
    """Whether this is a server on Linux, which alone can give a thread its cores."""
    return sys.platform == "linux" and serves()


@functools.cache
def share_a_core() -> None:
    """Keep all threads of this server, and those that they will start, on one core, once and for all."""
    for thread in threading.enumerate() if _chooses_cores() else ():
        if thread.native_id is not None:
            _use(thread.native_id, _OF_PAGES)


def use_the_cores_of_runs() -> None:
    """Move the calling thread, which computes background runs, off the pages' core, if there is another."""
    if _chooses_cores():
        _use(threading.get_native_id(), _OF_RUNS)


def _use(thread: int, cores: set[int]) -> None:
    with suppress(OSError):  # it has ended, or the host does not allow it
        os.sched_setaffinity(thread, cores)


# ----------------------------------------------------------------------------------------------------------- PyTorch

# After the page has been painted: importing takes a processor, which the page's own scripts may need until then.
SECONDS = 2.0
NEEDED = ("lib.training", "lib.language_model", "lib.pictured_network")


@functools.cache
def import_pytorch_soon() -> threading.Timer | None:
    """Import PyTorch and what uses it in a thread of its own, once per server, unless a page has done so before.

    Whoever opens the first page that needs it would otherwise wait for it, 0.9 s.
    """
    if "torch" in sys.modules:
        return None
    timer = threading.Timer(SECONDS, lambda: [import_module(name) for name in NEEDED])
    timer.daemon = True
    timer.start()
    return timer


# ------------------------------------------------------------------------------------------------------------ memory


def freeze_imports() -> None:
    """Take what the imports made out of the garbage collector's sight, once per server and once more after PyTorch.

    A host may override ``runner.postScriptGC``, and then Streamlit collects after every rerun: 116 ms with PyTorch, and
    10 ms with what lives for ever frozen.
    """
    _freeze("torch" in sys.modules)


@functools.cache  # True and False
def _freeze(with_torch: bool) -> None:
    gc.collect()
    gc.freeze()


_gave_back = 0.0  # when, by the monotonic clock


def give_memory_back(*, not_within: float = 0.0) -> None:
    """Return to the system what a run, or a class that has left, has let go of, unless that was done just now.

    Linux's C library would keep it, 55 MB after six of the largest runs. It holds everybody up for some 50 ms.
    """
    global _gave_back
    if time.monotonic() - _gave_back < not_within:
        return
    _gave_back = time.monotonic()
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None  # only GNU's library has it
    if trim is not None:
        trim(0)
