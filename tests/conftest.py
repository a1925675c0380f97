"""Set before Streamlit is imported: a test wants to see the whole error, a visitor does not."""

import os

os.environ["STREAMLIT_CLIENT_SHOW_ERROR_DETAILS"] = "full"
