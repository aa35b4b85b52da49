"""What the guide and the anchor diffusion are trained to make small."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["charbonnier", "log_mse"]


def charbonnier(difference: Tensor, epsilon: float, share: Tensor | None = None) -> Tensor:
    """Mean over channels and pixels of sqrt(|d|^2 + eps^2) - eps, per picture: (B, C, …) -> (B,).

    The norm is taken over the colour plane, so the loss does not depend on hue. ``share`` (B, …)
    multiplies every pixel's.
    """
    distance = (difference.square().sum(1) + epsilon**2).sqrt() - epsilon
    return _mean(distance, share)


def log_mse(difference: Tensor, floor: float, share: Tensor | None = None) -> Tensor:
    """Log of the mean squared error per picture, which is PSNR but for a factor: (B,).

    ``share`` (B, …) multiplies every pixel's.
    """
    return torch.log(_mean(difference.square().mean(1), share) + floor)


def _mean(values: Tensor, share: Tensor | None) -> Tensor:
    return (values if share is None else values * share).flatten(1).mean(1)
