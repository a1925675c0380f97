"""The page on a text of one's own."""
