"""What the guide and the anchor diffusion are trained to make small."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["charbonnier", "log_mse"]


def charbonnier(difference: Tensor, epsilon: float) -> Tensor:
    """Mean over channels and pixels of sqrt(|d|^2 + eps^2) - eps, per picture: (B, C, …) -> (B,).

    The norm is taken over the colour plane, so the loss does not depend on hue.
    """
    return ((difference.square().sum(1) + epsilon**2).sqrt() - epsilon).flatten(1).mean(1)


def log_mse(difference: Tensor, floor: float) -> Tensor:
    """Log of the mean squared error per picture, which is PSNR but for a factor: (B,)."""
    return torch.log(difference.square().flatten(1).mean(1) + floor)
