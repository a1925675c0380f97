"""Background runs: the worker pool, how far a run is, and recordings that a browser plays."""
