"""How the files in data/ were made; each is run as ``python -m scripts.NAME``."""
