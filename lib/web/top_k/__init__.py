"""The Top-k page: settings, picture, report."""
