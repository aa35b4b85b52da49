"""Protocol ``objects``: whether an object takes the colour of its hint.

Each of the largest objects gets one hint of its own colour, the ground gets gray hints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.evaluate.inputs.pictures import Picture
from abdiffuser_training.evaluate.inputs.plans import Plan
from abdiffuser_training.evaluate.inputs.scenes import GROUND_HINTS, Scene, Scenes
from abdiffuser_training.evaluate.measures.metrics import known_mean
from abdiffuser_training.evaluate.measures.records import Record, Settings, by_condition, column
from abdiffuser_training.evaluate.report.report import Cell, Table
from abdiffuser_training.evaluate.subjects.baselines import Method
from abdiffuser_training.evaluate.subjects.models import Model
from abdiffuser_training.evaluate.subjects.subjects import Subjects, labelled
from napari_abdiffuser.imaging.colorspace import gamut_map

__all__ = ["measure_objects", "object_figures", "objects_table"]

OWN = 15.0
"""Distance in a*b* within which a pixel has the colour asked for."""
COLORED = 12.0
"""Chroma above which a pixel counts as coloured."""
GRAY = 8.0
"""Median chroma below which an object counts as gray."""
TURNED = 40.0
"""Degrees of hue from the colour asked for above which an object has another hue."""
RING = 5.0
"""Width of the ring around the hinted objects, pixels."""


def object_figures(
    mask: NDArray[np.int32],
    lightness: NDArray[np.float32],
    scene: Scene,
    chroma: NDArray[np.float32],
) -> dict[str, float]:
    """Measure a colouring as it is displayed: after gamut mapping.

    Pixels that cannot show chroma 12 of the colour asked for at their lightness are left out.

    Parameters
    ----------
    mask : ndarray
        (H, W) region numbers, zero is the ground.
    lightness : ndarray
        (H, W), L* in [0, 100].
    scene : Scene
        Hints.
    chroma : ndarray
        (H, W, 2), a* and b*, displayable or not.

    Returns
    -------
    dict
        ``objects``: how many could be measured. Means over them: ``own``, share of pixels with the
        colour asked for, and ``wrong``, share of objects that are gray or of another hue.
        ``ground`` and ``ring``: share of those pixels that are coloured.
    """
    shown = gamut_map(lightness, chroma)
    own, wrong = [], []
    for number, color in zip(scene.objects, scene.colors, strict=False):
        asked = gamut_map(lightness, np.broadcast_to(color, shown.shape).astype(np.float32))
        inside = (mask == number) & (np.hypot(asked[..., 0], asked[..., 1]) > COLORED)
        if not inside.any():
            continue
        own.append(float((np.linalg.norm(shown - asked, axis=-1) <= OWN)[inside].mean()))
        a, b = np.median(shown[inside], axis=0)
        turn = abs(np.angle(complex(a, b) / complex(*color), deg=True))
        wrong.append(float(np.hypot(a, b) < GRAY or turn > TURNED))
    ground = mask == 0
    near = ndimage.distance_transform_edt(~np.isin(mask, scene.objects)) <= RING
    colored = np.hypot(shown[..., 0], shown[..., 1]) > COLORED
    return {
        "objects": float(len(own)),
        "own": known_mean(own),
        "wrong": known_mean(wrong),
        "ground": _share(colored, ground),
        "ring": _share(colored, ground & near),
    }


def _share(colored: NDArray[np.bool_], region: NDArray[np.bool_]) -> float:
    return float(colored[region].mean()) if region.any() else float("nan")


def measure_objects(
    picture: Picture, plan: Plan, subjects: Subjects, settings: Settings
) -> list[Record]:
    """Figures of one picture, of each method and condition; none where it makes no scene."""
    if not isinstance(plan, Scenes) or picture.mask is None:
        return []
    records = []
    for name, way in _ways(subjects, settings.samples):
        for condition, scene in plan.by_condition.items():
            chroma = way(picture.lightness, scene.hint_map(picture.mask.shape))
            figures = object_figures(picture.mask, picture.lightness, scene, chroma)
            records.append(Record(picture.key, name, condition, figures))
    return records


def _ways(subjects: Subjects, samples: int) -> Iterator[tuple[str, Method]]:
    """Baselines; of every model `best` with each background, and one sample."""
    yield from subjects.baselines.items()
    for name, model in subjects.models.items():
        for background in model.backgrounds:
            yield labelled(name, f"best, {background}"), partial(model.best, background=background)
        if samples >= 1:
            yield labelled(name, "one sample"), partial(_one_sample, model)


def _one_sample(
    model: Model, lightness: NDArray[np.float32], hints: NDArray[np.float32]
) -> NDArray[np.float32]:
    chroma: NDArray[np.float32] = model.samples(lightness, hints, 1)[0]
    return chroma


_COLUMNS = {
    "own colour": "own",
    "wrong hue": "wrong",
    "ground": "ground",
    f"{RING:g} px ring": "ring",
}


def objects_table(records: Sequence[Record], settings: Settings) -> Table:
    """Means over objects (own colour, wrong hue) and over pictures (ground, ring)."""
    rows: list[tuple[Cell, ...]] = []
    for (method, condition), some in by_condition(records).items():
        objects = np.array(column(some, "objects"))
        means = [
            _mean(np.array(column(some, name)), objects if name in ("own", "wrong") else None)
            for name in _COLUMNS.values()
        ]
        rows.append((method, condition, *means, int(objects.sum()), len(some)))
    notes = (
        f"One hint of {settings.cell} × {settings.cell} px in each of the largest objects, in the "
        f"middle or anywhere inside, and {GROUND_HINTS} gray hints on the ground or none.",
        f"Own colour: share of an object's pixels within {OWN:g} of the displayable a*b* asked "
        f"for; pixels that cannot show chroma {COLORED:g} are left out. Wrong hue: share of "
        f"objects whose median chroma is below {GRAY:g} or whose hue is more than {TURNED:g}° off.",
        f"Ground, ring: share of the pixels of the ground, and of those within {RING:g} px of a "
        f"hinted object, with chroma above {COLORED:g}.",
    )
    columns = ("method", "hinted objects", *_COLUMNS, "objects", "pictures")
    return Table("Objects", columns, tuple(rows), notes)


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    known = ~np.isnan(values)
    if not known.any():
        return float("nan")
    return float(np.average(values[known], weights=None if weights is None else weights[known]))
