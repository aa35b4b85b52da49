"""Public colorizer: a model of either kind, loaded on a device."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.colorizer.baseline.picture import PixelModel, PixelPicture
from napari_abdiffuser.colorizer.devices import choose_device
from napari_abdiffuser.colorizer.memory import is_out_of_memory
from napari_abdiffuser.colorizer.model_info import ModelInfo
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.picture.opened import GuidedModel, OpenPicture
from napari_abdiffuser.errors import InvalidRequest, ModelCorrupt, OutOfMemory
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.lightness import to_lightness
from napari_abdiffuser.model.pixel.networks import PixelNetworks
from napari_abdiffuser.weights import read, resolve
from napari_abdiffuser.weights.networks import networks_of

__all__ = ["Colorizer", "colorize"]


class Colorizer:
    """Colorizes pictures; made by `Colorizer.load`. Safe to call from any thread, repeatedly."""

    def __init__(self, model: GuidedModel | PixelModel) -> None:
        self.model = model

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
        choice = choose_device(device)
        file = resolve(model)
        tensors, metadata = read(file.path)
        networks = networks_of(tensors, metadata, file.path)
        settings = metadata.get("settings", {})
        if not isinstance(settings, dict):
            raise ModelCorrupt(f"The settings in {file.path} are not a table: fetch it again.")
        info = ModelInfo(file, choice, settings)
        if isinstance(networks, PixelNetworks):
            return cls(PixelModel(networks, info))
        return cls(GuidedModel(networks, info))

    @property
    def device(self) -> str:
        """Where the model runs, such as 'cpu' or 'cuda:0'."""
        return str(self.model.info.choice.device)

    @property
    def device_reason(self) -> str:
        """Why it runs there, in words."""
        return self.model.info.choice.reason

    @property
    def default_steps(self) -> int:
        """Denoising steps when none are asked for."""
        return self.model.info.default_steps

    @property
    def work_size(self) -> int:
        """Longer side, in pixels, that pictures are encoded at; small ones at most doubled."""
        return self.model.info.work_size

    def describe(self) -> dict[str, Any]:
        """Return model, device and versions for provenance; JSON-serializable."""
        return self.model.info.describe()

    def open(
        self,
        image: ArrayLike,
        contrast_limits: tuple[float, float] | None = None,
        exclude: NDArray[np.bool_] | None = None,
    ) -> OpenPicture | PixelPicture:
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
        Picture
        Of a model with a guide, an `OpenPicture`.

        Raises
        ------
        InvalidImage
            If it is not a picture, or `exclude` does not fit it; the message says what to do.
        OutOfMemory
            If memory does not suffice.
        """
        lightness = to_lightness(image, contrast_limits, exclude)
        try:
            return self.model.open(lightness)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory(
                "Memory does not suffice to open this picture: close other programs or choose "
                "device='cpu'."
            ) from error

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
