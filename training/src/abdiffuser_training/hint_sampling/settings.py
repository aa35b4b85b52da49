"""How simulated users behave."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HintSettings"]


@dataclass(frozen=True)
class HintSettings:
    """How many hints of which size.

    Attributes
    ----------
    most : int
        Largest number of hints; their number is log-uniform in 1 … most.
    none : float
        Share of pictures without any hint.
    sizes : tuple of int
        Smallest and largest side of the square patches, pixels.
    """

    most: int = 64
    none: float = 0.06
    sizes: tuple[int, int] = (2, 9)
