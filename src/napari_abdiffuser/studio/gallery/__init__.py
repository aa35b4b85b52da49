"""Variations and their pictures."""
