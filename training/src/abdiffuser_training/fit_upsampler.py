"""Training of the upsampler: coarse true chroma back to fine, guided by lightness."""

from __future__ import annotations

import logging
import math
import time

import numpy as np
import torch
import torch.nn.functional as F

from abdiffuser_training.data.batches import Mixture
from napari_abdiffuser.model.upsample import Upsampler

__all__ = ["fit_upsampler"]

_LOG = logging.getLogger(__name__)
_FACTORS = (2, 2, 3, 4, 6, 8)


def fit_upsampler(
    model: Upsampler, mixture: Mixture, *, minutes: float, rate: float = 3e-3, side: int = 96
) -> None:
    """Train an upsampler within a budget.

    Parameters
    ----------
    model : Upsampler
        Updated in place.
    mixture : Mixture
        Where crops come from.
    minutes : float
        Budget.
    rate : float
        Largest learning rate; cosine decay.
    side : int
        Of the crops, pixels; a multiple of 24.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    rng = np.random.default_rng(0)
    began = time.monotonic()
    step, running, plain = 0, 0.0, 0.0
    while (progress := (time.monotonic() - began) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * progress))
        crops = mixture.batch(step, 8, side)
        factor = int(rng.choice(_FACTORS))
        colours = F.avg_pool2d(crops.chroma, factor)
        coarse = F.avg_pool2d(crops.seen, factor)[:, 0]
        fine = model(crops.seen[:, 0], coarse, colours)
        loss = (fine - crops.chroma).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        with torch.no_grad():
            bilinear = F.interpolate(colours, scale_factor=factor, mode="bilinear")
            plain += float((bilinear - crops.chroma).square().mean())
        running += float(loss.detach())
        if step % 100 == 0:
            _LOG.info(
                "upsampler step %d: mean squared error %.3g, bilinear %.3g",
                step,
                running / 100,
                plain / 100,
            )
            running, plain = 0.0, 0.0
