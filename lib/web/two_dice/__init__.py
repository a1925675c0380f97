"""The Two dice page: settings, runs, table, report, and training."""
