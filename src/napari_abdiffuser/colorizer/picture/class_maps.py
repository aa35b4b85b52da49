"""Class maps and share maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from napari_abdiffuser.colorizer.hints.cells import lay_hints
from napari_abdiffuser.colorizer.hints.groups import HintGroups, group_of, hints_inside
from napari_abdiffuser.colorizer.hints.tokens import drawn_hints
from napari_abdiffuser.colorizer.memory import within_memory
from napari_abdiffuser.colorizer.picture.core import PictureCore
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colors import RGB
from napari_abdiffuser.imaging.hints import Hints, PointHint
from napari_abdiffuser.imaging.hints.hard_regions import without_hard_regions
from napari_abdiffuser.options import Background, PaintOptions

__all__ = ["ClassMap", "class_map", "share_maps"]


@dataclass(frozen=True, eq=False)
class ClassMap:
    """Who owns which pixel.

    Attributes
    ----------
    labels : ndarray of uint16, shape (H, W)
        0 where no class owns most; else the number of the class in `names`, from 1.
    names : tuple of str
        Class names; '#rrggbb' for hints without one.
    colors : tuple of (float, float, float)
        sRGB of each class, [0, 1].
    fractions : tuple of float
        Share of the picture's pixels that each class owns, excluded pixels not counted; in [0, 1].
    """

    labels: NDArray[np.uint16]
    names: tuple[str, ...]
    colors: tuple[RGB, ...]
    fractions: tuple[float, ...]

    def per_class(self, values: Mapping[str, float], default: float = 1.0) -> NDArray[np.float32]:
        """Map a number for each class to its pixels, as `OpenPicture.saturate` takes it.

        Parameters
        ----------
        values : mapping of str to float
            By class name.
        default : float
            For other classes and for pixels of none.

        Returns
        -------
        ndarray of float32, shape (H, W)

        Raises
        ------
        InvalidRequest
            If there is no such class.
        """
        unknown = [name for name in values if name not in self.names]
        if unknown:
            raise InvalidRequest(
                f"There is no class {unknown[0]!r}: choose among {', '.join(self.names)}."
            )
        table = [default, *(values.get(name, default) for name in self.names)]
        return np.array(table, np.float32)[self.labels]


def class_map(picture: PictureCore, hints: Hints, background: str = "auto") -> ClassMap:
    """Assign every pixel to a class, at native resolution and with the edges of the colouring.

    Parameters
    ----------
    hints : Hints
        Their class names are the classes; hints without one are a class of their colour.
    background : {'auto', 'gray'}
        As the picture is painted; 'gray' lets hints claim more narrowly.

    Returns
    -------
    ClassMap
        Labels, names, colours and area fractions.
    """
    request = picture.request(hints, PaintOptions(0, background=Background.parse(background)))
    painter, hints = picture.painter, request.hints
    groups = HintGroups.of(hints)
    labels = np.zeros(picture.shape, np.uint16)

    def use(rows: slice, block: NDArray[np.float32]) -> None:
        owner = block.argmax(0)
        most = np.take_along_axis(block, owner[None], 0)[0]
        labels[rows] = np.where(most > 1 - block.sum(0), owner + 1, 0)

    with within_memory("the class map of this picture"):
        shares = _coarse_shares(picture, hints, groups, request.background)
        if groups.names:
            painter.planes(shares, use)
    for hint in drawn_hints(hints):
        number = groups.names.index(group_of(hint)) + 1
        where = hint.patch(labels.shape) if isinstance(hint, PointHint) else hint.mask
        labels[where] = number
    excluded = painter.surface.excluded
    if excluded is not None:
        labels[excluded] = 0
    counted = labels.size - (0 if excluded is None else int(excluded.sum()))
    counts = np.bincount(labels.ravel(), minlength=len(groups.names) + 1)[1:]
    fractions = tuple(float(count) / counted for count in counts)
    return ClassMap(labels, groups.names, groups.colors, fractions)


def share_maps(
    picture: PictureCore, hints: Hints, background: str = "auto"
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Compute the share of every pixel that each class owns.

    Parameters
    ----------
    hints, background
        See `class_map`.

    Returns
    -------
    shares : ndarray of float32, shape (K + 1, H, W)
        In [0, 1], summing to one; first what no hint claims, then the classes.
    names : tuple of str
        Of the K classes.
    """
    request = picture.request(hints, PaintOptions(0, background=Background.parse(background)))
    painter, hints = picture.painter, request.hints
    groups = HintGroups.of(hints)
    with within_memory("the share maps of this picture"):
        shares = _coarse_shares(picture, hints, groups, request.background)
        out = np.empty((len(shares) + 1, *picture.shape), np.float32)

        def use(rows: slice, block: NDArray[np.float32]) -> None:
            out[1:, rows] = block

        if groups.names:
            painter.planes(shares, use)
    for hint in drawn_hints(hints):
        where = hint.patch(picture.shape) if isinstance(hint, PointHint) else (hint.mask,)
        out[(slice(1, None), *where)] = 0
        out[(groups.names.index(group_of(hint)) + 1, *where)] = 1
    if painter.surface.excluded is not None:
        out[1:, painter.surface.excluded] = 0
    np.subtract(1, out[1:].sum(0), out=out[0])
    np.clip(out[0], 0, 1, out=out[0])
    return out, groups.names


def _coarse_shares(
    picture: PictureCore, hints: Hints, groups: HintGroups, background: Background
) -> NDArray[np.float32]:
    """Return the share of every cell that each class owns: (K, h, w)."""
    tokens, encoded = picture.tokens(hints), picture.encoded
    surface, hints = picture.painter.surface, without_hard_regions(hints)
    if surface.excluded is not None:
        hints = hints_inside(hints, ~surface.excluded)
    drawn = drawn_hints(hints)
    one_hot = np.zeros((len(drawn), len(groups.names)), np.float32)
    for row, hint in zip(one_hot, drawn, strict=True):
        row[groups.names.index(group_of(hint))] = 1
    laid = lay_hints(drawn, one_hot, surface.shape, encoded.shape)
    device = encoded.device
    owned = torch.from_numpy(one_hot[list(tokens.sources)]).to(device)
    attention = encoded.attend(tokens.positions, highlight=background.gray)
    shares = encoded.shares(
        attention,
        owned.reshape(1, len(tokens.sources), len(groups.names)),
        torch.from_numpy(laid)[None].to(device),
    )
    return np.asarray(shares[0].cpu().numpy(), np.float32)
