"""A page of pictures: gray, hints, truth, best, samples and Levin 2004 side by side.

It shows the pictures that were measured: a page of pictures that may not be passed on may not be
passed on either.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from abdiffuser_training.evaluate.inputs.pictures import Picture, evenly
from abdiffuser_training.evaluate.inputs.plans import Plan
from abdiffuser_training.evaluate.inputs.scenes import Scene, Scenes
from abdiffuser_training.evaluate.measures.records import Settings
from abdiffuser_training.evaluate.subjects.baselines import levin
from abdiffuser_training.evaluate.subjects.subjects import Subjects, opened
from abdiffuser_training.files import write_bytes
from abdiffuser_training.hint_sampling import fixed as hint_sets
from napari_abdiffuser.imaging.colorspace import render

__all__ = ["panels", "write_page"]

_GAP, _CAPTION = 6, 20  # pixels between panels and for the line above the first row
_SHOWN = 160  # least side of a panel, pixels: small pictures are enlarged
_PAPER, _INK = (255, 255, 255), (30, 30, 30)
_SAMPLES = 3

Panels = dict[str, NDArray[np.uint8]]


def painted(picture: Picture, plan: Plan) -> NDArray[np.float32]:
    """Hint map (3, H, W) that is shown: of the middle condition that has hints."""
    shape = picture.lightness.shape
    if isinstance(plan, Scene):
        return plan.hint_map(shape)
    if isinstance(plan, Scenes):
        scenes = list(plan.by_condition.values())
        return scenes[len(scenes) // 2].hint_map(shape)
    some = [boxes for boxes in plan.values() if len(boxes)] if isinstance(plan, Mapping) else []
    if not some:
        return np.zeros((3, *shape), np.float32)
    boxes = some[len(some) // 2]
    return hint_sets.hint_map(shape, boxes, hint_sets.mean_chroma(picture.chroma, boxes))


def panels(picture: Picture, hint_map: NDArray[np.float32], subjects: Subjects) -> Panels:
    """Pictures (H, W, 3) of one row by their captions."""

    def shown(chroma: NDArray[np.float32]) -> NDArray[np.uint8]:
        rgb: NDArray[np.uint8] = render(picture.lightness, chroma)[0]
        return rgb

    gray = shown(np.zeros_like(picture.chroma))
    marked = gray.copy()
    mask = hint_map[2] > 0
    # At lightness 70 nearly every hint shows its colour, whatever is under it.
    swatch = render(np.full_like(picture.lightness, 70), np.moveaxis(hint_map[:2], 0, -1))[0]
    marked[mask] = swatch[mask]
    row = {"gray": gray, "hints": marked, "truth": picture.rgb}
    for name, model in subjects.models.items():
        label = f"{name} " if name else ""
        row[f"{label}best"] = shown(model.best(picture.lightness, hint_map))
        samples = model.samples(picture.lightness, hint_map, _SAMPLES)
        row |= {f"{label}sample {i + 1}": shown(one) for i, one in enumerate(samples)}
    row["Levin 2004"] = shown(levin(picture.lightness, hint_map))
    return row


def write_page(
    path: Path,
    pictures: Sequence[Picture],
    plans: Sequence[Plan],
    settings: Settings,
    rows: int,
) -> None:
    """Write a page with a row for each of some pictures, spread evenly over those measured.

    Parameters
    ----------
    path : Path
        A ``.png`` or ``.jpg`` file; it appears whole or not at all.
    pictures, plans : sequence
        What was measured.
    settings : Settings
        How; its models are used.
    rows : int
        At most so many.
    """
    chosen = [i for i, plan in enumerate(plans) if plan is not None or settings.cell == 0]
    chosen = [chosen[i] for i in evenly(len(chosen), rows)]
    subjects = opened(settings)
    made = [panels(pictures[i], painted(pictures[i], plans[i]), subjects) for i in chosen]
    scale = max(1, -(-_SHOWN // settings.size))
    side = scale * settings.size
    names = list(made[0])
    width = len(names) * (side + _GAP) + _GAP
    sheet = Image.new("RGB", (width, len(made) * (side + _GAP) + _GAP + _CAPTION), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=13)
    for column, name in enumerate(names):
        left = _GAP + column * (side + _GAP)
        draw.text((left, 3), name, fill=_INK, font=font)
        for line, row in enumerate(made):
            panel = Image.fromarray(row[name]).resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(panel, (left, _CAPTION + line * (side + _GAP)))
    buffer = io.BytesIO()
    if path.suffix == ".jpg":
        sheet.save(buffer, "JPEG", quality=85)
    else:
        sheet.save(buffer, "PNG", optimize=True)
    write_bytes(path, buffer.getvalue())
