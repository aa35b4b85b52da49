"""Colourings without hints: how vivid, how different from each other, how object by object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.metrics import colourfulness
from abdiffuser_training.evaluate.pictures import Picture
from abdiffuser_training.evaluate.report import Cell, Table
from napari_abdiffuser.imaging.colorspace import render

__all__ = ["Sampler", "automatic_table", "between_objects", "spread"]

Sampler = Callable[[NDArray[np.float32], int], NDArray[np.float32]]
"""``sampler(lightness (H, W), n) -> chroma (n, H, W, 2)``."""


def spread(chroma: NDArray[np.float32]) -> float:
    """How far samples lie apart.

    Parameters
    ----------
    chroma : ndarray
        (n, H, W, 2), samples of one picture.

    Returns
    -------
    float
        Root mean square distance of a pixel's a*b* from its mean over the samples.
    """
    distance = (chroma - chroma.mean(axis=0)) ** 2
    return float(np.sqrt(distance.sum(axis=-1).mean()))


def between_objects(chroma: NDArray[np.float32], mask: NDArray[np.int32]) -> float:
    """Share of the colour variance that lies between objects rather than within them.

    Parameters
    ----------
    chroma : ndarray
        (H, W, 2).
    mask : ndarray
        (H, W) region numbers; the ground counts as an object.

    Returns
    -------
    float
        η² in [0, 1]: one when every object has one colour; NaN without any variance.
    """
    flat = chroma.reshape(-1, 2).astype(np.float64)
    _, label = np.unique(mask, return_inverse=True)
    label = label.ravel()
    count = np.bincount(label)
    means = np.stack([np.bincount(label, flat[:, i]) / count for i in range(2)], axis=1)
    total = ((flat - flat.mean(axis=0)) ** 2).sum()
    if total < 1e-6 * flat.size:
        return float("nan")
    return float((count[:, None] * (means - flat.mean(axis=0)) ** 2).sum() / total)


def automatic_table(
    pictures: Sequence[Picture], samplers: Mapping[str, Sampler], n: int = 4
) -> Table:
    """Measure samples, beside the pictures themselves.

    Parameters
    ----------
    pictures : sequence of Picture
        Coloured ones give the colourfulness to reach, those with masks the share between objects.
    samplers : mapping
        By name.
    n : int
        Samples a picture.

    Returns
    -------
    Table
        A row for each sampler and one for the pictures; means over the pictures.
    """
    true = [colourfulness(p.rgb) for p in pictures if p.chroma.any() and p.mask is None]
    rows: list[tuple[Cell, ...]] = [
        ("the pictures", float(np.mean(true)) if true else np.nan, np.nan, np.nan, len(true))
    ]
    for name, sampler in samplers.items():
        found = [_measured(picture, sampler(picture.lightness, n)) for picture in pictures]
        columns = np.array(found).reshape(-1, 3).T
        known = [column[~np.isnan(column)] for column in columns]
        means = [float(column.mean()) if column.size else np.nan for column in known]
        rows.append((name, *means, len(pictures)))
    columns_shown = ("method", "colourfulness", "spread ΔE ab", "between objects", "pictures")
    note = f"{n} samples a picture; colourfulness after Hasler and Süsstrunk 2003, gray is 0."
    return Table("Automatic colourings", columns_shown, tuple(rows), (note,))


def _measured(picture: Picture, samples: NDArray[np.float32]) -> tuple[float, float, float]:
    rgb, shown = render(picture.lightness, samples)
    shares = [np.nan]
    if picture.mask is not None:
        shares = [between_objects(one, picture.mask) for one in shown]
    shares = [share for share in shares if not np.isnan(share)]
    return (
        float(np.mean([colourfulness(one) for one in rgb])),
        spread(shown),
        float(np.mean(shares)) if shares else np.nan,
    )
