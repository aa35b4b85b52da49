"""A loaded model on a device."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.colorizer.devices import DeviceChoice, choose_device
from napari_abdiffuser.colorizer.memory import is_out_of_memory
from napari_abdiffuser.colorizer.native.painter import NativePainter
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.native.surface import Surface, resampled
from napari_abdiffuser.colorizer.picture.opened import OpenPicture
from napari_abdiffuser.errors import InvalidRequest, ModelCorrupt, OutOfMemory
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.lightness import to_lightness
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.weights import ModelFile, read, resolve
from napari_abdiffuser.weights.pixel import is_pixel

__all__ = ["Colorizer", "colorize"]

_DEFAULT_STEPS = 16
_DEFAULT_WORK_SIZE = 384


class Colorizer:
    """Colorizes pictures; made by `Colorizer.load`. Safe to call from any thread, repeatedly."""

    def __init__(
        self,
        networks: Networks,
        placement: DeviceChoice,
        model: ModelFile,
        settings: dict[str, Any],
    ) -> None:
        networks = networks.to(placement.device)
        networks.guide.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.networks = networks
        self.placement = placement
        self._model = model
        self._settings = settings

    @classmethod
    def load(
        cls, model: str | os.PathLike[str] = "default", device: str | torch.device = "auto"
    ) -> Colorizer:
        """Load a model.

        Parameters
        ----------
        model : str or path
            A registry name, or the path of a ``.safetensors`` file.
        device : str or torch.device
            'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'.

        Returns
        -------
        Colorizer

        Raises
        ------
        ModelNotFound, ModelCorrupt
            If there is no such model, or its file is damaged.
        DeviceUnavailable
            If the device does not exist here.
        InvalidRequest
            If the model or the device is no name at all.
        """
        if not isinstance(model, str | os.PathLike):
            raise InvalidRequest(f"model is a name or a path, not {model!r}.")
        placement = choose_device(device)
        file = resolve(model)
        tensors, metadata = read(file.path)
        if is_pixel(metadata):
            from napari_abdiffuser.colorizer.baseline.pixel import PixelColorizer

            return PixelColorizer.of(file, tensors, metadata, placement)
        try:
            networks = Networks.from_config(metadata["config"], tensors)
            settings = dict(metadata.get("settings", {}))
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelCorrupt(
                f"The model file {file.path} does not fit this version of napari-abdiffuser "
                f"({type(error).__name__}): fetch it again, or update the package."
            ) from error
        return cls(networks, placement, file, settings)

    @property
    def device(self) -> str:
        """Where the model runs, such as 'cpu' or 'cuda:0'."""
        return str(self.placement.device)

    @property
    def device_reason(self) -> str:
        """Why it runs there, in words."""
        return self.placement.reason

    @property
    def default_steps(self) -> int:
        """Denoising steps when none are asked for."""
        return int(self._settings.get("steps", _DEFAULT_STEPS))

    @property
    def work_size(self) -> int:
        """Longer side, in pixels, that pictures are encoded at; small ones at most doubled."""
        return int(self._settings.get("work_size", _DEFAULT_WORK_SIZE))

    def describe(self) -> dict[str, Any]:
        """Model, device and versions, for provenance; JSON-serializable."""
        from napari_abdiffuser import __version__

        return {
            "model": {"name": self._model.name, "sha256": self._model.sha256},
            "device": self.device,
            "precision": str(self.placement.precision).removeprefix("torch."),
            "versions": {
                "napari-abdiffuser": __version__,
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
        }

    def open(
        self,
        image: ArrayLike,
        contrast_limits: tuple[float, float] | None = None,
        exclude: NDArray[np.bool_] | None = None,
    ) -> OpenPicture:
        """Encode a picture once, to paint it any number of times.

        Parameters
        ----------
        image : array-like
            (H, W) of any real type, or (H, W, 3 | 4) whose lightness is taken.
        contrast_limits : (float, float), optional
            Values shown as black and white, for pictures that are neither 8-bit nor colour;
            else the smallest and largest value.
        exclude : ndarray of bool, shape (H, W), optional
            True where the picture shows no specimen, such as an instrument's data bar: left gray
            in every output, hints there do not steer, and the network sees the picture mirrored
            there. Provenance tells it under ``input.excluded``.

        Returns
        -------
        OpenPicture

        Raises
        ------
        InvalidImage
            If it is not a picture, or `exclude` does not fit it; the message says what to do.
        OutOfMemory
            If memory does not suffice.
        """
        lightness = to_lightness(image, contrast_limits, exclude)
        height, width = lightness.network.shape
        # The guide tells objects apart best at its working size; of a picture enlarged to twice
        # its size the cells are as fine as its pixels, and more would only cost time.
        scale = min(2.0, self.work_size / max(height, width))
        # Even sides: the code's cells then cover the picture exactly.
        work = (2 * max(1, round(height * scale / 2)), 2 * max(1, round(width * scale / 2)))
        try:
            with torch.inference_mode():
                seen = resampled(lightness.network, work).to(self.placement.device)
                code = self.networks.guide.encode(seen, self.placement.precision)
                coarse = resampled(lightness.network, code.shape).to(self.placement.device)
                encoded = EncodedPicture(self.networks, code, coarse)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory(
                "Memory does not suffice to open this picture: close other programs or choose "
                "device='cpu'."
            ) from error
        surface = Surface(
            self.networks.upsampler,
            lightness.display,
            lightness.network,
            coarse[0, 0],
            lightness.excluded,
        )
        return OpenPicture(self, lightness, encoded, NativePainter(surface))

    def __call__(
        self,
        image: ArrayLike,
        hints: Hints | None = None,
        n_outputs: int = 1,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Result:
        """Colorize a picture: `open` and `OpenPicture.paint`.

        Parameters
        ----------
        image : array-like
            See `open`.
        hints : Hints, optional
            Colours at points, strokes or regions.
        n_outputs : int
            Variations, 0 … 64; 0 gives only `best`.
        steps : int, optional
            Denoising steps of the variations; None for the model's default.
        seed : int
            Same picture, hints, seed, device and precision: same bytes.
        background : {'auto', 'gray'}
            'gray' keeps what no hint claims gray.
        progress : callable, optional
            ``progress(done, total)``, at least once a step.
        cancel : callable, optional
            Asked at least once a step; returning True raises `Cancelled`.

        Returns
        -------
        Result

        Raises
        ------
        InvalidImage, InvalidHints, InvalidRequest
            For bad input; the message says what to give instead.
        OutOfMemory
            If memory does not suffice for one output.
        Cancelled
            If `cancel` returned True.
        """
        picture = self.open(image)
        return picture.paint(hints, n_outputs, steps, seed, background, progress, cancel)


@lru_cache(maxsize=1)
def _default() -> Colorizer:
    return Colorizer.load()


def colorize(image: ArrayLike, hints: Hints | None = None, **options: Any) -> NDArray[np.uint8]:
    """Colorize a picture with the default model, which is loaded once.

    Parameters
    ----------
    image : array-like
        See `Colorizer.open`.
    hints : Hints, optional
        Colours at points, strokes or regions.
    **options
        As for `Colorizer.__call__`.

    Returns
    -------
    ndarray
        (n_outputs, H, W, 3) uint8.
    """
    return _default()(image, hints, **options).rgb
