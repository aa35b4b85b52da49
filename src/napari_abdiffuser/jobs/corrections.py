"""Corrections of a colouring, computed in a worker thread."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.colorizer.protocols import with_guide
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colors import to_hex
from napari_abdiffuser.imaging.exclusion import describe_exclusion
from napari_abdiffuser.jobs import texts
from napari_abdiffuser.jobs.events import Outputs
from napari_abdiffuser.jobs.run import outputs_of
from napari_abdiffuser.layers.outputs import image_layer
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.gallery import thumbnail
from napari_abdiffuser.studio.region_fix import RegionFix, new_group, with_fixes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from napari_abdiffuser.colorizer.protocols import GuidedPicture
    from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint
    from napari_abdiffuser.jobs.job import Opened
    from napari_abdiffuser.layers.hints.drawn_region import RegionSource
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["Base", "erased", "locked_pixels", "recolored", "saturation_factors"]


@dataclass(frozen=True, eq=False)
class Base:
    """What a correction starts from, read in the GUI thread.

    Attributes
    ----------
    rgb
        Uncorrected pixels of the colouring shown; None to start from the most probable one.
    number
        Of that colouring in the gallery.
    provenance
        Of that colouring.
    state
        The studio's.
    """

    rgb: NDArray[np.uint8] | None
    number: int | None
    provenance: Mapping[str, Any]
    state: StudioState

    @property
    def hints(self) -> Hints:
        """Say where classes are in the colouring that it starts from."""
        shown = None if self.number is None else self.state.gallery[self.number].hints
        return self.state.hints if shown is None else shown

    @property
    def background(self) -> Background:
        """What pixels become that no hint claims."""
        return self.state.corrections.background

    def picture(self, opened: Opened) -> tuple[NDArray[np.uint8], Mapping[str, Any]]:
        """Return pixels and provenance to start from; paints where nothing is shown yet."""
        if self.rgb is not None:
            return with_fixes(self.rgb, self.state.fixes), self.provenance
        result = opened.picture.paint(self.state.hints, n_outputs=0, background=self.background)
        return with_fixes(result.best, self.state.fixes), result.provenance


def locked_pixels(
    picture: GuidedPicture, hints: Hints, legend: Legend, background: Background
) -> NDArray[np.bool_] | None:
    """Mark what belongs to locked classes, (H, W) bool; None where that is nothing.

    Parameters
    ----------
    picture
        An open picture.
    hints
        Where they are decides who owns which pixel.
    legend
        Says which classes are locked.
    background
        As the picture is painted.
    """
    locked = {entry.name for entry in legend if entry.locked}
    if not locked & _names(hints):
        return None
    classes = picture.class_map(hints, background)
    numbers = [n for n, name in enumerate(classes.names, 1) if name in locked]
    return np.isin(classes.labels, numbers)


def saturation_factors(
    picture: GuidedPicture, state: StudioState, background: Background
) -> float | NDArray[np.float32]:
    """Return factors of the chroma as `OpenPicture.saturate` takes them.

    Parameters
    ----------
    picture, background
        As for `locked_pixels`.
    state
        Whose hints and corrections count.
    """
    corrections = state.corrections
    names = _names(state.hints)
    factors = {name: corrections.factor(name) for name in names}
    if all(factor == corrections.saturation for factor in factors.values()):
        return corrections.saturation
    classes = picture.class_map(state.hints, background)
    return classes.per_class(factors, corrections.saturation)


def recolored(
    opened: Opened,
    base: Base,
    region: RegionSource,
    n_outputs: int,
    cancelled: Callable[[], bool],
    report: Callable[[int, int], object],
) -> Outputs:
    """Recolour inside a region, ready for layer list and gallery."""
    before, _ = base.picture(opened)
    mask = _allowed(opened, base, region)
    seed = len(base.state.gallery.variations)
    result = with_guide(opened.picture).inpaint(
        before,
        mask,
        base.state.hints,
        n_outputs=n_outputs,
        seed=seed,
        background=base.background,
        progress=report,
        cancel=cancelled,
    )
    made = outputs_of(result, opened.source, seed, base.number, hints=base.state.hints)
    name = texts.RECOLORED.format(name=opened.source.name)
    layers = tuple((data, {**meta, "name": name}, kind) for data, meta, kind in made.layers)
    source, group = _digest(result.provenance), new_group()
    fixes = tuple(
        RegionFix.of(mask, rgb, "recoloured", source=source, group=group) for rgb in made.pictures
    )
    return replace(made, layers=layers, fixes=fixes)


def erased(opened: Opened, base: Base, region: RegionSource) -> Outputs:
    """Make a region gray, ready for layer list and gallery."""
    before, provenance = base.picture(opened)
    mask = _allowed(opened, base, region)
    rgb = with_guide(opened.picture).erase(before, mask)
    extended = deepcopy(dict(provenance))
    extended["erased"] = [*extended.get("erased", []), describe_exclusion(mask)]
    fix = RegionFix.of(mask, rgb, "erased", source=_digest(extended), group=new_group())
    made = single(opened, rgb, extended, texts.ERASED.format(name=opened.source.name), base)
    return replace(made, fixes=(fix,))


def single(
    opened: Opened, rgb: NDArray[np.uint8], provenance: dict[str, Any], name: str, base: Base
) -> Outputs:
    """Make one picture ready for layer list and gallery."""
    return Outputs(
        layers=(image_layer(rgb, name, provenance, opened.source),),
        pictures=(rgb,),
        thumbnails=(thumbnail(rgb),),
        seed=int(provenance.get("seed", 0) or 0),
        provenance=provenance,
        parent=base.number,
        has_best=False,
        picture=opened.source,
        hints=base.hints,
    )


def _digest(provenance: Mapping[str, Any]) -> str:
    """Return what tells the picture that was coloured from all others; '' if that is not told."""
    told = provenance.get("input")
    return str(told.get("lightness_sha256", "")) if isinstance(told, dict) else ""


def _allowed(opened: Opened, base: Base, region: RegionSource) -> NDArray[np.bool_]:
    """Return the region without what is protected: locked classes and the data bar."""
    picture = with_guide(opened.picture)
    mask = region.build(picture.shape)
    locked = locked_pixels(picture, base.state.hints, base.state.legend, base.background)
    if locked is not None:
        mask = mask & ~locked
        if not mask.any():
            raise InvalidRequest(texts.ALL_LOCKED)
    return mask


def _names(hints: Hints) -> set[str]:
    """Return names of classes that hints have, as class maps call them."""
    marks: tuple[PointHint | RegionHint, ...] = (*hints.points, *hints.regions)
    return {hint.class_name or to_hex(hint.color) for hint in marks}
