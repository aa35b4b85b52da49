"""The guided model, and the pictures that it has encoded."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.colorizer.model_info import ModelInfo
from napari_abdiffuser.colorizer.native.painter import NativePainter
from napari_abdiffuser.colorizer.native.surface import Surface, resampled
from napari_abdiffuser.colorizer.picture.class_maps import class_map, share_maps
from napari_abdiffuser.colorizer.picture.core import PictureCore
from napari_abdiffuser.colorizer.picture.corrections import erase, inpaint, more_like, saturate
from napari_abdiffuser.colorizer.picture.insights import suggest_colors, suggest_place, uncertainty
from napari_abdiffuser.colorizer.picture.paint import paint, prepare
from napari_abdiffuser.colorizer.picture.previews import preview
from napari_abdiffuser.colorizer.picture.spread import spread
from napari_abdiffuser.imaging.lightness import Lightness
from napari_abdiffuser.model.networks import Networks

__all__ = ["GuidedModel", "OpenPicture"]


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


class GuidedModel:
    """Guide, anchor diffusion and upsampler on a device.

    Parameters
    ----------
    networks : Networks
        Of the model's file.
    info : ModelInfo
        Its device, file and settings.
    """

    def __init__(self, networks: Networks, info: ModelInfo) -> None:
        networks = networks.to(info.choice.device)
        networks.guide.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.networks = networks
        self.info = info

    def open(self, lightness: Lightness) -> OpenPicture:
        """Encode a picture."""
        networks, choice = self.networks, self.info.choice
        height, width = lightness.network.shape
        # The guide tells objects apart best at its working size; of a picture enlarged to twice
        # its size the cells are as fine as its pixels, and more would only cost time.
        scale = min(2.0, self.info.work_size / max(height, width))
        # Even sides: the code's cells then cover the picture exactly.
        work = (2 * max(1, round(height * scale / 2)), 2 * max(1, round(width * scale / 2)))
        with torch.inference_mode():
            seen = resampled(lightness.network, work).to(choice.device)
            code = networks.guide.encode(seen, choice.precision)
            coarse = resampled(lightness.network, code.shape).to(choice.device)
            encoded = EncodedPicture(networks, code, coarse)
        surface = Surface(
            networks.upsampler,
            lightness.display,
            lightness.network,
            coarse[0, 0],
            lightness.excluded,
        )
        return OpenPicture(self.info, lightness, NativePainter(surface), encoded)
