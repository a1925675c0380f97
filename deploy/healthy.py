"""Whether the app in this container answers: ends with 0 if it does. The health check of the Dockerfile."""

import os
import sys
import urllib.request

base = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
port = os.environ.get("STREAMLIT_SERVER_PORT", "8501")
address = f"http://127.0.0.1:{port}/{base}{'/' if base else ''}_stcore/health"
try:
    urllib.request.urlopen(address, timeout=3).close()
except OSError as error:
    sys.exit(f"{address}: {error}")
