"""Pixels that locked classes keep while a picture is colorized again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.imaging.colors import to_hex
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.region_fix import with_fixes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_abdiffuser.colorizer.protocols import (
        ClassMapLike,
        GuidedPicture,
        Picture,
        ResultLike,
    )
    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.studio.legend.classes import Legend
    from napari_abdiffuser.studio.legend.hint_class import HintClass
    from napari_abdiffuser.studio.region_fix import RegionFix

__all__ = ["FIXES_KEY", "EditedResult", "Screen", "result_with_fixes"]

_KEY = "locked"
FIXES_KEY = "region_fixes"
"""In the provenance: corrected regions."""


@dataclass(frozen=True, eq=False)
class EditedResult:
    """A result some of whose pixels are others than were painted; as `ResultLike`."""

    best: NDArray[np.uint8]
    rgb: NDArray[np.uint8]
    provenance: dict[str, Any]


def result_with_fixes(result: ResultLike, fixes: Sequence[RegionFix]) -> ResultLike:
    """Lay region fixes on all pictures of a result; the result itself where there are none."""
    if not fixes:
        return result
    told = {**result.provenance, FIXES_KEY: [fix.describe() for fix in fixes]}
    return EditedResult(with_fixes(result.best, fixes), with_fixes(result.rgb, fixes), told)


@dataclass(frozen=True, eq=False)
class Screen:
    """The colouring on screen, whose pixels locked classes keep; read in the GUI thread.

    Attributes
    ----------
    rgb
        (H, W, 3) uint8, uncorrected; None where it is yet to be painted: a small preview is shown.
    hints, background
        It was painted with these: they say where its classes are.
    legend
        Says which classes are locked.
    """

    rgb: NDArray[np.uint8] | None
    hints: Hints
    background: Background
    legend: Legend

    def keep(
        self, picture: Picture, result: ResultLike, hints: Hints, background: Background
    ) -> ResultLike:
        """Give locked classes their pixels back.

        Parameters
        ----------
        picture
            An open picture, of which this is the colouring.
        result
            What became of it.
        hints, background
            With which that was painted.

        Returns
        -------
        The result itself where no pixel is locked.
        """
        if picture.guided is None:
            return result  # without a guide there are no classes of pixels
        kept = self._kept(picture.guided, hints, background)
        if kept is None or not kept.any():
            return result
        rgb = self.rgb
        if rgb is None:
            rgb = picture.paint(self.hints, n_outputs=0, background=self.background).best
        from napari_abdiffuser.colorizer.native.colorings import digest

        names = [entry.name for entry in self.legend if entry.locked]
        provenance = {**result.provenance, _KEY: {"classes": names, "before_sha256": digest(rgb)}}
        where = kept[..., None]
        best, made = np.where(where, rgb, result.best), np.array(result.rgb)
        for one in made:
            np.copyto(one, rgb, where=where)
        return EditedResult(best, made, provenance)

    def _kept(
        self, picture: GuidedPicture, hints: Hints, background: Background
    ) -> NDArray[np.bool_] | None:
        """Mark what a locked class owned on screen and owns now, (H, W); None if that is nothing.

        A class without a hint now keeps what nobody else claims.
        """
        if not len(self.hints):
            return None
        before = picture.class_map(self.hints, self.background)
        same = background == self.background and (hints is self.hints or hints == self.hints)
        now = before if same else picture.class_map(hints, background) if len(hints) else None
        kept = np.zeros(before.labels.shape, bool)
        for entry in self.legend:
            if not entry.locked:
                continue
            had = np.isin(before.labels, self._numbers(before, entry))
            if now is not None:
                mine = [n for n, name in enumerate(now.names, 1) if name == entry.name]
                had &= np.isin(now.labels, mine or [0])
            kept |= had
        return kept

    def _numbers(self, before: ClassMapLike, entry: HintClass) -> list[int]:
        """Find a class by colour: in another it had other pixels, and its name may be new."""
        known = set(self.legend.names) - {entry.name}
        return [
            number
            for number, (name, color) in enumerate(zip(before.names, before.colors, strict=True), 1)
            if to_hex(color) == entry.hex and name not in known
        ]
