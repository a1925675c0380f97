"""One thread for small matrices: how every calculation of this program runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_fast_thread() -> Iterator[None]:
    """Make torch calculate on this thread alone and take denormal numbers for zero, while the block runs.

    Both settings belong to the calling thread, and both are put back, so that two runs in two threads of one process,
    and whatever else the process does, cannot disturb each other.

    - **One thread**: a product of small matrices takes microseconds, and handing half of it to a second core often
      takes longer than that. To use more cores, train different configs at the same time.
    - **Denormals**: numbers below 1e-38 have fewer digits and are up to 100 times slower on common processors. Adam's
      moments shrink towards zero for units that never fire, and end up there.
    """
    threads = torch.get_num_threads()
    # There is no getter; but half of the smallest normal number is zero if and only if denormals are taken for zero.
    flushed = sys.float_info.min / 2 == 0.0
    if threads != 1:
        torch.set_num_threads(1)
    if not flushed:
        torch.set_flush_denormal(True)
    try:
        yield
    finally:
        if not flushed:
            torch.set_flush_denormal(False)
        if threads != 1:
            torch.set_num_threads(threads)
