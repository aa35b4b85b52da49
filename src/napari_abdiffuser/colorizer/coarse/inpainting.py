"""Sampling inside a region while its surroundings keep their colours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.coarse.anchor_colors import sample_colors
from napari_abdiffuser.colorizer.coarse.averaging import coarse_chroma
from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.colorizer.coarse.painting import harmonize_by_kind, hold_claimed
from napari_abdiffuser.colorizer.coarse.trends import spread_over_trend, trend_slopes
from napari_abdiffuser.colorizer.hints.tokens import HintTokens
from napari_abdiffuser.model.diffusion.anchors import place_anchors
from napari_abdiffuser.options import Background

__all__ = ["Inpainting"]

_CANDIDATES = 256
_INSIDE, _OUTSIDE = 64, 96


class Inpainting:
    """A region of a coloured picture, to be coloured anew.

    Tokens outside carry the colours that the picture has there, as hints do, and all of the cells
    outside are data for the propagation: colours flow in over the region's border where the guide
    sees no edge.

    Parameters
    ----------
    picture : EncodedPicture
        The picture.
    hints : HintTokens
        Those inside the region.
    before : ndarray of uint8, shape (H, W, 3)
        The colouring so far.
    region : ndarray of bool, shape (H, W)
        Where it is to change.
    background : Background
        What becomes of pixels that no hint claims.
    """

    def __init__(
        self,
        picture: EncodedPicture,
        hints: HintTokens,
        before: NDArray[np.uint8],
        region: NDArray[np.bool_],
        *,
        background: Background,
    ) -> None:
        self._picture = picture
        self._hints = hints
        self._background = background
        device = picture.device
        colors = coarse_chroma(before, picture.shape).to(device)
        mask = torch.from_numpy(region.astype(np.float32))[None, None]
        cover = torch.nn.functional.adaptive_avg_pool2d(mask, picture.shape).to(device)
        self._inside, outside = _places(picture, cover)
        self._places = torch.cat([outside, hints.positions], 1)
        there = picture.code.at(colors, outside).transpose(1, 2)
        self._colors = torch.cat([there, hints.colors], 1)
        apart = outside.shape[1]
        self._sources = [*range(apart), *(apart + number for number in hints.sources)]
        self._values: Tensor | None = None
        if hints.covariates is not None:
            there = picture.code.at(picture.covariates, outside).transpose(1, 2)
            self._values = torch.cat([there, hints.covariates], 1)
        kept = 1 - cover
        self._hint_map = hints.hint_map * cover + torch.cat([colors * kept, kept], 1)

    def most_probable(self) -> Tensor:
        """Colour map of hints and surroundings alone: (1, 2, h, w), ab / 110."""
        return self._map(self._background)

    def _map(self, background: Background) -> Tensor:
        picture = self._picture
        if background.gray:
            attention = picture.attend(self._hints.positions, highlight=True)
            return picture.spread(attention, self._hints.colors, self._hint_map, None)
        attention = picture.attend(self._places)
        return spread_over_trend(
            picture,
            attention,
            self._places,
            self._values,
            self._colors,
            self._hint_map,
            self._slopes(),
        )

    def _slopes(self) -> Tensor | None:
        attention = self._picture.attend(self._places)
        return trend_slopes(
            self._picture, attention, self._places, self._sources, self._values, self._colors
        )

    def sample(
        self,
        seeds: list[int],
        steps: int,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Tensor:
        """Sample colour maps: (n, 2, h, w), ab / 110, one for each seed."""
        picture, count = self._picture, len(seeds)
        drawn = sample_colors(
            picture,
            self._inside,
            self._places,
            self._colors,
            seeds,
            steps,
            progress=progress,
            cancel=cancel,
        )
        # Not kin of the surroundings: what is to change would take their colours again.
        base = picture.code.at(self._map(Background.AUTO), self._inside).transpose(1, 2)
        drawn = harmonize_by_kind(picture, self._hints, self._inside, drawn, base)
        slopes = self._slopes()
        attention = picture.attend(torch.cat([self._inside, self._places], 1))
        side_by_side = torch.cat(
            [drawn.transpose(0, 1).flatten(1)[None], self._colors.repeat(1, 1, count)], 1
        )
        hint_map = self._hint_map
        hint_map = torch.cat([hint_map[:, :2].repeat(1, count, 1, 1), hint_map[:, 2:]], 1)
        values = self._values
        if values is not None:
            there = picture.code.at(picture.covariates, self._inside).transpose(1, 2)
            values = torch.cat([there, values], 1)
        maps = spread_over_trend(
            picture, attention, self._places, values, side_by_side, hint_map, slopes
        )
        apart: Tensor = maps.unflatten(1, (count, 2))[0]
        return hold_claimed(picture, self._hints, apart, self.most_probable(), self._background)


def _places(picture: EncodedPicture, cover: Tensor) -> tuple[Tensor, Tensor]:
    """Anchors inside and outside of a region that covers some of the cells (1, 1, h, w).

    Anchors are placed one after the other, each far from all before it, so the first of many that
    lie inside stand for the inside as well as for the whole.
    """
    places = place_anchors(picture.code, _CANDIDATES)[0]
    # Where a picture has fewer candidates places repeat.
    _, first = np.unique(places.cpu().numpy(), axis=0, return_index=True)
    places = places[torch.from_numpy(np.sort(first)).to(places.device)]
    row, column = places.long().unbind(1)
    share = cover[0, 0, row, column]
    inside, outside = places[share > 0.5][:_INSIDE], places[share < 0.05][:_OUTSIDE]
    if not len(inside):
        most = int(cover.argmax())
        width = picture.shape[1]
        inside = places.new_tensor([[most // width, most % width]])
    return inside[None], outside[None]
