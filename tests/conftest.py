"""Set before PyTorch is imported."""

import os

# Small tensors are slower on two threads than on one, above all on a machine that is busy with the browser.
os.environ.setdefault("OMP_NUM_THREADS", "1")
