"""`Guide.attend` for one picture without gradients: the same shares in a fraction of the time.

The feature distance and what does not depend on the hint are one matrix product, one of whose
factors belongs to the picture alone; pixels are taken in blocks that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_abdiffuser.model.guide.features import Attention, GuideFeatures
from napari_abdiffuser.model.guide.network import Guide

__all__ = ["attend_one", "fixed_channels"]

_BLOCK = 1 << 17  # pairs of pixel and hint at a time on a CPU: half a megabyte a plane
_DEVICE_BLOCK = 1 << 26
_LEAST_NULL = -80.0  # exp of 80 and a thousand of them are still finite


def fixed_channels(code: GuideFeatures) -> Tensor:
    """Give the factor of the product that no hint changes: (heads, D + 3, h * w).

    Features, their squares' sum, the null's logit, and one.
    """
    features = code.features[0]
    square = features.square().sum(1, keepdim=True)
    null = code.null[0, :, None]
    return torch.cat([features, square, null, torch.ones_like(null)], 1).flatten(2)


def attend_one(
    guide: Guide,
    code: GuideFeatures,
    positions: Tensor,
    *,
    highlight: bool,
    nearness: Tensor | None = None,
    fixed: Tensor | None = None,
    workers: int = 1,
) -> Attention:
    """Share every pixel of one picture out among the hints and the null token.

    Parameters
    ----------
    guide : Guide
        The network.
    code : GuideFeatures
        One picture.
    positions : Tensor
        (1, N, 2), row and column in cells.
    highlight : bool
        Whether only hinted objects are to be coloured; ignored by a guide that never learned it.
    nearness : Tensor, optional
        (N, h * w) in [0, 1], see `HintPaths.nearness`; needed by a guide that knows it.
    fixed : Tensor, optional
        `fixed_channels` of the code, where they are kept.
    workers : int
        How many threads take blocks of pixels, each when it is done with the one before. To be
        more than one only where torch itself uses one.

    Returns
    -------
    Attention
        As `Guide.attend` gives it, up to rounding.
    """
    height, width = code.shape
    count = positions.shape[1]
    device = positions.device
    weights = torch.zeros(count, height, width, device=device)
    unclaimed = torch.zeros(height, width, device=device)
    gains = code.at(code.gain, positions)[:, 0]
    if not count:
        return _attention(weights, unclaimed + 1, gains)
    flag = torch.ones(1, device=device) if highlight else None
    number = torch.tensor([[float(count)]], device=device)
    heads = guide.tempers(number, flag)[0]
    path = guide.path_tempers(number, flag)[0] if nearness is not None else None
    nearest = None if nearness is None else nearness.amax(0)
    fixed = fixed_channels(code) if fixed is None else fixed
    fixed, keys = _factors(code, positions, heads, fixed, path)
    near, linear = F.softplus(heads[:, 1]).tolist(), F.softplus(heads[:, 2]).tolist()
    rows, columns = _reaches(positions[0], height, width)
    pairs = _BLOCK if device.type == "cpu" else _DEVICE_BLOCK
    step = max(1, pairs // (count * width))

    def share(start: int) -> None:
        span = slice(start, min(start + step, height))
        square = (rows[:, span, None] + columns[:, None]).flatten(1)
        reach = (square + 1e-4).sqrt_()
        cells = slice(span.start * width, span.stop * width)
        for head in range(len(keys)):
            per_head = torch.addmm(square, keys[head], fixed[head, :, cells], beta=-near[head])
            per_head.add_(reach, alpha=-linear[head])
            if nearness is not None and nearest is not None and path is not None:
                bonus, release = path[head].tolist()
                per_head.add_(nearness[:, cells], alpha=bonus)
                per_head.sub_(1 - nearest[cells], alpha=release)
            per_head.exp_()
            scale = code.gate[0, head, span].reshape(-1) / (per_head.sum(0) + 1)
            per_head = per_head.mul_(scale).view(count, -1, width)
            weights[:, span] += per_head
            unclaimed[span] += scale.view(-1, width)

    _for_each(share, range(0, height, step), workers)
    if nearest is not None:
        nearest = nearest.view(1, 1, height, width)
    return _attention(weights, unclaimed, gains, nearest)


def _for_each(work: Callable[[int], None], starts: range, workers: int) -> None:
    workers = min(workers, len(starts))
    if workers < 2:
        for start in starts:
            work(start)
        return
    mode = torch.is_inference_mode_enabled()  # a matter of each thread

    def there(start: int) -> None:
        with torch.inference_mode(mode):
            work(start)

    # A new thread multiplies matrices in its own way, and with threads of its own, until torch has
    # told it of their number.
    with ThreadPoolExecutor(workers, initializer=torch.get_num_threads) as pool:
        list(pool.map(there, starts))


def _attention(
    weights: Tensor, unclaimed: Tensor, gains: Tensor, nearest: Tensor | None = None
) -> Attention:
    return Attention(weights.flatten(1).T[None], unclaimed.reshape(1, -1, 1), gains, nearest)


def _factors(
    code: GuideFeatures, positions: Tensor, heads: Tensor, fixed: Tensor, path: Tensor | None
) -> tuple[Tensor, Tensor]:
    """(heads, D + 3, h * w) and (heads, N, D + 3), whose product is the logit minus the null's.

    Without nearness, which depends on both places.
    """
    features = code.features[0]
    found = code.at(code.features.flatten(1, 2), positions)[0].unflatten(0, features.shape[:2])
    sharp = F.softplus(heads[:, 0])[:, None, None]
    shift = heads[:, 3, None, None]
    least = _LEAST_NULL - shift[:, 0]
    if path is not None:
        least = least + path[:, :1]  # room for what nearness adds to the hint
    if bool((fixed[:, -2] < least).any()):
        fixed = fixed.clone()
        fixed[:, -2] = torch.maximum(fixed[:, -2], least)
    own = -sharp * found.square().sum(1, keepdim=True) - shift
    one = torch.ones_like(own)
    keys = torch.cat([2 * sharp * found, -sharp * one, -one, own], 1)
    return fixed, keys.transpose(1, 2)


def _reaches(places: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Squared distances along rows (N, h) and along columns (N, w), in units of the area."""
    rows = torch.arange(height, device=places.device) - places[:, :1]
    columns = torch.arange(width, device=places.device) - places[:, 1:]
    area = height * width
    return rows.square() / area, columns.square() / area
