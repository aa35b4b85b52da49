"""Shapes, textures and their placement on a canvas."""
