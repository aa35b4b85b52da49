"""Stacks and further pictures."""
