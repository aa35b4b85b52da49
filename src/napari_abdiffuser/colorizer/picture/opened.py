"""The open picture: encoded once, painted any number of times."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdiffuser.colorizer.picture.class_maps import class_map, share_maps
from napari_abdiffuser.colorizer.picture.core import PictureCore
from napari_abdiffuser.colorizer.picture.corrections import erase, inpaint, more_like, saturate
from napari_abdiffuser.colorizer.picture.insights import suggest_colors, suggest_place, uncertainty
from napari_abdiffuser.colorizer.picture.paint import paint, prepare
from napari_abdiffuser.colorizer.picture.previews import preview
from napari_abdiffuser.colorizer.picture.spread import spread

__all__ = ["OpenPicture"]


@dataclass(frozen=True, eq=False)
class OpenPicture(PictureCore):
    """A picture that was encoded once; made by `Colorizer.open`. Safe to share among threads.

    Every operation is a function of the shared state (`PictureCore`) in a module of its own; here
    they become methods.
    """

    @property
    def guided(self) -> OpenPicture:
        """The picture itself: see `protocols.Picture`."""
        return self

    prepare = prepare
    paint = paint
    spread = spread
    preview = preview
    class_map = class_map
    share_maps = share_maps
    uncertainty = uncertainty
    suggest_place = suggest_place
    suggest_colors = suggest_colors
    inpaint = inpaint
    more_like = more_like
    erase = erase
    saturate = saturate
