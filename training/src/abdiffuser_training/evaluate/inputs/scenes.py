"""Hints for pictures with masks: one in each of a few objects, gray ones on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.evaluate.inputs.hints import hint_map

__all__ = ["GROUND_HINTS", "OBJECTS", "Scene", "bleeding_scene"]

OBJECTS = 6
"""Objects that get a hint."""
GROUND_HINTS = 8
"""Gray hints on the ground."""
_CHROMA = 45.0  # of the hints: vivid, and displayable in most hues at medium lightness


@dataclass(frozen=True)
class Scene:
    """Hints of one picture.

    Attributes
    ----------
    boxes : ndarray of int64
        (K + G, 4): top, left, bottom, right of the patches; first those in the objects.
    colours : ndarray of float32
        (K + G, 2), a* and b* of the patches; zero on the ground.
    objects : tuple of int
        Region numbers of the K hinted objects.
    """

    boxes: NDArray[np.int64]
    colours: NDArray[np.float32]
    objects: tuple[int, ...]

    def hint_map(self, shape: tuple[int, int], leave_out: int | None = None) -> NDArray[np.float32]:
        """Map of the hints (3, H, W), perhaps without the one in the object of that place."""
        kept = np.arange(len(self.boxes)) != (-1 if leave_out is None else leave_out)
        return hint_map(shape, self.boxes[kept], self.colours[kept])


def bleeding_scene(
    mask: NDArray[np.int32] | None, cell: int, seed: tuple[int, int]
) -> Scene | None:
    """Choose objects and hints of a picture.

    An object is large enough when the patch fits well into it. Patches lie at random places well
    inside: half as far from the border, or further, as the deepest place is.

    Parameters
    ----------
    mask : ndarray or None
        (H, W) region numbers, zero is the ground.
    cell : int
        Side of the hints, pixels.
    seed : tuple of int
        Of the choices: the run's seed and the picture's place.

    Returns
    -------
    Scene or None
        None without a mask, or where fewer than `OBJECTS` objects are large enough, or where the
        ground has no room.
    """
    if mask is None:
        return None
    rng = np.random.default_rng(seed)
    boxes = {i + 1: box for i, box in enumerate(ndimage.find_objects(mask)) if box is not None}
    # The border of the picture is no border of the object, but hints stay off it all the same.
    depths = {
        number: ndimage.distance_transform_edt(np.pad(mask[rows, columns] == number, 1))
        for number, (rows, columns) in boxes.items()
    }
    # sqrt(0.5) of the side reaches a patch's corner; one pixel more leaves room for blunt masks.
    reach = cell * np.sqrt(0.5) + 1
    fit = sorted(number for number, depth in depths.items() if depth.max() >= reach)
    ground = ndimage.distance_transform_edt(mask == 0)
    if len(fit) < OBJECTS or ground.max() < reach:
        return None
    chosen = [int(n) for n in rng.permutation(fit)[:OBJECTS]]
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * rng.permutation(len(chosen)) / len(chosen)
    colours = _CHROMA * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    corners = []
    for number in chosen:
        rows, columns = boxes[number]
        where = _inside(depths[number], max(reach, depths[number].max() / 2), rng)
        corners.append(where + np.array([rows.start - 1, columns.start - 1]))
    corners += [_inside(ground, reach, rng) for _ in range(GROUND_HINTS)]
    limit = np.array(mask.shape) - cell
    corner = np.clip(np.array(corners) - cell // 2, 0, limit)
    # Rounded as a file of hints holds them, so that both give the same figures.
    asked = np.concatenate([colours.round(3), np.zeros((GROUND_HINTS, 2))]).astype(np.float32)
    return Scene(np.concatenate([corner, corner + cell], 1), asked, tuple(chosen))


def _inside(
    depth: NDArray[np.float64], least: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    places = np.argwhere(depth >= least)
    place: NDArray[np.int64] = places[rng.integers(len(places))]
    return place
