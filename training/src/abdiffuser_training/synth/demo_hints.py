"""Hints for the shipped micrograph, placed where a person would."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from abdiffuser_training.synth.scene import Scene

COLORS = {
    "pollen": "#e3a62f",
    "bacteria": "#2fa58a",
    "spheres": "#5b7fd6",
    "fibres": "#c9566b",
    "ground": "#808080",
}
"""Colour of each class of hints; gray keeps the filter uncoloured."""

HINTS = {"pollen": 9, "bacteria": 12, "spheres": 10, "fibres": 10, "ground": 8}


def demo_hints(scene: Scene, size: int = 9) -> dict[str, Any]:
    """Place hints where a person would: in the middle of the most visible objects.

    Parameters
    ----------
    scene : Scene
        The micrograph with its regions.
    size : int
        Side of the hints in pixels.

    Returns
    -------
    dict[str, Any]
        The content of a hints file.
    """
    points = []
    for kind, wanted in HINTS.items():
        number = scene.class_names.index(kind)
        for y, x in _spots(scene, number, wanted):
            points.append({"y": y, "x": x, "size": size, "color": COLORS[kind], "class": kind})
    return {"format": "abdiffuser-hints", "version": 1, "points": points, "regions": []}


def _spots(scene: Scene, number: int, wanted: int) -> list[tuple[int, int]]:
    """Points well inside a class's objects: every object in turn, far from the earlier points."""
    mask = scene.classes == number
    # Distance to the object's own outline, also where it touches its like; holes are no place.
    edges = ndimage.gaussian_filter(scene.gray.astype(np.float32), 2) < 35
    edges[:-1] |= scene.instances[:-1] != scene.instances[1:]
    edges[:, :-1] |= scene.instances[:, :-1] != scene.instances[:, 1:]
    edges[:12] = edges[-12:] = True
    edges[:, :12] = edges[:, -12:] = True
    depth = ndimage.distance_transform_edt(mask & ~edges)
    objects, areas = np.unique(scene.instances[mask & (depth >= 5)], return_counts=True)
    order = objects[np.argsort(-areas, kind="stable")][:wanted]
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    apart = np.full(mask.shape, 300.0)
    taken: list[tuple[int, int]] = []
    for k in range(wanted if order.size else 0):
        own = np.where(scene.instances == order[k % order.size], depth, 0)
        score = np.minimum(own, 60) ** 2 * apart
        row, col = np.unravel_index(int(np.argmax(score)), mask.shape)
        taken.append((int(row), int(col)))
        apart = np.minimum(apart, np.hypot(y - row, x - col))
    return taken
