"""Layer data for hints that were read from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_abdiffuser.imaging.hints import Hints, RegionHint
from napari_abdiffuser.layers.hints.lasso import FACE_ALPHA, told_outline
from napari_abdiffuser.layers.hints.new import HINTS_KEY, hints_to_points
from napari_abdiffuser.layers.hints.reading import CLASS, Outline
from napari_abdiffuser.layers.hints.strokes import EDGES_KEY, TABLE_KEY
from napari_abdiffuser.studio.legend.hints import adopt

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

    from napari_abdiffuser.studio.legend.classes import Legend
    from napari_abdiffuser.studio.slices import Index

__all__ = ["hint_layers"]

_CLEAR = (0.0, 0.0, 0.0, 0.0)


def hint_layers(
    hints: Hints | Mapping[Index, Hints],
    legend: Legend,
    name: str,
    shape: tuple[int, int],
    placed: Mapping[str, Any],
    *,
    always_points: bool = False,
) -> list[LayerDataTuple]:
    """Turn hints into layers that the studio takes for its own.

    Parameters
    ----------
    hints
        Of a picture, or of the slices of a stack.
    legend
        Their classes.
    name
        Of the picture.
    shape
        (H, W) of the picture.
    placed
        Where the layers lie, and metadata of theirs.
    always_points
        Whether there is a Points layer even without points.
    """
    slices = {(): hints} if isinstance(hints, Hints) else dict(hints)
    slices = {index: adopt(legend, each)[1] for index, each in slices.items()}
    leading = max((len(index) for index in slices), default=0)
    layers = []
    if always_points or any(each.points for each in slices.values()):
        layers.append(_points(slices, name, leading, placed))
    drawn = [
        (index, region, outline)
        for index, each in sorted(slices.items())
        for region in each.regions
        if (outline := told_outline(region, (*index, None, None))) is not None
    ]
    if drawn:
        layers.append(_lasso(drawn, name, leading, placed))
    painted = {
        index: [r for r in each.regions if told_outline(r, (*index, None, None)) is None]
        for index, each in slices.items()
    }
    if any(painted.values()):
        layers.append(_strokes(painted, legend, name, leading, shape, placed))
    return layers


def _lasso(
    drawn: Sequence[tuple[Index, RegionHint, Outline]],
    name: str,
    leading: int,
    placed: Mapping[str, Any],
) -> LayerDataTuple:
    colors = np.array([region.color for _, region, _ in drawn])
    meta = {
        "name": f"{name} lasso",
        "ndim": leading + 2,
        "shape_type": [outline.kind for _, _, outline in drawn],
        "edge_width": 1,
        "edge_color": np.column_stack([colors, np.ones(len(colors))]),
        "face_color": np.column_stack([colors, np.full(len(colors), FACE_ALPHA)]),
        "features": {CLASS: np.array([r.class_name or "" for _, r, _ in drawn], dtype=object)},
        "metadata": {HINTS_KEY: True},
    }
    data = [outline.vertices for _, _, outline in drawn]
    made: LayerDataTuple = (data, _with(meta, placed), "shapes")
    return made


def _points(
    slices: Mapping[Index, Hints], name: str, leading: int, placed: Mapping[str, Any]
) -> LayerDataTuple:
    points = tuple(p for _, each in sorted(slices.items()) for p in each.points)
    data, meta, kind = hints_to_points(Hints(points=points), f"{name} hints")
    at = [index for index, each in sorted(slices.items()) for _ in each.points]
    data = np.hstack([np.array(at, np.float64).reshape(len(points), leading), data])
    meta["features"] = {CLASS: np.array([p.class_name or "" for p in points], dtype=object)}
    made: LayerDataTuple = (data, _with(meta, placed), kind)
    return made


def _strokes(
    slices: Mapping[Index, Sequence[RegionHint]],
    legend: Legend,
    name: str,
    leading: int,
    shape: tuple[int, int],
    placed: Mapping[str, Any],
) -> LayerDataTuple:
    regions = [(index, r) for index, each in sorted(slices.items()) for r in each]
    kinds = list(dict.fromkeys((r.class_name or "", r.hard) for _, r in regions))
    table = {value: name for value, (name, _) in enumerate(kinds, 1)}
    edges = {value: hard for value, (_, hard) in enumerate(kinds, 1) if hard is not None}
    lengths = [max(index[axis] for index in slices) + 1 for axis in range(leading)]
    painted = np.zeros((*lengths, *shape), np.uint8)
    for index, region in regions:
        painted[index][region.mask] = 1 + kinds.index((region.class_name or "", region.hard))
    colors: dict[int | None, Any] = {None: _CLEAR, 0: _CLEAR}
    colors |= {v: (*legend[n].color, 1.0) for v, n in table.items() if n in legend}
    meta = {
        "name": f"{name} strokes",
        "opacity": 0.6,
        "metadata": {HINTS_KEY: True, TABLE_KEY: table, EDGES_KEY: edges},
        "colormap": DirectLabelColormap(color_dict=colors),
    }
    made: LayerDataTuple = (painted, _with(meta, placed), "labels")
    return made


def _with(meta: dict[str, Any], placed: Mapping[str, Any]) -> dict[str, Any]:
    more = dict(placed)
    metadata = {**meta.get("metadata", {}), **more.pop("metadata", {})}
    return {**meta, **more, "metadata": metadata}
