"""Options of a colouring."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Background"]


class Background(StrEnum):
    """What pixels become that no hint claims."""

    AUTO = "auto"
    """Coloured automatically."""

    GRAY = "gray"
    """Gray, also called highlighting."""
