"""The Dropout page: settings, picture, report."""
