"""Positions of slices in a stack."""

from __future__ import annotations

__all__ = ["Index"]

Index = tuple[int, ...]
"""Position in the leading axes of a stack; empty for a single picture."""
