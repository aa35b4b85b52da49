"""Square patches, as clicks are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.hint_sampling.fixed import centred_cells
from abdiffuser_training.hint_sampling.marks import NO_BOXES, Marks
from abdiffuser_training.hint_sampling.settings import HintSettings

__all__ = ["sample_boxes", "sample_cells", "sample_grays", "sample_thesis", "sample_uniform"]

_REVEALED = 0.01
_REVEALED_TOKENS = 7  # by as many: what the guide is told of a truth that is all on the map
_CELL = 2
_MOST_GRAYS = 8
_GRAY = 4 / 110  # mean chroma, ab / 110: looks gray


def sample_boxes(
    size: int, count: int, settings: HintSettings, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw the patches of one picture.

    Parameters
    ----------
    size : int
        Side of the picture, pixels.
    count : int
        Number of hints.
    settings : HintSettings
        Sizes, and the share of pictures that get none after all.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        (N, 4): top, left, bottom, right; places uniform, all within the picture.
    """
    if rng.random() < settings.none:
        return NO_BOXES
    return _uniform(size, count, settings, rng)


def _uniform(
    size: int, count: int, settings: HintSettings, rng: np.random.Generator
) -> NDArray[np.int64]:
    side = rng.integers(settings.sizes[0], settings.sizes[1] + 1, size=count)
    corner = (rng.random((count, 2)) * (size - side + 1)[:, None]).astype(np.int64)
    return np.concatenate([corner, corner + side[:, None]], 1)


def sample_uniform(
    size: int, count: int, settings: HintSettings, rng: np.random.Generator
) -> Marks:
    """Draw as `sample_boxes` does: any size within the settings, anywhere."""
    return Marks(sample_boxes(size, count, settings, rng))


def sample_thesis(size: int, rng: np.random.Generator) -> Marks:
    """Simulate the thesis' user (its section 4.4.1, after Zhang et al. 2017).

    Parameters
    ----------
    size : int
        Side of the picture, pixels.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Marks
        A geometric number of patches (p = 1/8, from zero), 1 … 9 pixels, normal about the middle
        with a standard deviation of size / 4. In 1 % of the pictures all of the truth is given;
        for networks that take tokens, 7 x 7 patches that tile the picture speak for it.
    """
    if rng.random() >= _REVEALED:
        return Marks(centred_cells(rng, (size, size)))
    edges = np.linspace(0, size, min(_REVEALED_TOKENS, size) + 1).round().astype(np.int64)
    top, left = (a.ravel() for a in np.meshgrid(edges[:-1], edges[:-1], indexing="ij"))
    bottom, right = (a.ravel() for a in np.meshgrid(edges[1:], edges[1:], indexing="ij"))
    return Marks(np.stack([top, left, bottom, right], 1), revealed=True)


def sample_cells(size: int, count: int, settings: HintSettings, rng: np.random.Generator) -> Marks:
    """Simulate iColoriT's user (Yun et al. 2023): some cells of 2 x 2 pixels of a grid.

    Parameters
    ----------
    size : int
        Side of the picture, pixels.
    count : int
        Number of hints, at most all cells.
    settings : HintSettings
        The share of pictures that get none.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Marks
        Every set of `count` different cells is as likely as any other.
    """
    if rng.random() < settings.none:
        return Marks()
    cells = size // _CELL
    picked = rng.choice(cells * cells, min(count, cells * cells), replace=False)
    corner = _CELL * np.stack(np.divmod(picked, cells), 1)
    return Marks(np.concatenate([corner, corner + _CELL], 1).astype(np.int64))


def sample_grays(
    chroma: NDArray[np.float32], settings: HintSettings, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw patches on places that are gray in truth.

    Parameters
    ----------
    chroma : ndarray
        (2, S, S), ab / 110.
    settings : HintSettings
        Sizes.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        (N, 4), up to 1 … 8 (uniform): the first of eight times as many uniform patches under
        which the mean chroma is below 4 in a*b*; every such patch is as likely as any other.
    """
    wanted = int(rng.integers(1, _MOST_GRAYS + 1))
    boxes = _uniform(chroma.shape[-1], 8 * wanted, settings, rng)
    table = np.pad(np.hypot(*chroma).astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    top, left, bottom, right = boxes.T
    total = table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
    is_gray = total < _GRAY * (bottom - top) * (right - left)
    return np.asarray(boxes[is_gray][:wanted], np.int64)
