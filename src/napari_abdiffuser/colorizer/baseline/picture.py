"""Pictures of the thesis' pixel model, which only paints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from napari_abdiffuser.colorizer.baseline.hint_map import pixel_hint_map
from napari_abdiffuser.colorizer.memory import within_memory
from napari_abdiffuser.colorizer.model_info import ModelInfo
from napari_abdiffuser.colorizer.native.canvas import Canvas
from napari_abdiffuser.colorizer.native.painter import NativePainter
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.native.run import Run
from napari_abdiffuser.colorizer.native.surface import Surface, resampled
from napari_abdiffuser.colorizer.requests import PaintRequest
from napari_abdiffuser.errors import Cancelled, InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.lightness import Lightness
from napari_abdiffuser.model.pixel.networks import PixelNetworks, pixel_condition
from napari_abdiffuser.model.upsample import Upsampler
from napari_abdiffuser.options import Background, PaintOptions

__all__ = ["PixelModel", "PixelPicture"]

_PIXELS_AT_ONCE = 1 << 18
_SHARP = 10.0


@dataclass(frozen=True, eq=False)
class PixelPicture(Canvas):
    """A picture for a pixel model; made by `Colorizer.open`.

    Attributes
    ----------
    networks : PixelNetworks
        The model.
    cells : (int, int)
        (h, w) that the model works at.
    """

    networks: PixelNetworks
    cells: tuple[int, int]

    @property
    def guided(self) -> None:
        """A pixel model does not know which pixels belong together."""
        return None

    def prepare(self, cancel: Callable[[], bool] | None = None) -> None:
        """Do nothing: there is nothing to compute in advance."""

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

        `best` is the mean of all colourings, see `PixelNetworks.best`. For a gray background place
        gray hints, as the thesis does.
        """
        options = PaintOptions(n_outputs, steps, seed, Background.parse(background))
        request = self.request(hints, options, progress, cancel)
        if request.background.gray:
            raise InvalidRequest(
                "A pixel model does not know what a hint claims: leave background='gray' out and "
                "put gray hints where the picture must stay gray."
            )
        choice = self.info.choice
        half = choice.precision != torch.float32
        with (
            within_memory(f"{request.n_outputs} outputs of this picture"),
            torch.autocast(choice.device.type, choice.precision, enabled=half),
        ):
            run = Run(self, self.cells, request)
            condition = self._condition(request.hints)
            best = self.networks.best(condition, partial(_stop_if_asked, request))
            sample = partial(_sampled, self.networks, condition)
            return run.result(best, run.samples(sample))

    def _condition(self, hints: Hints) -> Tensor:
        surface = self.painter.surface
        shown = pixel_hint_map(hints, surface.display, self.cells, surface.excluded)
        lightness = resampled(surface.display, self.cells)
        condition = pixel_condition(lightness, torch.from_numpy(shown)[None])
        return condition.to(self.info.choice.device)


class PixelModel:
    """A pixel model on a device.

    Parameters
    ----------
    networks : PixelNetworks
        Of the model's file.
    info : ModelInfo
        Its device, file and settings.
    """

    def __init__(self, networks: PixelNetworks, info: ModelInfo) -> None:
        self.networks = networks.to(info.choice.device)
        self.info = info

    def open(self, lightness: Lightness) -> PixelPicture:
        """Prepare a picture; a large one is coloured at the work size and enlarged smoothly."""
        height, width = lightness.display.shape
        shrink = min(1.0, self.info.work_size / max(height, width))
        work = (max(1, round(height * shrink)), max(1, round(width * shrink)))
        surface = Surface(
            _enlarger(is_native=shrink == 1.0),
            lightness.display,
            lightness.network,
            resampled(lightness.network, work)[0, 0],
            lightness.excluded,
        )
        return PixelPicture(self.info, lightness, NativePainter(surface), self.networks, work)


def _sampled(
    networks: PixelNetworks,
    condition: Tensor,
    seeds: list[int],
    steps: int,
    *,
    progress: Callable[[int, int], None],
    cancel: Callable[[], bool] | None,
) -> Tensor:
    """Sample (n, 2, h, w), ab / 110; a few at a time."""
    at_once = max(1, _PIXELS_AT_ONCE // (condition.shape[2] * condition.shape[3]))
    groups = [seeds[i : i + at_once] for i in range(0, len(seeds), at_once)]

    def report(group: int, done: int, total: int) -> None:
        progress(group * total + done, len(groups) * total)

    drawn = [
        networks.sample(
            condition,
            [torch.Generator().manual_seed(seed) for seed in some],
            steps=steps,
            progress=partial(report, number),
            cancel=cancel,
        )
        for number, some in enumerate(groups)
    ]
    return torch.cat(drawn)


def _stop_if_asked(request: PaintRequest, done: int, total: int) -> None:
    if request.cancel is not None and request.cancel():
        raise Cancelled("The colouring was cancelled; nothing was produced.")


def _enlarger(*, is_native: bool) -> Upsampler:
    """Make an untrained upsampler: a smooth kernel, or one cell a pixel at native size."""
    made = Upsampler().eval().requires_grad_(False)
    if is_native:
        made.third.bias[4] = _SHARP
    return made
