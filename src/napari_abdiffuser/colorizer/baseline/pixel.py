"""The thesis' pixel model behind the same interface: opened, painted, never live.

It knows pixels, not what belongs together: variations and `best` are there, everything that needs
a guide (previews, class maps, corrections, a gray background) says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.baseline.hint_map import pixel_hint_map
from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.colorizer.colorizer import Colorizer
from napari_abdiffuser.colorizer.devices import DeviceChoice
from napari_abdiffuser.colorizer.native.painter import NativePainter
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.native.surface import Surface, resampled
from napari_abdiffuser.colorizer.picture.opened import OpenPicture
from napari_abdiffuser.colorizer.picture.run import Run, within_memory
from napari_abdiffuser.colorizer.requests import PaintRequest
from napari_abdiffuser.errors import Cancelled, InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.lightness import to_lightness
from napari_abdiffuser.model.pixel.networks import PixelNetworks, pixel_condition
from napari_abdiffuser.model.upsample import Upsampler
from napari_abdiffuser.weights import ModelFile
from napari_abdiffuser.weights.pixel import pixel_networks

__all__ = ["PixelColorizer", "PixelPicture"]

_PIXELS_AT_ONCE = 1 << 18
_SHARP = 10.0


class _PixelCode:
    """What stands where an encoded picture does: its size, and nothing a guide would know."""

    def __init__(self, shape: tuple[int, int], device: torch.device) -> None:
        self.shape = shape
        self.device = device

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise InvalidRequest(
            "A pixel model does not know which pixels belong together, so it has only best and "
            "variations: load a model with a guide, such as 'default', for this."
        )


class PixelPicture(OpenPicture):
    """A picture for a pixel model; made by `PixelColorizer.open`."""

    def prepare(self, cancel: Callable[[], bool] | None = None) -> None:
        """Nothing to compute ahead."""

    def paint(
        self,
        hints: Hints | None = None,
        n_outputs: int = 1,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Result:
        """Colorize the picture; see `Colorizer.__call__`, whose parameters these are.

        `best` is the mean of all colourings, see `PixelNetworks.best`. A gray background is asked
        for as the thesis does: with gray hints.
        """
        request = self.request(hints, n_outputs, steps, seed, background, progress, cancel)
        if request.gray:
            raise InvalidRequest(
                "A pixel model does not know what a hint claims: leave background='gray' out and "
                "put gray hints where the picture must stay gray."
            )
        networks = cast(PixelNetworks, self.colorizer.networks)
        placement = self.colorizer.placement
        half = placement.precision != torch.float32
        with (
            within_memory(f"{request.n_outputs} outputs of this picture"),
            torch.autocast(placement.device.type, placement.precision, enabled=half),
        ):
            run = Run(self, request)
            condition = self._condition(request.hints)
            best = networks.best(condition, partial(_stop_if_asked, request))
            sample = partial(_sampled, networks, condition)
            return run.result(best, run.samples(sample))

    def _condition(self, hints: Hints) -> Tensor:
        surface = self.painter.surface
        shape = self.encoded.shape
        shown = pixel_hint_map(hints, surface.display, shape, surface.excluded)
        lightness = resampled(surface.display, shape)
        return pixel_condition(lightness, torch.from_numpy(shown)[None]).to(self.encoded.device)


class PixelColorizer(Colorizer):
    """Colorizes pictures with a pixel model; made by `Colorizer.load` where its file holds one."""

    def __init__(
        self,
        networks: PixelNetworks,
        placement: DeviceChoice,
        model: ModelFile,
        settings: dict[str, Any],
    ) -> None:
        # What needs a guide never gets as far as to look for one: see `_PixelCode`.
        self.networks = cast(Any, networks.to(placement.device))
        self.placement = placement
        self._model = model
        self._settings = settings

    @classmethod
    def of(
        cls,
        file: ModelFile,
        tensors: Mapping[str, Tensor],
        metadata: Mapping[str, Any],
        placement: DeviceChoice,
    ) -> PixelColorizer:
        """Colorizer of a file that was read; raises ModelCorrupt if it does not fit."""
        networks = pixel_networks(tensors, metadata, file.path)
        return cls(networks, placement, file, dict(metadata.get("settings", {})))

    def open(
        self,
        image: ArrayLike,
        contrast_limits: tuple[float, float] | None = None,
        exclude: NDArray[np.bool_] | None = None,
    ) -> PixelPicture:
        """Take a picture's lightness; see `Colorizer.open`.

        Pictures larger than the model's work size are colored at that size and enlarged smoothly.
        """
        lightness = to_lightness(image, contrast_limits, exclude)
        height, width = lightness.display.shape
        shrink = min(1.0, self.work_size / max(height, width))
        work = (max(1, round(height * shrink)), max(1, round(width * shrink)))
        surface = Surface(
            _enlarger(is_native=shrink == 1.0),
            lightness.display,
            lightness.network,
            resampled(lightness.network, work)[0, 0],
            lightness.excluded,
        )
        code = cast(EncodedPicture, _PixelCode(work, self.placement.device))
        return PixelPicture(self, lightness, code, NativePainter(surface))


def _sampled(
    networks: PixelNetworks,
    condition: Tensor,
    seeds: list[int],
    steps: int,
    *,
    progress: Callable[[int, int], None],
    cancel: Callable[[], bool] | None,
) -> Tensor:
    """(n, 2, h, w), ab / 110; a few at a time."""
    at_once = max(1, _PIXELS_AT_ONCE // (condition.shape[2] * condition.shape[3]))
    groups = [seeds[i : i + at_once] for i in range(0, len(seeds), at_once)]

    def told(group: int, done: int, total: int) -> None:
        progress(group * total + done, len(groups) * total)

    drawn = [
        networks.sample(
            condition,
            [torch.Generator().manual_seed(seed) for seed in some],
            steps=steps,
            progress=partial(told, number),
            cancel=cancel,
        )
        for number, some in enumerate(groups)
    ]
    return torch.cat(drawn)


def _stop_if_asked(request: PaintRequest, done: int, total: int) -> None:
    if request.cancel is not None and request.cancel():
        raise Cancelled("The colouring was cancelled; nothing was produced.")


def _enlarger(*, is_native: bool) -> Upsampler:
    """Untrained: a smooth kernel, or at the picture's own size each pixel its own cell."""
    made = Upsampler().eval().requires_grad_(False)
    if is_native:
        made.third.bias[4] = _SHARP
    return made
