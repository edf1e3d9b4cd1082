"""Measuring the model: benchmark data, metrics, and how they are shown."""
