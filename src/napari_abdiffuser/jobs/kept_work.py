"""Colourings that a project keeps, made ready for the gallery again. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.imaging.lightness import lightness_digest
from napari_abdiffuser.jobs import texts
from napari_abdiffuser.jobs.events import Outputs
from napari_abdiffuser.layers.outputs import image_layer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.studio.gallery import Variation
    from napari_abdiffuser.studio.slices import Index

__all__ = ["digests", "kept_outputs"]


def digests(wanted: Mapping[Index, Collection[str]], source: PictureSource) -> dict[Index, str]:
    """Return what tells slices of an image from other pictures; takes a while.

    Parameters
    ----------
    wanted
        Slices of which it is to be known; those that the image lacks are left out.
    source
        Any slice of the image.
    """
    axes = [axis for axis, at in enumerate(source.index) if at is not None]
    sizes = [source.array.shape[axis] for axis in axes]
    found = {}
    for index in wanted:
        if len(index) != len(sizes) or any(i >= n for i, n in zip(index, sizes, strict=True)):
            continue
        at = iter(index)
        where = tuple(None if n is None else next(at) for n in source.index)
        try:
            plane = replace(source, index=where)
            found[index] = lightness_digest(plane.load(), plane.contrast_limits)
        except ABDiffuserError:  # it cannot be colorized
            continue
    return found


def kept_outputs(kept: Variation, picture: PictureSource) -> Outputs:
    """Make a colouring that was kept ready for layer list and gallery."""
    rgb = kept.rgb
    if rgb is None:
        raise ValueError("a colouring that is kept has pixels")
    name = texts.SERIES_LAYER.format(name=picture.name)
    return Outputs(
        layers=(image_layer(rgb, name, kept.provenance, picture),),
        pictures=(rgb,),
        thumbnails=(kept.thumbnail,),
        seed=kept.seed,
        provenance=kept.provenance,
        has_best=kept.output == "best",
        picture=picture,
        hints=kept.hints,
        kept=kept,
        label="",
    )
