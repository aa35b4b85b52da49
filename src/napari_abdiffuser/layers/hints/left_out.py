"""Hints that could not be used, counted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LeftOut"]


@dataclass(frozen=True)
class LeftOut:
    """How many hints were left out, and why.

    Attributes
    ----------
    outside
        Hints beside the picture.
    not_finite
        Hints whose position, size or colour is not a finite number.
    transparent
        Points whose face is fully transparent: they show no colour, so they ask for none.
    """

    outside: int = 0
    not_finite: int = 0
    transparent: int = 0

    def __len__(self) -> int:
        return self.outside + self.not_finite + self.transparent

    def sentence(self) -> str:
        """Say it in words; empty when all hints were used."""
        parts = []
        if self.outside:
            parts.append(f"{self.outside} outside the picture")
        if self.not_finite:
            parts.append(f"{self.not_finite} without a finite position, size or colour")
        if self.transparent:
            parts.append(f"{self.transparent} with a transparent face (give it a colour)")
        if not parts:
            return ""
        listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
        return f"Left out {_count(len(self))}: {listed}."


def _count(n: int) -> str:
    return "1 hint" if n == 1 else f"{n} hints"
