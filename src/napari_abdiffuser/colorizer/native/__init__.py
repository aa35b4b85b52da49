"""Rendering at the picture's own resolution."""
