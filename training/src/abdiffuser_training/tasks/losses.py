"""What the guide and the anchor diffusion are trained to make small."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["charbonnier", "claim_likelihood", "log_mse"]


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


def claim_likelihood(shares: Tensor, distances: Tensor, width: float, floor: float) -> Tensor:
    """Minus the log-likelihood of the true colours under who claims each pixel: (B, P).

    Whoever claims a pixel predicts its own colour with a normal error of ``width``, so a pixel has
    the mixture sum_k share_k exp(-|colour_k - truth|^2 / (2 width^2)). Its gradient moves a claim
    to the hints of the true colour also where the claims are certain and wrong, where that of the
    mean colour's error is almost nothing.

    Parameters
    ----------
    shares : Tensor
        (B, P, K) >= 0 of sum one over K.
    distances : Tensor
        (B, P, K), squared, from each claimer's colour to the pixel's true one.
    width : float
        Of the normal error, ab / 110.
    floor : float
        Likelihood of colours that nobody has.
    """
    likelihood = (shares * torch.exp(distances / (-2 * width**2))).sum(-1)
    return -torch.log(likelihood + floor)


def _mean(values: Tensor, share: Tensor | None) -> Tensor:
    return (values if share is None else values * share).flatten(1).mean(1)
