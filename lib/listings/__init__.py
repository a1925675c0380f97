"""The code at the end of each page: a few lines of PyTorch, made from the settings on screen and ready to run."""
