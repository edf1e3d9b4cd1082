"""Synthetic surveillance footage with exact ground truth: `python -m tools.sample_data`."""
