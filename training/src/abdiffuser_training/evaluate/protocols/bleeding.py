"""Bleeding: whether a colour stays in the object that was hinted.

Each of a few objects gets one hint of its own colour, the ground gets gray hints; then colour is
looked for in the objects, on the ground, at the borders between them, and a hint is taken away to
see how far it reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.evaluate.inputs.pictures import Picture
from abdiffuser_training.evaluate.inputs.plans import Plan
from abdiffuser_training.evaluate.inputs.scenes import GROUND_HINTS, OBJECTS, Scene
from abdiffuser_training.evaluate.measures.edges import Sides, border_contrast, rise_width, sides
from abdiffuser_training.evaluate.measures.metrics import known_mean, mse, psnr
from abdiffuser_training.evaluate.measures.records import Record, Settings, by_condition, column
from abdiffuser_training.evaluate.report.report import Cell, Table
from abdiffuser_training.evaluate.subjects.baselines import Method
from abdiffuser_training.evaluate.subjects.models import Model
from abdiffuser_training.evaluate.subjects.subjects import Subjects, labelled
from napari_abdiffuser.imaging.colorspace import gamut_map, render

__all__ = ["bleeding_figures", "bleeding_table", "measure_bleeding", "reach"]

COLORED = 12.0
"""Chroma above which a pixel counts as coloured."""
RING = 5.0
"""Width of the ring around the objects, and of the zone that leaks are counted in, pixels."""
BAND = 3.0
"""Half width of the band around borders that PSNR is taken in, pixels."""
WEAK = 10.0
"""Difference of L* below which an edge is weak."""
NOTICED = 2.3
"""ΔE*ab that is just noticed (Mahy et al. 1994): a hint reaches where it changes more."""
REACHES = 2
"""Hints of each picture that are taken away to see their reach."""
_PALE = 0.25  # share of the hint's colour that an object must have for its borders to have a width


def bleeding_figures(
    picture: Picture, scene: Scene, chroma: NDArray[np.float32]
) -> dict[str, float]:
    """Measure a colouring of a scene as it is displayed: after gamut mapping.

    Pixels so dark or bright that not even the hint's own colour would count as coloured there are
    left out of the shares: they say nothing about bleeding.

    Parameters
    ----------
    picture : Picture
        With its mask.
    scene : Scene
        Its hints.
    chroma : ndarray
        (H, W, 2), a* and b*, displayable or not.

    Returns
    -------
    dict
        Shares in [0, 1]: ``colored`` of the hinted objects (mean over objects, one is best),
        ``ground`` and ``ring`` coloured, ``leak`` and ``weak_leak`` (zero is best); ``width``,
        pixels; ``band``, dB.
    """
    mask = picture.mask
    assert mask is not None  # a scene is made of a mask
    hinted, ground = np.isin(mask, scene.objects), mask == 0
    away, (row, column_) = ndimage.distance_transform_edt(~hinted, return_indices=True)
    # What was asked for in the nearest hinted object, which most pixels of the picture are not in.
    table = np.zeros((int(mask.max()) + 1, 2), np.float32)
    table[list(scene.objects)] = scene.colors[: len(scene.objects)]
    able = _colored(picture.lightness, table[mask[row, column_]])
    shown = gamut_map(picture.lightness, chroma)
    colored = np.hypot(shown[..., 0], shown[..., 1]) > COLORED

    def share(region: NDArray[np.bool_]) -> float:
        counted = region & able
        return float(colored[counted].mean()) if counted.any() else float("nan")

    asked = sides(mask, scene.objects, scene.colors)
    own, other = (gamut_map(picture.lightness, c) for c in (asked.own, asked.other))
    leaks = np.linalg.norm(shown - other, axis=-1) < np.linalg.norm(shown - own, axis=-1)
    # Where the two can hardly be told apart on a screen, nearer to one means nothing.
    zone = (asked.distance <= RING) & (np.linalg.norm(own - other, axis=-1) > COLORED)
    weak = zone & (border_contrast(picture.lightness, hinted) < WEAK)
    return {
        "coloured": known_mean([share(mask == number) for number in scene.objects]),
        "ground": share(ground),
        "ring": share(ground & (away <= RING)),
        "leak": _mean(leaks[zone]),
        "weak_leak": _mean(leaks[weak]),
        "weak_share": _mean(weak[zone]),
        "width": _width(mask, scene, chroma),
        "band": _band_psnr(picture, asked, chroma),
    }


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _colored(lightness: NDArray[np.float32], chroma: NDArray[np.float32]) -> NDArray[np.bool_]:
    shown = gamut_map(lightness, chroma)
    found: NDArray[np.bool_] = np.hypot(shown[..., 0], shown[..., 1]) > COLORED
    return found


def _width(mask: NDArray[np.int32], scene: Scene, chroma: NDArray[np.float32]) -> float:
    """Mean 10–90 % width over the hinted objects whose border to the ground has one."""
    nearest = ndimage.distance_transform_edt(mask == 0, return_indices=True)[1]
    owner = mask[nearest[0], nearest[1]]  # of each pixel of the ground: the object next to it
    widths = []
    for number, color in zip(scene.objects, scene.colors, strict=False):
        inside = mask == number
        share = (chroma @ color / (color @ color)).clip(0, 1)
        high = float(np.median(share[inside]))
        if high < _PALE:
            continue
        counted = inside | ((mask == 0) & (owner == number))
        out = ndimage.distance_transform_edt(~inside) - 0.5
        # Borders to other objects are no borders to the ground.
        deep = ndimage.distance_transform_edt(mask != 0) - 0.5
        signed = np.where(inside, -deep, out).astype(np.float32)
        widths.append(rise_width(signed[counted], share[counted].astype(np.float32), high))
    return known_mean(widths)


def _band_psnr(picture: Picture, asked: Sides, chroma: NDArray[np.float32]) -> float:
    band = asked.distance <= BAND
    if not band.any():
        return float("nan")
    wanted, found = (render(picture.lightness, c)[0][band] for c in (asked.own, chroma))
    return psnr(mse(found, wanted))


def reach(
    mask: NDArray[np.int32],
    scene: Scene,
    place: int,
    with_hint: NDArray[np.float32],
    without: NDArray[np.float32],
) -> tuple[float, float]:
    """Precision and recall of the area that a hint changes, against its object.

    Objects without a hint are left out: a hint may reach what looks like its own object.

    Parameters
    ----------
    mask : ndarray
        (H, W) region numbers.
    scene : Scene
        Hints.
    place : int
        Which of the hinted objects.
    with_hint, without : ndarray
        (H, W, 2), displayed chroma with all hints, and without that one.

    Returns
    -------
    tuple of float
        Precision (NaN where nothing changed) and recall.
    """
    asked = (mask == 0) | np.isin(mask, scene.objects)
    own = mask == scene.objects[place]
    changed = (np.linalg.norm(with_hint - without, axis=-1) > NOTICED) & asked
    hit = float((changed & own).sum())
    return hit / changed.sum() if changed.any() else float("nan"), hit / float(own.sum())


def measure_bleeding(
    picture: Picture, plan: Plan, subjects: Subjects, settings: Settings
) -> list[Record]:
    """Figures of one picture, of each method; none where it makes no scene."""
    if not isinstance(plan, Scene) or picture.mask is None:
        return []
    records = []
    for name, way in _ways(subjects, settings.samples):
        chroma = way(picture.lightness, plan.hint_map(picture.mask.shape))
        figures = bleeding_figures(picture, plan, chroma)
        shown = gamut_map(picture.lightness, chroma)
        reaches = []
        for place in range(min(REACHES, len(plan.objects))):
            less = way(picture.lightness, plan.hint_map(picture.mask.shape, leave_out=place))
            reaches.append(
                reach(picture.mask, plan, place, shown, gamut_map(picture.lightness, less))
            )
        precision, recall = zip(*reaches, strict=True)
        figures |= {"precision": known_mean(precision), "recall": known_mean(recall)}
        records.append(Record(picture.key, name, "", figures))
    return records


def _ways(subjects: Subjects, samples: int) -> Iterator[tuple[str, Method]]:
    """Baselines, `best` and one sample: there is no truth to tell which of several is best."""
    yield from subjects.baselines.items()
    for name, model in subjects.models.items():
        yield labelled(name, "best"), model.best
        if samples >= 1:
            yield labelled(name, "one sample"), partial(_one_sample, model)


def _one_sample(
    model: Model, lightness: NDArray[np.float32], hints: NDArray[np.float32]
) -> NDArray[np.float32]:
    chroma: NDArray[np.float32] = model.samples(lightness, hints, 1)[0]
    return chroma


_COLUMNS = {
    "objects coloured": "coloured",
    "ground coloured": "ground",
    f"{RING:g} px ring": "ring",
    "leak": "leak",
    "leak, weak edges": "weak_leak",
    "10–90 % px": "width",
    f"±{BAND:g} px PSNR": "band",
    "reach precision": "precision",
    "reach recall": "recall",
}


def bleeding_table(records: Sequence[Record], settings: Settings) -> Table:
    """Means over the pictures, a row for each method."""
    rows: list[tuple[Cell, ...]] = []
    for (method, _), some in by_condition(records).items():
        means = [known_mean(column(some, name)) for name in _COLUMNS.values()]
        rows.append((method, *means, len(some)))
    weak = known_mean(column(records, "weak_share"))
    notes = (
        f"One hint of {settings.cell} × {settings.cell} px in each of {OBJECTS} objects, "
        f"{GROUND_HINTS} gray hints on the ground, of models with background='gray'; pictures "
        "with fewer objects are left out. "
        f"Coloured: displayed chroma above {COLORED:g}, counted where the hint's own colour has "
        "that.",
        f"Leak: pixels within {RING:g} px of a border whose chroma is nearer to what was asked "
        f"for on its other side; weak edges differ by less than {WEAK:g} L* "
        f"({weak:.0%} of those pixels).",
        "10–90 %: the distance over which an object's colour fades at its border to the ground, "
        "relative to the object's own level; objects below a quarter of the hint's colour have "
        f"none. PSNR within {BAND:g} px of borders, against the colours asked for.",
        f"Reach: what changes by more than {NOTICED:g} ΔE*ab when one hint is taken away "
        f"({REACHES} of each picture), against its object; objects without a hint not counted.",
    )
    return Table("Bleeding", ("method", *_COLUMNS, "pictures"), tuple(rows), notes)
