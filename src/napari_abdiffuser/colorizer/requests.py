"""Checks of what a caller asks for, before any work is done."""

from __future__ import annotations

import numbers
from collections.abc import Callable

from napari_abdiffuser.errors import InvalidHints, InvalidRequest
from napari_abdiffuser.imaging.hints import Hints

__all__ = ["MOST_OUTPUTS", "PaintRequest"]

MOST_OUTPUTS = 64
_MOST_STEPS = 1000


class PaintRequest:
    """A checked request to paint.

    Parameters
    ----------
    hints : Hints or None
        Valid for `shape`.
    n_outputs : int
        0 … 64.
    steps : int
        1 … 1000.
    seed : int
        0 … 2**63 - 1.
    background : {'auto', 'gray'}
        What becomes of pixels that no hint claims.
    progress, cancel : callable or None
        See `Colorizer.__call__`.
    shape : (int, int)
        Of the picture.

    Raises
    ------
    InvalidRequest, InvalidHints
        Saying what to give instead.
    """

    def __init__(
        self,
        hints: Hints | None,
        n_outputs: int,
        steps: int,
        seed: int,
        background: str,
        progress: Callable[[int, int], object] | None,
        cancel: Callable[[], bool] | None,
        shape: tuple[int, int],
    ) -> None:
        if hints is not None and not isinstance(hints, Hints):
            raise InvalidHints(
                f"hints is a Hints object, not {type(hints).__name__}: make one with "
                "Hints.from_points, Hints.from_labels or Hints.load."
            )
        self.hints = (hints or Hints()).validated(shape)
        self.n_outputs = _whole("n_outputs", n_outputs, 0, MOST_OUTPUTS)
        self.steps = _whole("steps", steps, 1, _MOST_STEPS)
        self.seed = _whole("seed", seed, 0, 2**63 - 1)
        if not isinstance(background, str) or background not in ("auto", "gray"):
            raise InvalidRequest(f"background is 'auto' or 'gray', not {background!r}.")
        self.gray = background == "gray"
        for name, value in (("progress", progress), ("cancel", cancel)):
            if value is not None and not callable(value):
                raise InvalidRequest(f"{name} is a function or None, not {value!r}.")
        self.progress = progress
        self.cancel = cancel


def _whole(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InvalidRequest(f"{name} is a whole number, not {value!r}.")
    if not least <= int(value) <= most:
        raise InvalidRequest(f"{name} is between {least} and {most}, not {value}.")
    return int(value)
