"""Tables of our speed beside that of a peer in the same run: ``python -m benchmarks NAME [--json]``."""
