"""Hints as tokens on the guide's map."""
