"""The page of questions that people ask: the list of them, and one with its experiment."""
