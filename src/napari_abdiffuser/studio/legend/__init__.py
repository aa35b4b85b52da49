"""Classes, their colors and palettes."""
