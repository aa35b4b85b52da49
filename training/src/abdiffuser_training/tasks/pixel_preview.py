"""What a pixel U-Net makes of a few pictures: gray, hints, best, samples, truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from abdiffuser_training.engine.task import TensorBatch
from napari_abdiffuser.imaging.colorspace import render
from napari_abdiffuser.model.pixel import PixelNetworks

__all__ = ["preview_grid"]

_STEPS = 8
_GAP = 2


@torch.inference_mode()
def preview_grid(
    networks: PixelNetworks, shown: TensorBatch, samples: int = 2
) -> NDArray[np.uint8]:
    """Draw a row for each picture.

    Parameters
    ----------
    networks : PixelNetworks
        As they are now.
    shown : TensorBatch
        ``chroma`` and ``condition``, on any device.
    samples : int
        Samples a picture: 8 deterministic steps from fixed noise, or a distilled model's own.

    Returns
    -------
    ndarray
        (H, W, 3) uint8.
    """
    device = next(networks.parameters()).device
    condition = shown["condition"].to(device)
    columns = [torch.zeros_like(shown["chroma"]), condition[:, 1:3]]
    columns.append(torch.cat([networks.best(one[None]) for one in condition]))
    steps = None if networks.sampling.distilled else _STEPS
    for seed in range(samples):
        generators = [torch.Generator().manual_seed(100 * seed + i) for i in range(len(condition))]
        columns.append(networks.sample(condition, generators, steps=steps, sampler="ddim"))
    columns.append(shown["chroma"])
    lightness = _to_numpy(condition[:, :1])[..., 0] * 50 + 50
    pictures = [render(lightness, 110 * _to_numpy(column))[0] for column in columns]
    return _tiled(pictures)


def _to_numpy(x: Tensor) -> NDArray[np.float32]:
    return cast(NDArray[np.float32], x.permute(0, 2, 3, 1).float().cpu().contiguous().numpy())


def _tiled(columns: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Columns of (B, H, W, 3) pictures side by side, white between them."""
    rows = len(columns[0])
    gap = ((0, 0), (0, _GAP), (0, _GAP), (0, 0))
    apart = np.stack([np.pad(column, gap, constant_values=255) for column in columns])
    height, width = apart.shape[2:4]
    grid = apart.transpose(1, 2, 0, 3, 4).reshape(rows * height, len(columns) * width, 3)
    return grid[:-_GAP, :-_GAP]
