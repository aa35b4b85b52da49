"""Readers and sample data that napari calls."""
