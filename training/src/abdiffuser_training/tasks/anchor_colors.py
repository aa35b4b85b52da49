"""Which colours anchors should have so that, painted over the picture, they give the true ones."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from abdiffuser_training.hint_sampling.paths import nearness_at
from napari_abdiffuser.model.guide.network import Guide, GuideFeatures

__all__ = ["fitted_colors", "local_colors"]

_PULL = 0.02
_MOST = 1.2  # ab / 110: no displayable colour is further from gray


def local_colors(code: GuideFeatures, positions: Tensor, truth: Tensor) -> Tensor:
    """Mean colour of 3 x 3 cells around each anchor, as a small patch of a user's would say.

    Parameters
    ----------
    code : GuideFeatures
        Pictures of h x w cells.
    positions : Tensor
        (B, K, 2) in cells.
    truth : Tensor
        (B, 2, h, w), ab / 110.

    Returns
    -------
    Tensor
        (B, K, 2).
    """
    mean = F.avg_pool2d(truth, 3, 1, 1, count_include_pad=False)
    return code.at(mean, positions).transpose(1, 2)


def fitted_colors(
    guide: Guide, code: GuideFeatures, positions: Tensor, truth: Tensor, lightness: Tensor
) -> Tensor:
    """Colours whose painting is nearest to the truth.

    Painting mixes the colours of neighbouring anchors, which dulls them. It is linear, x = P c + b,
    so the colours c that undo it are a ridge regression's:
    ``(P'P + s I) c = P' (truth - b) + s c0`` around the local means c0, with s a fiftieth of the
    cells that an anchor has on average.

    Parameters
    ----------
    guide, code : Guide, Code
        The painter and its pictures, h x w cells.
    positions : Tensor
        (B, K, 2) in cells.
    truth : Tensor
        (B, 2, h, w), ab / 110.
    lightness : Tensor
        (B, 1, h, w), as the guide sees it, in [-1, 1].

    Returns
    -------
    Tensor
        (B, K, 2), at most 1.2 in length.
    """
    batch, anchors, _ = positions.shape
    height, width = code.shape
    valid = torch.ones(batch, anchors, dtype=torch.bool, device=positions.device)
    nearness = nearness_at(lightness, positions, valid)
    attention = guide.attend(code, positions, valid, nearness=nearness)
    unit = torch.eye(anchors, device=truth.device).expand(batch, -1, -1)
    nothing = truth.new_zeros(batch, anchors + 1, height, width)
    response = guide.paint(code, attention, unit, nothing, nothing[:, 1:])[0].flatten(2)
    black = truth.new_zeros(batch, anchors, 2)
    base = guide.paint(code, attention, black, nothing[:, :3])[0]
    mean = local_colors(code, positions, truth)
    pull = _PULL * height * width / anchors
    normal = response @ response.transpose(1, 2)
    normal = normal + pull * torch.eye(anchors, device=truth.device)
    right = response @ (truth - base).flatten(2).transpose(1, 2) + pull * mean
    colors: Tensor = torch.linalg.solve(normal, right)
    length = colors.norm(dim=2, keepdim=True)
    bounded: Tensor = colors * (_MOST / length.clamp(min=_MOST))
    return bounded
