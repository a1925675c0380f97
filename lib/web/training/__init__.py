"""The Training page: settings, picture, report, and a table of one's own."""
