"""Grids of pictures that show what a network has learned."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.hint_sampling import HintBatch
from napari_abdiffuser.imaging.colorspace import lab_to_srgb, render
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.weights import write

__all__ = ["colourings", "grid", "hint_picture", "render_batch"]

_GAP = 2
_SIDE = 5  # of a shown hint, pixels


def render_batch(lightness: Tensor, chroma: Tensor) -> NDArray[np.uint8]:
    """Pictures of network units.

    Parameters
    ----------
    lightness : Tensor
        (B, 1, S, S), L* / 50 - 1.
    chroma : Tensor
        (B, 2, S, S), ab / 110.

    Returns
    -------
    ndarray
        (B, S, S, 3) uint8 sRGB.
    """
    levels = (50 * (lightness[:, 0].float().cpu() + 1)).clamp(0, 100).numpy()
    ab = (110 * chroma.float().cpu()).permute(0, 2, 3, 1).numpy()
    pictures = [render(one, colors)[0] for one, colors in zip(levels, ab, strict=True)]
    return np.stack(pictures).astype(np.uint8)


def hint_picture(lightness: Tensor, hints: HintBatch) -> NDArray[np.uint8]:
    """Pictures (B, S, S, 3) uint8 that are gray but under the hints."""
    size = lightness.shape[-1]
    share = hints.hint_map[:, 2:].clamp(min=1e-6)
    colors = hints.hint_map[:, :2] / share * (hints.hint_map[:, 2:] > 0)
    return render_batch(lightness, F.interpolate(colors, size=(size, size), mode="nearest"))


def grid(*columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put columns of pictures (B, S, S, 3) side by side, one picture a row: (H, W, 3)."""
    pad = ((0, 0), (0, _GAP), (0, _GAP), (0, 0))
    padded = [np.pad(column, pad, constant_values=255) for column in columns]
    rows = [np.concatenate(list(row), 1) for row in zip(*padded, strict=True)]
    return np.concatenate(rows, 0)


def colourings(networks: Networks, crops: Batch, hints: HintBatch) -> NDArray[np.uint8]:
    """Show what the product makes of networks as they are, through a model file as it loads them.

    Parameters
    ----------
    networks : Networks
        On any device.
    crops : Batch
        Pictures, on the CPU.
    hints : HintBatch
        Of these pictures.

    Returns
    -------
    ndarray
        Columns: gray, hints, best, three samples, truth.
    """
    from napari_abdiffuser.colorizer import Colorizer

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "preview.safetensors"
        half = {name: value.to(torch.float16) for name, value in networks.state_dict().items()}
        write(path, half, {"config": networks.to_config(), "settings": {}})
        colorizer = Colorizer.load(path)
    gray = render_batch(crops.lightness, torch.zeros_like(crops.chroma))
    results = [
        colorizer(picture, _hints(crops, hints, i), n_outputs=3) for i, picture in enumerate(gray)
    ]
    samples = np.stack([r.rgb for r in results], 1)
    return grid(
        gray,
        hint_picture(crops.lightness, hints),
        np.stack([r.best for r in results]),
        *samples,
        render_batch(crops.lightness, crops.chroma),
    )


def _hints(crops: Batch, hints: HintBatch, i: int) -> Hints | None:
    """Hints of one picture as its user would give them; None without any."""
    valid = hints.valid[i]
    if not valid.any():
        return None
    size = crops.lightness.shape[-1]
    places = (2 * hints.positions[i, valid] + 0.5).numpy().clip(0, size - 1)
    rows, columns = places.round().astype(int).T
    levels = 50 * (crops.lightness[i, 0].numpy()[rows, columns] + 1)
    lab = np.column_stack([levels, 110 * hints.colors[i, valid].numpy()])
    return Hints.from_points(places, lab_to_srgb(lab).clip(0, 1), sizes=_SIDE)
