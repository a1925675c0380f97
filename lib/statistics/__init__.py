"""Intervals, comparisons and tests: how sure a measured number is."""
