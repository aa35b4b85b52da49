"""Checked requests to paint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field

from napari_abdiffuser.errors import InvalidHints, InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.options import PaintOptions

__all__ = ["PaintRequest"]


@dataclass(frozen=True, eq=False, kw_only=True)
class PaintRequest(PaintOptions):
    """A checked request to paint: options, hints and who hears of the progress.

    Attributes
    ----------
    hints : Hints
        Valid for `shape`; None asks for none.
    steps : int
        1 … 1000.
    progress, cancel : callable or None
        See `Colorizer.__call__`.

    Parameters
    ----------
    shape : (int, int)
        Of the picture.

    Raises
    ------
    InvalidRequest, InvalidHints
        Saying what to give instead.
    """

    steps: int
    hints: Hints = field(default_factory=Hints)
    progress: Callable[[int, int], object] | None = None
    cancel: Callable[[], bool] | None = None
    shape: InitVar[tuple[int, int]]

    def __post_init__(self, shape: tuple[int, int]) -> None:
        hints: Hints | None = self.hints
        if hints is not None and not isinstance(hints, Hints):
            raise InvalidHints(
                f"hints is a Hints object, not {type(hints).__name__}: make one with "
                "Hints.from_points, Hints.from_labels or Hints.load."
            )
        object.__setattr__(self, "hints", (hints or Hints()).validated(shape))
        super().__post_init__()
        for name, value in (("progress", self.progress), ("cancel", self.cancel)):
            if value is not None and not callable(value):
                raise InvalidRequest(f"{name} is a function or None, not {value!r}.")
