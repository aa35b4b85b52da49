"""`Guide.attend` for one picture without gradients: the same shares in a fraction of the time.

The feature distance, the squared spatial distance and what does not depend on the hint are one
matrix product; pixels are taken in blocks that stay in the cache.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_abdiffuser.model.code import Attention, Code
from napari_abdiffuser.model.guide import Guide

__all__ = ["attend_one"]

_BLOCK = 1 << 17  # pairs of pixel and hint at a time on a CPU: half a megabyte a plane
_DEVICE_BLOCK = 1 << 26
_LEAST_NULL = -80.0  # exp of 80 and a thousand of them are still finite


def attend_one(guide: Guide, code: Code, positions: Tensor, *, highlight: bool) -> Attention:
    """Share every pixel of one picture out among the hints and the null token.

    Parameters
    ----------
    guide : Guide
        The network.
    code : Code
        One picture.
    positions : Tensor
        (1, N, 2), row and column in cells.
    highlight : bool
        Whether only hinted objects are to be coloured; ignored by a guide that never learned it.

    Returns
    -------
    Attention
        As `Guide.attend` gives it, up to rounding.
    """
    height, width = code.shape
    count = positions.shape[1]
    device = positions.device
    claims = torch.zeros(count, height, width, device=device)
    unclaimed = torch.zeros(height, width, device=device)
    gains = code.at(code.gain, positions)[:, 0]
    if not count:
        return _attention(claims, unclaimed + 1, gains)
    flag = torch.ones(1, device=device) if highlight else None
    heads = guide.tempers(torch.tensor([[float(count)]], device=device), flag)[0]
    queries, keys = _as_products(guide, code, positions, heads)
    linear = F.softplus(heads[:, 2]).tolist()
    rows, columns = _reaches(positions[0], height, width)
    pairs = _BLOCK if device.type == "cpu" else _DEVICE_BLOCK
    step = max(1, pairs // (count * width))
    for start in range(0, height, step):
        span = slice(start, min(start + step, height))
        reach = (rows[:, span, None] + columns[:, None]).add_(1e-4).sqrt_().flatten(1)
        cells = queries[:, :, span].flatten(2)
        for head, slope in enumerate(linear):
            weights = torch.addmm(reach, keys[head], cells[head], beta=-slope).exp_()
            scale = code.gate[0, head, span].reshape(-1) / (weights.sum(0) + 1)
            weights = weights.mul_(scale).view(count, -1, width)
            claims[:, span] += weights
            unclaimed[span] += scale.view(-1, width)
    return _attention(claims, unclaimed, gains)


def _attention(claims: Tensor, unclaimed: Tensor, gains: Tensor) -> Attention:
    return Attention(claims.flatten(1).T[None], unclaimed.reshape(1, -1, 1), gains)


def _as_products(
    guide: Guide, code: Code, positions: Tensor, heads: Tensor
) -> tuple[Tensor, Tensor]:
    """(heads, D + 4, h, w) and (heads, N, D + 4), whose product is the logit minus the null's.

    Without the linear nearness, which is no product.
    """
    height, width = code.shape
    area = height * width
    sharp = F.softplus(heads[:, 0])
    near = F.softplus(heads[:, 1]) / area
    features = code.features[0]
    found = code.at(code.features.flatten(1, 2), positions)[0].unflatten(0, features.shape[:2])
    # From the middle, so that squares stay small.
    row = torch.arange(height, device=features.device) - height / 2
    column = torch.arange(width, device=features.device) - width / 2
    places = positions[0] - torch.tensor([height, width], device=features.device) / 2
    square = (row.square()[:, None] + column.square()).expand(len(heads), -1, -1)
    null = (code.null[0] + heads[:, 3, None, None]).clamp(min=_LEAST_NULL)
    scale = sharp[:, None, None]
    constant = -scale * features.square().sum(1) - near[:, None, None] * square - null
    shape = (len(heads), 1, height, width)
    queries = torch.cat(
        [
            features * (2 * sharp)[:, None, None, None],
            row[:, None].expand(shape),
            column.expand(shape),
            constant[:, None],
            torch.ones(shape, device=features.device),
        ],
        1,
    )
    own = -scale * found.square().sum(1, keepdim=True)
    own = own - near[:, None, None] * places.square().sum(1)
    keys = torch.cat([found, 2 * near[:, None, None] * places.T, torch.ones_like(own), own], 1)
    return queries, keys.transpose(1, 2)


def _reaches(places: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Squared distances along rows (N, h) and along columns (N, w), in units of the area."""
    rows = torch.arange(height, device=places.device) - places[:, :1]
    columns = torch.arange(width, device=places.device) - places[:, 1:]
    area = height * width
    return rows.square() / area, columns.square() / area
