"""Corrections of a colouring: inpainting, erasing, saturation, and variations near it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.colorizer.coarse.anchor_colors import Start
from napari_abdiffuser.colorizer.coarse.averaging import coarse_chroma, touched
from napari_abdiffuser.colorizer.coarse.inpainting import Inpainting
from napari_abdiffuser.colorizer.coarse.painting import most_probable, sample_maps
from napari_abdiffuser.colorizer.hints.groups import hints_inside
from napari_abdiffuser.colorizer.memory import within_memory
from napari_abdiffuser.colorizer.native.colorings import (
    checked_mask,
    checked_rgb,
    digest,
    grayed,
    saturated,
)
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.native.run import Run
from napari_abdiffuser.colorizer.picture.core import PictureCore
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.exclusion import describe_exclusion
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.hard_regions import hard_mask
from napari_abdiffuser.options import Background, PaintOptions

__all__ = ["erase", "inpaint", "more_like", "saturate"]

_MAX_SATURATION = 10.0


def inpaint(
    picture: PictureCore,
    rgb: ArrayLike,
    mask: ArrayLike,
    hints: Hints | None = None,
    n_outputs: int = 1,
    steps: int | None = None,
    seed: int = 0,
    background: str = "auto",
    progress: Callable[[int, int], object] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Result:
    """Recolour inside a region; everything outside stays to the byte.

    Anchors inside are sampled anew while those outside keep the colours they have (diffusion
    inpainting by conditioning); at the region's border colours pass into those outside unless
    the guide sees an edge there.

    Parameters
    ----------
    rgb : array of uint8, shape (H, W, 3)
        The colouring so far.
    mask : array of bool, shape (H, W)
        True where it is to be recoloured.
    hints : Hints, optional
        Those inside the region steer; others need not be taken out.
    n_outputs, steps, seed, background, progress, cancel
        See `OpenPicture.paint`; 'gray' keeps gray what no hint inside claims.

    Returns
    -------
    Result
        `best`, the most probable colouring given hints and surroundings, and variations.

    Raises
    ------
    InvalidImage
        If `rgb` is no colouring of this picture.
    InvalidRequest, InvalidHints
        If the mask or another argument does not fit.
    """
    before = checked_rgb(rgb, picture.shape)
    region = checked_mask(mask, picture.shape)
    options = PaintOptions(n_outputs, steps, seed, Background.parse(background))
    request = picture.request(hints, options, progress, cancel)
    inside = hints_inside(request.hints, region)
    changed = np.flatnonzero(region.any(1))
    rows = slice(int(changed[0]), int(changed[-1]) + 1)
    with within_memory(f"{request.n_outputs} outputs of this picture"):
        run = Run(picture, picture.encoded.shape, request, rows)
        surroundings = Inpainting(
            picture.encoded, picture.tokens(inside), before, region, background=request.background
        )
        best = surroundings.most_probable()
        samples = run.samples(surroundings.sample)
        details = {"mask": describe_exclusion(region), "before_sha256": digest(before)}
        return run.result(best, samples, (~region, before), inside, inpaint=details)


def more_like(
    picture: PictureCore,
    rgb: ArrayLike,
    hints: Hints | None = None,
    n_outputs: int = 4,
    strength: float = 0.5,
    steps: int | None = None,
    seed: int = 0,
    background: str = "auto",
    progress: Callable[[int, int], object] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Result:
    """Make variations near a chosen one: its anchors' colours noised in part, and denoised.

    Parameters
    ----------
    rgb : array of uint8, shape (H, W, 3)
        The chosen colouring of this picture.
    hints : Hints, optional
        Obeyed as ever.
    n_outputs : int
        Variations, 0 … 64.
    strength : float
        In (0, 1]: how far they may go; 1 is as far as variations of `paint`.
    steps, seed, background, progress, cancel
        See `OpenPicture.paint`.

    Returns
    -------
    Result
        `best` is that of `paint`.
    """
    chosen = checked_rgb(rgb, picture.shape)
    number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if not number or not 0 < strength <= 1:
        raise InvalidRequest(f"strength is above 0 and at most 1, not {strength!r}.")
    options = PaintOptions(n_outputs, steps, seed, Background.parse(background))
    request = picture.request(hints, options, progress, cancel)
    encoded = picture.encoded
    with within_memory(f"{request.n_outputs} outputs of this picture"):
        run = Run(picture, picture.encoded.shape, request)
        tokens = picture.tokens(request.hints)
        near = coarse_chroma(chosen, encoded.shape).to(encoded.device)
        best = most_probable(encoded, tokens, request.background)
        hard = hard_mask(request.hints, picture.shape)
        if hard is not None:  # its colour is not to get beyond it
            near = torch.where(touched(hard, encoded.shape).to(near.device), best, near)
        start = Start(encoded.code.at(near, encoded.anchors).transpose(1, 2), float(strength))
        sample = partial(sample_maps, encoded, tokens, background=request.background, start=start)
        details = {"strength": float(strength), "chosen_sha256": digest(chosen)}
        return run.result(best, run.samples(sample), more_like=details)


def erase(picture: PictureCore, rgb: ArrayLike, mask: ArrayLike) -> NDArray[np.uint8]:
    """Make a region gray; everything outside stays to the byte.

    Parameters
    ----------
    rgb : array of uint8, shape (H, W, 3)
        The colouring so far.
    mask : array of bool, shape (H, W)
        True where it is to be gray.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    before = checked_rgb(rgb, picture.shape)
    return grayed(before, checked_mask(mask, picture.shape), picture.painter.surface.display)


def saturate(
    picture: PictureCore, rgb: ArrayLike, factor: float | NDArray[Any]
) -> NDArray[np.uint8]:
    """Strengthen or soften colours at the same lightness and hue.

    Parameters
    ----------
    rgb : array of uint8, shape (H, W, 3)
        The colouring so far.
    factor : float or array of shape (H, W)
        Of the chroma, 0 … 10; for one class after another, `ClassMap.per_class`. Where it is
        one nothing changes, to the byte.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        What sRGB cannot show loses chroma, as ever.
    """
    before = checked_rgb(rgb, picture.shape)
    try:
        factors = np.broadcast_to(np.asarray(factor, np.float32), picture.shape)
    except (TypeError, ValueError) as error:
        raise InvalidRequest(
            f"factor is a number or an array of the picture's shape {picture.shape}."
        ) from error
    if not ((factors >= 0) & (factors <= _MAX_SATURATION)).all():
        raise InvalidRequest("A factor of saturation is between 0 and 10.")
    return saturated(before, factors, picture.painter.surface.display)
