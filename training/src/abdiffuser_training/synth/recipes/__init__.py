"""Recipes of synthetic scenes."""
