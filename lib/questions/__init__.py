"""Questions that people ask about the two dice, each answered by an experiment."""
