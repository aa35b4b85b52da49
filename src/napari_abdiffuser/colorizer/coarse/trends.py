"""Colours spread over a trend: what goes with lightness all over the picture stays out of it.

What the hints' own colours are beyond that is spread narrowly around them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_abdiffuser.colorizer.coarse.encoded import MAX_NARROW, EncodedPicture
from napari_abdiffuser.colorizer.threads import one_thread
from napari_abdiffuser.model.guide.features import Attention
from napari_abdiffuser.model.guide.residual import residual
from napari_abdiffuser.model.guide.trend import fit_trend
from napari_abdiffuser.options import Background

__all__ = ["attention_modes", "spread_over_trend", "trend_slopes"]


def attention_modes(count: int, background: Background) -> tuple[bool, ...]:
    """Return the modes (``highlight`` or not) in which `best` attends to so many hints."""
    if background.gray:
        return (True,)
    return (False, True) if 0 < count <= MAX_NARROW else (False,)


def trend_slopes(
    picture: EncodedPicture,
    attention: Attention,
    positions: Tensor,
    sources: Sequence[int],
    values: Tensor | None,
    colors: Tensor,
) -> Tensor | None:
    """Slopes of the trend that hints tell: (K, 2), or None if they cannot tell any.

    Parameters
    ----------
    picture : EncodedPicture
        The picture.
    attention : Attention
        From `EncodedPicture.attend`, of these positions.
    positions : Tensor
        (1, N, 2) in cells.
    sources : sequence of int
        Of the N tokens, the number of each one's hint.
    values : Tensor or None
        (1, N, K), of each hint the covariates' means, where they are known.
    colors : Tensor
        (1, N, 2), ab / 110.
    """
    if values is None or not positions.shape[1]:
        return None
    with one_thread(picture.device):
        return fit_trend(picture.code, attention, positions, sources, values, colors)


def spread_over_trend(
    picture: EncodedPicture,
    attention: Attention,
    known: Tensor,
    values: Tensor | None,
    colors: Tensor,
    hint_map: Tensor,
    slopes: Tensor | None,
) -> Tensor:
    """Spread colours less their trend, and add that of every cell: (1, 2 n, h, w), ab / 110.

    Parameters
    ----------
    picture : EncodedPicture
        The picture.
    attention : Attention
        From `EncodedPicture.attend`, of T tokens.
    known : Tensor
        (1, N, 2) in cells, the places of the last N tokens, whose colours are to be met there;
        of more than 256 they are not.
    values : Tensor or None
        (1, T, K), covariates of each token; needed with slopes.
    colors : Tensor
        (1, T, 2 n), ab / 110, of n colourings.
    hint_map : Tensor
        (1, 2 n + 1, h, w).
    slopes : Tensor or None
        (K, 2), from `trend_slopes`; the same for all colourings. Without, there is no trend.
    """
    auto, count = picture.code.auto, colors.shape[2] // 2
    if slopes is None or values is None:
        return spread_with_residual(picture, attention, known, colors, hint_map, auto)
    with one_thread(picture.device, picture.covariates.numel()):
        trend = torch.einsum("bkhw,kc->bchw", picture.covariates, slopes)
        auto = auto - trend  # what nobody claims has its automatic colour, without a trend
        trend = trend.repeat(1, count, 1, 1)
        mask = hint_map[:, -1:]
        beneath = torch.cat([hint_map[:, :-1] - trend * mask, mask], 1)
        colors = colors - (values @ slopes).repeat(1, 1, count)
    return spread_with_residual(picture, attention, known, colors, beneath, auto) + trend


def spread_with_residual(
    picture: EncodedPicture,
    attention: Attention,
    known: Tensor,
    colors: Tensor,
    hint_map: Tensor,
    auto: Tensor,
) -> Tensor:
    """Spread colours, and around known places what these are beyond it."""
    count = colors.shape[2] // 2
    if True not in attention_modes(known.shape[1], Background.AUTO):
        return picture.spread(attention, colors, hint_map, auto)
    narrow = picture.attend(known, highlight=True)
    with one_thread(picture.device, attention.unclaimed.numel()):
        left = residual(picture.code, attention, known, colors, auto.repeat(1, count, 1, 1))
    return picture.spread(attention, colors, hint_map, auto, (narrow, left))
