"""Live previews, painted in a worker thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.colorizer.protocols import with_guide
from napari_abdiffuser.errors import Cancelled
from napari_abdiffuser.jobs.corrections import locked_pixels, saturation_factors
from napari_abdiffuser.jobs.locks import FIXES_KEY
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.legend.present_names import identities
from napari_abdiffuser.studio.region_fix import with_fixes, with_fixes_on_small

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from napari_abdiffuser.colorizer.protocols import GuidedPicture, ResultLike, SpreadLike
    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.imaging.hints.kinds import Hint
    from napari_abdiffuser.jobs.job import Opened
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = [
    "PREVIEW_SIDE",
    "LiveCorrections",
    "LivePainter",
    "Painted",
    "new_colors",
    "same_look",
    "same_places",
]


PREVIEW_SIDE = 1024
"""Pictures with a longer side get a preview of this size first."""


@dataclass(frozen=True, eq=False)
class _Before:
    picture: GuidedPicture
    rgb: NDArray[np.uint8]
    hints: Hints
    background: Background
    legend: Legend


class LiveCorrections:
    """Finishes previews; remembers the last one, whose pixels locked classes keep.

    To be used by one thread at a time.
    """

    def __init__(self) -> None:
        self._before: _Before | None = None

    @property
    def plain(self) -> NDArray[np.uint8] | None:
        """The last whole preview as it was before corrections, (H, W, 3)."""
        return None if self._before is None else self._before.rgb

    def forget(self) -> None:
        """Let go of the picture."""
        self._before = None

    def whole(
        self,
        picture: GuidedPicture,
        rgb: NDArray[np.uint8],
        state: StudioState,
        background: Background,
    ) -> NDArray[np.uint8]:
        """Correct a preview at full size.

        Parameters
        ----------
        picture
            An open picture.
        rgb
            (H, W, 3), as painted.
        state
            Whose hints were painted; with its corrections and locks.
        background
            With which it was painted.

        Returns
        -------
        What a locked class owned before and owns now has the bytes that it had; the array given
        where nothing is to be corrected.
        """
        rgb = self._kept(picture, rgb, state, background)
        if state.corrections.neutral:
            return rgb
        factors = saturation_factors(picture, state, background)
        return picture.saturate(rgb, factors)

    def _kept(
        self,
        picture: GuidedPicture,
        rgb: NDArray[np.uint8],
        state: StudioState,
        background: Background,
    ) -> NDArray[np.uint8]:
        """Give locked classes the pixels that they had, and remember what all have."""
        before, hints, legend = self._before, state.hints, state.legend
        if before is not None and before.picture is picture and _same_colors(before.legend, legend):
            locked = locked_pixels(picture, hints, legend, background)
            if locked is not None:
                had = locked_pixels(picture, before.hints, legend, before.background)
                if had is not None:
                    rgb = np.where((locked & had)[..., None], before.rgb, rgb)
        self._before = _Before(picture, rgb, hints, background, legend)
        return rgb


def _same_colors(before: Legend, now: Legend) -> bool:
    """Whether what is locked has the colour that it had: undo may change it all the same."""
    return all(
        entry.name in before and before[entry.name].hex == entry.hex
        for entry in now
        if entry.locked
    )


@dataclass(frozen=True, eq=False)
class Painted:
    """What became of some hints.

    Attributes
    ----------
    rgb
        uint8, with the layer's leading axes at length 1.
    scale
        Pixels of the picture to a pixel of it, along rows and columns.
    provenance
        As outputs carry it; empty for small previews, which are replaced in a moment.
    hints
        As they were laid on the picture.
    background
        With which it was painted.
    classes
        Identities of the classes of the hints, by name.
    plain
        (H, W, 3) uint8 without corrections; None of a small preview.
    """

    rgb: NDArray[np.uint8]
    scale: tuple[float, float]
    provenance: dict[str, Any]
    hints: Hints
    background: Background
    classes: Mapping[str, int] = field(default_factory=dict)
    plain: NDArray[np.uint8] | None = None

    @property
    def whole(self) -> bool:
        """Whether this is the picture at its own size."""
        return self.scale == (1.0, 1.0)


class LivePainter:
    """Paints previews; knows how the last hints were laid out, so that colours alone are cheap.

    To be used by one thread at a time, as jobs of the workbench are.
    """

    def __init__(self) -> None:
        self._corrections = LiveCorrections()
        self._spread: SpreadLike | None = None
        self._last: Painted | None = None
        self._picture: GuidedPicture | None = None

    def first(
        self, opened: Opened, state: StudioState, cancelled: Callable[[], bool] | None = None
    ) -> Painted:
        """Paint the hints of a state: whole pictures where these are small, else previews."""
        if max(opened.source.shape) <= PREVIEW_SIDE:
            return self.whole(opened, state, cancelled)
        hints, background = state.hints, state.corrections.background
        # Corrections of single classes follow with the whole picture.
        saturation = state.corrections.saturation
        small = with_guide(opened.picture).preview(hints, PREVIEW_SIDE, background, saturation)
        fixed = with_fixes_on_small(small.rgb, small.scale, state.fixes)
        rgb = opened.source.restack(fixed)
        return Painted(rgb, small.scale, {}, hints, background)

    def whole(
        self, opened: Opened, state: StudioState, cancelled: Callable[[], bool] | None = None
    ) -> Painted:
        """Paint the whole picture, after its small preview where there is one."""
        hints, background = state.hints, state.corrections.background
        picture = with_guide(opened.picture)
        result = self._result(picture, hints, background, cancelled)
        provenance = dict(result.provenance)
        provenance["output"] = "best"
        provenance["preview"] = True
        source = opened.source
        provenance["source"] = source.describe()
        if cancelled is not None and cancelled():
            raise Cancelled("Cancelled.")
        best = with_fixes(result.best, state.fixes)
        if state.fixes:
            provenance[FIXES_KEY] = [fix.describe() for fix in state.fixes]
        rgb = self._corrections.whole(picture, best, state, background)
        if not state.corrections.neutral:
            provenance["corrections"] = state.corrections.to_dict()
        rgb = source.restack(rgb)
        plain = self._corrections.plain
        classes = identities(state.legend, hints)
        painted = Painted(rgb, (1.0, 1.0), provenance, hints, background, classes, plain)
        self._last, self._picture = painted, picture
        return painted

    def _result(
        self,
        picture: GuidedPicture,
        hints: Hints,
        background: Background,
        cancelled: Callable[[], bool] | None,
    ) -> ResultLike:
        """Recolour if only colours have changed, else paint."""
        last = self._last if self._picture is picture else None
        if last is None or last.background != background or not same_places(last.hints, hints):
            self._spread = None
            return picture.paint(hints, n_outputs=0, background=background, cancel=cancelled)
        if self._spread is not None:
            colors = new_colors(self._spread.hints, hints)
            if colors is not None:
                return self._spread.recolor(colors)
        self._spread = picture.spread(hints, background=background)
        return self._spread.recolor({})


def same_places(old: Hints, new: Hints) -> bool:
    """Whether hints differ in their colours alone."""
    if len(old.points) != len(new.points) or len(old.regions) != len(new.regions):
        return False
    points = zip(old.points, new.points, strict=True)
    regions = zip(old.regions, new.regions, strict=True)
    return all((a.y, a.x, a.size) == (b.y, b.x, b.size) for a, b in points) and all(
        bool(a.hard) is bool(b.hard) and _same_pixels(a.mask, b.mask) for a, b in regions
    )


def same_look(old: Hints, new: Hints) -> bool:
    """Whether hints are painted alike: they differ in the names of their classes at most."""
    if not same_places(old, new):
        return False
    olds: tuple[Hint, ...] = (*old.points, *old.regions)
    news: tuple[Hint, ...] = (*new.points, *new.regions)
    if any(a.color != b.color for a, b in zip(olds, news, strict=True)):
        return False
    names = {(a.class_name, b.class_name) for a, b in zip(olds, news, strict=True)}
    # Hints of one class are painted together: the same ones have to be.
    return len({a for a, _ in names}) == len({b for _, b in names}) == len(names)


def _same_pixels(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    return one is other or (one.shape == other.shape and bool((one == other).all()))


def new_colors(old: Hints, new: Hints) -> dict[str, Any] | None:
    """Return the colours that turn hints into others of the same places, by class.

    Returns
    -------
    dict or None
        None where hints of one class are to get different colours or other classes.
    """
    from napari_abdiffuser.colorizer.hints.groups import group_of

    colors: dict[str, Any] = {}
    olds: tuple[Hint, ...] = (*old.points, *old.regions)
    news: tuple[Hint, ...] = (*new.points, *new.regions)
    for before, after in zip(olds, news, strict=True):
        if before.class_name != after.class_name:
            return None
        if colors.setdefault(group_of(before), after.color) != after.color:
            return None
    return colors
