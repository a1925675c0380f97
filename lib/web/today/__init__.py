"""The Today page: settings, runs, and a module for each part."""
