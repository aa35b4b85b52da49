"""From a code and hints to coarse colour maps: the most probable colouring, and samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from napari_abdiffuser.colorizer.coarse.anchor_colors import (
    MAX_TOKENS,
    Start,
    sample_colors,
    spaced,
)
from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.colorizer.coarse.trends import spread_over_trend, trend_slopes
from napari_abdiffuser.colorizer.hints.tokens import HintTokens
from napari_abdiffuser.model.diffusion.kinship import smooth_deviations
from napari_abdiffuser.model.guide.features import Attention
from napari_abdiffuser.options import Background

__all__ = [
    "claimed_share",
    "harmonize_by_kind",
    "hold_claimed",
    "most_probable",
    "sample_maps",
    "spread_all",
]

_ANOTHER = 0.18  # ab / 110, 20 units of a* b*: samples depart less from what is hinted


def most_probable(picture: EncodedPicture, hints: HintTokens, background: Background) -> Tensor:
    """Colour map of the hints alone: (1, 2, h, w), ab / 110.

    Parameters
    ----------
    picture : EncodedPicture
        The picture.
    hints : HintTokens
        May be none.
    background : Background
        If gray, what no hint claims stays so instead of its automatic colour; hints then claim more
        narrowly, where the guide has learned it.
    """
    attention = picture.attend(hints.positions, highlight=background.gray)
    if background.gray:
        return picture.spread(attention, hints.colors, hints.hint_map, None)
    slopes = _slopes(picture, hints, attention)
    return spread_over_trend(
        picture,
        attention,
        hints.positions,
        hints.covariates,
        hints.colors,
        hints.hint_map,
        slopes,
    )


def _slopes(picture: EncodedPicture, hints: HintTokens, attention: Attention) -> Tensor | None:
    return trend_slopes(
        picture, attention, hints.positions, hints.sources, hints.covariates, hints.colors
    )


def claimed_share(picture: EncodedPicture, hints: HintTokens) -> Tensor:
    """Share of each cell that hints claim where all else stays gray: (1, 1, h, w) in [0, 1]."""
    attention = picture.attend(hints.positions, highlight=True)
    mask = hints.hint_map[:, 2:]
    every = torch.ones(1, hints.positions.shape[1], 1, device=mask.device)
    return picture.shares(attention, every, torch.cat([mask, mask], 1))


def hold_claimed(
    picture: EncodedPicture, hints: HintTokens, maps: Tensor, best: Tensor, background: Background
) -> Tensor:
    """Let samples differ only where no hint claims: (n, 2, h, w), ab / 110.

    Parameters
    ----------
    picture, hints, background
        See `most_probable`.
    maps : Tensor
        (n, 2, h, w), ab / 110, as sampled.
    best : Tensor
        (1, 2, h, w), ab / 110, of the hints alone, which holds where they claim.
    """
    if not hints.positions.shape[1]:
        return maps * 0 if background.gray else maps
    claimed = claimed_share(picture, hints)
    if background.gray:  # `best` is gray there already
        return maps * claimed * (1 - claimed) + best * claimed
    return torch.lerp(maps, best.expand_as(maps), claimed)


def sample_maps(
    picture: EncodedPicture,
    hints: HintTokens,
    seeds: list[int],
    steps: int,
    *,
    background: Background,
    start: Start | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Tensor:
    """Sample colour maps: (n, 2, h, w), ab / 110; one for each seed, whatever the others are.

    Parameters
    ----------
    picture, hints, background
        See `most_probable`.
    seeds : list of int
        One for each map.
    steps : int
        Denoising steps.
    start : Start, optional
        Colours of the anchors to stay near to.
    progress, cancel : callable, optional
        See `napari_abdiffuser.model.sampler`.
    """
    places = picture.anchors
    base = picture.code.at(most_probable(picture, hints, Background.AUTO), places).transpose(1, 2)
    if start is not None:
        base = _chosen(start.colors, base, _unclaimed_at(picture, hints, places))
        start = replace(start, colors=base)
    colors = sample_colors(
        picture,
        places,
        hints.positions,
        hints.colors,
        seeds,
        steps,
        start=start,
        progress=progress,
        cancel=cancel,
    )
    colors = harmonize_by_kind(picture, hints, places, colors, base)
    return spread_all(picture, hints, colors, background)


def _chosen(chosen: Tensor, hinted: Tensor, free: Tensor) -> Tensor:
    """Chosen colours, but those of hints where these claim a place and have another by now."""
    agree = torch.exp(-((chosen - hinted).square().sum(2, keepdim=True) / _ANOTHER**2).square())
    return torch.lerp(hinted, chosen, free + (1 - free) * agree)


def _unclaimed_at(picture: EncodedPicture, hints: HintTokens, places: Tensor) -> Tensor:
    """Share of places (1, A, 2) that no hint claims: (1, A, 1) in [0, 1]."""
    unclaimed = picture.attend(hints.positions).unclaimed.transpose(1, 2)
    return picture.code.at(unclaimed.unflatten(2, picture.shape), places).transpose(1, 2)


def harmonize_by_kind(
    picture: EncodedPicture, hints: HintTokens, places: Tensor, colors: Tensor, base: Tensor
) -> Tensor:
    """Let sampled colours (n, A, 2), ab / 110, be the same where places look alike.

    Parameters
    ----------
    picture, hints
        See `most_probable`.
    places : Tensor
        (1, A, 2) in cells.
    colors : Tensor
        (n, A, 2), ab / 110, as sampled.
    base : Tensor
        (1, A, 2), ab / 110: colours without chance, which samples depart from.
    """
    free = _unclaimed_at(picture, hints, places)
    where = hints.positions[:, spaced(hints.positions.shape[1], MAX_TOKENS, picture.device)]
    guide, code = picture.networks.guide, picture.code
    return base + smooth_deviations(guide, code, places, colors - base, where, free)


def spread_all(
    picture: EncodedPicture, hints: HintTokens, colors: Tensor, background: Background
) -> Tensor:
    """Spread sampled anchor colours (n, K, 2) and the hints: (n, 2, h, w)."""
    count = len(colors)
    # Before the larger attention is remembered, which may push out that of the hints.
    slopes, values = _slopes(picture, hints, picture.attend(hints.positions)), None
    attention = picture.attend(torch.cat([picture.anchors, hints.positions], 1))
    side_by_side = torch.cat(
        [colors.transpose(0, 1).flatten(1)[None], hints.colors.repeat(1, 1, count)], 1
    )
    hint_map = torch.cat([hints.hint_map[:, :2].repeat(1, count, 1, 1), hints.hint_map[:, 2:]], 1)
    if hints.covariates is not None:
        there = picture.code.at(picture.covariates, picture.anchors).transpose(1, 2)
        values = torch.cat([there, hints.covariates], 1)
    maps = spread_over_trend(
        picture, attention, hints.positions, values, side_by_side, hint_map, slopes
    )
    apart: Tensor = maps.unflatten(1, (count, 2))[0]
    return hold_claimed(
        picture, hints, apart, most_probable(picture, hints, background), background
    )
