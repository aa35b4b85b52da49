"""What a pixel U-Net makes of a few pictures: gray, hints, best, samples, truth."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from abdiffuser_training.engine.task import TensorBatch
from abdiffuser_training.tasks.previews import grid, render_batch
from napari_abdiffuser.model.pixel.networks import PixelNetworks

__all__ = ["preview_grid"]

_STEPS = 8


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
    columns.append(networks.best(condition))
    steps = None if networks.sampling.distilled else _STEPS
    for seed in range(samples):
        generators = [torch.Generator().manual_seed(100 * seed + i) for i in range(len(condition))]
        columns.append(networks.sample(condition, generators, steps=steps, sampler="ddim"))
    columns.append(shown["chroma"])
    return grid(*(render_batch(condition[:, :1], column) for column in columns))
