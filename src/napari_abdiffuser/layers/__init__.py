"""Conversion between napari layers and arrays, hints and results; no Qt."""
