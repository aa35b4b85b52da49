"""Hint layers of napari, and the hints that they hold."""
