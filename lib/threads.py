"""One thread for small matrices: how every computation in this program runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_fast_thread() -> Iterator[None]:
    """Make torch compute on this thread alone and treat denormal numbers as zero, while the block runs.

    Both settings belong to the calling thread and are restored afterwards, so that runs in two threads of one process
    cannot disturb each other, nor anything else that the process does.

    - **One thread**: a product of small matrices takes microseconds, and handing half of it to a second core often
      takes longer than that. To use more cores, train different configs at the same time.
    - **Denormals**: numbers below 1e-38 have fewer digits and are up to 100 times slower on common processors. For
      units that never fire, Adam's moments shrink towards zero and end up there.
    """
    threads = torch.get_num_threads()
    # There is no getter, but half of the smallest normal number is zero if and only if denormals are treated as zero.
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
