"""Set before Streamlit and PyTorch are imported."""

import os

# A test wants to see the whole error; a visitor does not.
os.environ["STREAMLIT_CLIENT_SHOW_ERROR_DETAILS"] = "full"
# Small tensors are slower on two threads than on one, above all on a machine that is busy with the browser.
os.environ.setdefault("OMP_NUM_THREADS", "1")
