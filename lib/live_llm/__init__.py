"""A real language model that runs here, in a process of its own, and answers what may come next after any text."""
