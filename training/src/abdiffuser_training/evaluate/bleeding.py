"""Bleeding: whether a colour stays in the object that was hinted.

Each of a few objects gets one hint of its own colour, the ground gets gray hints; then colour is
looked for in the objects, on the ground and in a narrow ring around the objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.evaluate.baselines import Method
from abdiffuser_training.evaluate.hints import hint_map
from abdiffuser_training.evaluate.metrics import known_mean
from abdiffuser_training.evaluate.pictures import Picture
from abdiffuser_training.evaluate.report import Cell, Table
from napari_abdiffuser.imaging.colorspace import gamut_map

__all__ = ["Bleeding", "Scene", "bleeding_scene", "bleeding_table", "measure_bleeding"]

OBJECTS = 6
"""Objects that get a hint."""
GROUND_HINTS = 8
"""Gray hints on the ground."""
COLOURED = 12.0
"""Chroma above which a pixel counts as coloured."""
RING = 5.0
"""Width of the ring around the objects, pixels."""
_CHROMA = 45.0  # of the hints: vivid, and displayable in most hues at medium lightness


@dataclass(frozen=True)
class Scene:
    """Hints and regions of one picture.

    Attributes
    ----------
    picture : Picture
        With its mask.
    hints : ndarray of float32
        (3, H, W), the hint map.
    objects : tuple of int
        Region numbers of the hinted objects.
    colours : ndarray of float32
        (K, 2), a* and b* of their hints.
    """

    picture: Picture
    hints: NDArray[np.float32]
    objects: tuple[int, ...]
    colours: NDArray[np.float32]


@dataclass(frozen=True)
class Bleeding:
    """Shares in [0, 1] for one picture.

    Attributes
    ----------
    coloured : float
        Hinted objects' pixels that are coloured: mean over the objects. One is best.
    ground : float
        Ground that is coloured. Zero is best.
    ring : float
        Ground within `RING` pixels of a hinted object that is coloured. Zero is best.
    leak : float
        Pixels within `RING` of a hinted object's border, on either side, whose chroma is nearer to
        what was asked for on the other side. Zero is best.
    """

    coloured: float
    ground: float
    ring: float
    leak: float


def bleeding_scene(picture: Picture, cell: int, seed: tuple[int, int]) -> Scene | None:
    """Choose objects and hints of a picture.

    An object is large enough when the patch fits well into it. Patches lie at random places well
    inside: half as far from the border, or further, as the deepest place is.

    Parameters
    ----------
    picture : Picture
        With its mask.
    cell : int
        Side of the hints, pixels.
    seed : tuple of int
        Of the choices: the run's seed and the picture's place.

    Returns
    -------
    Scene or None
        None where fewer than `OBJECTS` objects are large enough or the ground has no room.
    """
    if picture.mask is None:
        return None
    rng = np.random.default_rng(seed)
    depths = {}
    for number, (rows, columns) in _boxes(picture.mask).items():
        # The border of the picture is no border of the object.
        depths[number] = ndimage.distance_transform_edt(
            np.pad(picture.mask[rows, columns] == number, 1)
        )
    # sqrt(0.5) of the side reaches a patch's corner; one pixel more leaves room for blunt masks.
    reach = cell * np.sqrt(0.5) + 1
    fit = sorted(number for number, depth in depths.items() if depth.max() >= reach)
    ground = ndimage.distance_transform_edt(picture.mask == 0)
    if len(fit) < OBJECTS or ground.max() < reach:
        return None
    chosen = [int(n) for n in rng.permutation(fit)[:OBJECTS]]
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * rng.permutation(len(chosen)) / len(chosen)
    colours = _CHROMA * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    corners = []
    for number in chosen:
        rows, columns = _boxes(picture.mask)[number]
        where = _inside(depths[number], max(reach, depths[number].max() / 2), rng)
        corners.append(where + np.array([rows.start - 1, columns.start - 1]))
    corners += [_inside(ground, reach, rng) for _ in range(GROUND_HINTS)]
    limit = np.array(picture.mask.shape) - cell
    corner = np.clip(np.array(corners) - cell // 2, 0, limit)
    asked = np.concatenate([colours, np.zeros((GROUND_HINTS, 2))]).astype(np.float32)
    painted = hint_map(picture.mask.shape, np.concatenate([corner, corner + cell], 1), asked)
    return Scene(picture, painted, tuple(chosen), colours.astype(np.float32))


def _boxes(mask: NDArray[np.int32]) -> dict[int, tuple[slice, slice]]:
    found = ndimage.find_objects(mask)
    return {i + 1: box for i, box in enumerate(found) if box is not None}


def _inside(
    depth: NDArray[np.float64], least: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    places = np.argwhere(depth >= least)
    place: NDArray[np.int64] = places[rng.integers(len(places))]
    return place


def measure_bleeding(scene: Scene, chroma: NDArray[np.float32]) -> Bleeding:
    """Measure a colouring of a scene as it is displayed: after gamut mapping.

    Pixels so dark or bright that not even the hint's own colour would count as coloured there are
    left out of the shares: they say nothing about bleeding.

    Parameters
    ----------
    scene : Scene
        Hints and regions.
    chroma : ndarray
        (H, W, 2), a* and b*, displayable or not.

    Returns
    -------
    Bleeding
        The shares.
    """
    mask = scene.picture.mask
    assert mask is not None  # bleeding_scene makes no scene without
    hinted = np.isin(mask, scene.objects)
    ground = mask == 0
    away, (row, column) = ndimage.distance_transform_edt(~hinted, return_indices=True)
    ring = ground & (away <= RING)
    rim = hinted & (ndimage.distance_transform_edt(hinted) <= RING)
    # What was asked for in the nearest hinted object, which most pixels of the picture are not in.
    table = np.zeros((int(mask.max()) + 1, 2), np.float32)
    table[list(scene.objects)] = scene.colours
    asked = table[mask[row, column]]
    able = _coloured(scene.picture.lightness, asked)
    coloured = _coloured(scene.picture.lightness, chroma)

    def share(region: NDArray[np.bool_]) -> float:
        counted = region & able
        return float(coloured[counted].mean()) if counted.any() else float("nan")

    to_colour = np.linalg.norm(chroma - asked, axis=-1)
    to_gray = np.linalg.norm(chroma, axis=-1)
    leaks = np.concatenate([to_colour[ring] < to_gray[ring], to_gray[rim] < to_colour[rim]])
    return Bleeding(
        coloured=known_mean([share(mask == number) for number in scene.objects]),
        ground=share(ground),
        ring=share(ring),
        leak=float(leaks.mean()) if leaks.size else float("nan"),
    )


def _coloured(lightness: NDArray[np.float32], chroma: NDArray[np.float32]) -> NDArray[np.bool_]:
    shown = gamut_map(lightness, chroma)
    found: NDArray[np.bool_] = np.hypot(shown[..., 0], shown[..., 1]) > COLOURED
    return found


def bleeding_table(
    pictures: Sequence[Picture], methods: Mapping[str, Method], cell: int = 4, seed: int = 0
) -> Table:
    """Measure methods on pictures with masks.

    Parameters
    ----------
    pictures : sequence of Picture
        Those that make no scene are left out.
    methods : mapping
        By name.
    cell : int
        Side of the hints, pixels.
    seed : int
        Of the hints.

    Returns
    -------
    Table
        A row for each method: means over the pictures.
    """
    made = [bleeding_scene(picture, cell, (seed, i)) for i, picture in enumerate(pictures)]
    scenes = [scene for scene in made if scene is not None]
    rows: list[tuple[Cell, ...]] = []
    for name, method in methods.items():
        found = [measure_bleeding(s, method(s.picture.lightness, s.hints)) for s in scenes]
        shares = [[b.coloured, b.ground, b.ring, b.leak] for b in found]
        means = [known_mean(column) for column in zip(*shares, strict=True)] or [np.nan] * 4
        rows.append((name, *means, len(scenes)))
    return Table(
        "Bleeding",
        ("method", "objects coloured", "ground coloured", f"{RING:g} px ring", "leak", "pictures"),
        tuple(rows),
        (
            f"One hint of {cell} × {cell} px in each of {OBJECTS} objects, {GROUND_HINTS} "
            f"gray hints on the ground; coloured: displayed chroma above {COLOURED:g}, counted "
            "where the hint's own colour has that.",
        ),
    )
