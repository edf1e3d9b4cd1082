"""Figures from plain arrays: nothing here reads a file or knows a dataset."""
