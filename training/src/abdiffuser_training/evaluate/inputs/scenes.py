"""Hints for pictures with masks: one in each of a few objects, gray ones on the ground."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.hint_sampling.fixed import hint_map
from napari_abdiffuser.imaging.colors import parse_color
from napari_abdiffuser.imaging.conversion import srgb_to_lab

__all__ = ["GROUND_HINTS", "OBJECTS", "Scene", "Scenes", "bleeding_scene", "object_scenes"]

OBJECTS = 6
"""Objects that get a hint."""
GROUND_HINTS = 8
"""Gray hints on the ground."""
OBJECT_COUNTS = (2, 6, 12)
"""Hinted objects of the protocol ``objects``, at most."""
_CHROMA = 45.0  # of the hints: vivid, and displayable in most hues at medium lightness
_NAMES = ("orange", "blue", "yellow", "green", "violet", "teal")


@dataclass(frozen=True)
class Scene:
    """Hints of one picture.

    Attributes
    ----------
    boxes : ndarray of int64
        (K + G, 4): top, left, bottom, right of the patches; first those in the objects.
    colors : ndarray of float32
        (K + G, 2), a* and b* of the patches; zero on the ground.
    objects : tuple of int
        Region numbers of the K hinted objects.
    """

    boxes: NDArray[np.int64]
    colors: NDArray[np.float32]
    objects: tuple[int, ...]

    def hint_map(self, shape: tuple[int, int], leave_out: int | None = None) -> NDArray[np.float32]:
        """Map of the hints (3, H, W), perhaps without the one in the object of that place."""
        kept = np.arange(len(self.boxes)) != (-1 if leave_out is None else leave_out)
        return hint_map(shape, self.boxes[kept], self.colors[kept])


@dataclass(frozen=True)
class Scenes:
    """Several sets of hints for one picture.

    Attributes
    ----------
    by_condition : mapping of str to Scene
    """

    by_condition: Mapping[str, Scene]


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
    colors = _CHROMA * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    corners = []
    for number in chosen:
        rows, columns = boxes[number]
        where = _inside(depths[number], max(reach, depths[number].max() / 2), rng)
        corners.append(where + np.array([rows.start - 1, columns.start - 1]))
    corners += [_inside(ground, reach, rng) for _ in range(GROUND_HINTS)]
    limit = np.array(mask.shape) - cell
    corner = np.clip(np.array(corners) - cell // 2, 0, limit)
    # Rounded as a file of hints holds them, so that both give the same figures.
    asked = np.concatenate([colors.round(3), np.zeros((GROUND_HINTS, 2))]).astype(np.float32)
    return Scene(np.concatenate([corner, corner + cell], 1), asked, tuple(chosen))


def object_scenes(
    mask: NDArray[np.int32] | None, cell: int, seed: tuple[int, int]
) -> Scenes | None:
    """Hint the largest objects of a picture as a user would: one click an object.

    Colours repeat after six objects, in an order of their own.

    Parameters
    ----------
    mask : ndarray or None
        (H, W) region numbers, zero is the ground.
    cell : int
        Side of the hints, pixels.
    seed : tuple of int
        Of the places of the gray hints and of hints anywhere inside.

    Returns
    -------
    Scenes or None
        By condition: up to 2, 6 and 12 objects hinted in the middle, with gray hints on the
        ground; up to 6 hinted anywhere inside; up to 6 without gray hints. None without a mask,
        or with fewer than two objects that a hint fits into, or no room on the ground.
    """
    if mask is None:
        return None
    rng = np.random.default_rng(seed)
    reach = cell * np.sqrt(0.5) + 1
    ground = _depth(mask == 0)
    numbers, sizes = np.unique(mask[mask > 0], return_counts=True)
    depths = {int(n): _depth(mask == n) for n in numbers[np.argsort(-sizes, kind="stable")]}
    fit = [number for number, depth in depths.items() if depth.max() >= reach]
    if len(fit) < min(OBJECT_COUNTS) or ground.max() < reach:
        return None
    grays = [_inside(ground, reach, rng) for _ in range(GROUND_HINTS)]
    palette = srgb_to_lab(np.array([parse_color(name) for name in _NAMES]))[:, 1:]

    def scene(count: int, *, middle: bool, gray: bool) -> Scene:
        objects = tuple(fit[:count])
        centres = [
            np.array(np.unravel_index(depths[n].argmax(), mask.shape))
            if middle
            else _inside(depths[n], min(reach, float(depths[n].max())), rng)
            for n in objects
        ]
        centres += grays if gray else []
        corner = np.clip(np.array(centres) - cell // 2, 0, np.array(mask.shape) - cell)
        places = np.arange(len(objects))
        # The second six begin at another colour: neighbours in size do not share one.
        which = (places + 2 * (places // len(_NAMES))) % len(_NAMES)
        asked = np.zeros((len(centres), 2))
        asked[: len(objects)] = palette[which]
        boxes = np.concatenate([corner, corner + cell], 1)
        return Scene(boxes, asked.round(3).astype(np.float32), objects)

    few, usual, many = OBJECT_COUNTS
    scenes = {str(n): scene(n, middle=True, gray=True) for n in (few, usual)}
    if len(fit) > usual:
        scenes[str(many)] = scene(many, middle=True, gray=True)
    scenes[f"{usual}, anywhere"] = scene(usual, middle=False, gray=True)
    scenes[f"{usual}, no gray hints"] = scene(usual, middle=True, gray=False)
    return Scenes(scenes)


def _depth(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of every pixel from what is outside; beyond the picture is outside."""
    depth: NDArray[np.float64] = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    return depth


def _inside(
    depth: NDArray[np.float64], least: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    places = np.argwhere(depth >= least)
    place: NDArray[np.int64] = places[rng.integers(len(places))]
    return place
