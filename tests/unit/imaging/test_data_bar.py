"""Data bars of drawn micrographs: found to the row, and found only where there is one."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.imaging.data_bar import data_bar_mask, find_data_bar

HEIGHT, WIDTH, BAR = 400, 512, 28


def specimen(seed=0, low=60, high=180):
    """Noise over blobs, as detectors give it."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    shape = np.sin(rows / 37 + seed) * np.cos(columns / 53)
    values = low + (high - low) * (shape + 1) / 2 + rng.normal(0, 8, shape.shape)
    return np.clip(values, 0, 255).astype(np.uint8)


def written(picture, ground=0, ink=255, *, rows=BAR, line=False):
    """Print an instrument's bar over the lowest rows; None as ground leaves the specimen."""
    drawn = Image.fromarray(picture)
    pen = ImageDraw.Draw(drawn)
    top = HEIGHT - rows
    if ground is not None:
        pen.rectangle([0, top, WIDTH, HEIGHT], fill=ground)
    if line:
        pen.line([(0, top), (WIDTH, top)], fill=ink, width=2)
    pen.text((8, top + 8), "5.00 kV  WD 4.2 mm  x 12 000  SE2", fill=ink, font_size=14)
    pen.rectangle([WIDTH - 120, top + rows // 2, WIDTH - 20, top + rows // 2 + 3], fill=ink)
    return np.asarray(drawn)


def as_jpeg(picture, quality=85):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize(("ground", "ink"), [(0, 255), (255, 0), (90, 255), (20, 200)])
@pytest.mark.parametrize("line", [False, True])
@pytest.mark.parametrize("kind", ["uint8", "jpeg", "rgb", "uint16", "float"])
def test_bars_are_found_to_the_row(ground, ink, line, kind):
    picture = written(specimen(low=100), ground, ink, line=line)
    image = {
        "uint8": lambda: picture,
        "jpeg": lambda: as_jpeg(picture),
        "rgb": lambda: np.repeat(picture[..., None], 3, -1),
        "uint16": lambda: picture.astype(np.uint16) * 16 + 100,
        "float": lambda: picture / 255.0 - 0.5,
    }[kind]()
    found = find_data_bar(image)
    assert found is not None
    assert found.stop == HEIGHT
    assert abs(found.start - (HEIGHT - BAR)) <= (2 if line else 1)


def test_a_black_void_behind_the_specimen_does_not_hide_the_bar():
    picture = specimen()
    picture[150:, : WIDTH // 2] = 0
    found = find_data_bar(written(picture))
    assert found is not None
    assert abs(found.start - (HEIGHT - BAR)) <= 1


def void():
    """A specimen before a clipped background: flat and black, but with no straight edge."""
    picture = specimen()
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    picture[rows > 330 + 20 * np.sin(columns / 40)] = 0
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        specimen(),
        specimen(3, 0, 20),
        written(specimen(), None),
        void(),
        written(void(), None),
        np.zeros((HEIGHT, WIDTH), np.uint8),
        np.full((HEIGHT, WIDTH), np.nan)[:1, :1],
        written(specimen())[-60:][:, :40],
        np.where(np.arange(HEIGHT)[:, None] < HEIGHT - BAR, specimen(), 0),  # nothing written
        written(specimen(), rows=200),  # half of the picture is no bar
    ],
    ids=["noise", "dark", "letters", "void", "void-letters", "black", "pixel", "narrow", "frame",
         "half"],
)  # fmt: skip
def test_what_is_no_bar(picture):
    assert find_data_bar(picture) is None
    assert data_bar_mask(picture) is None


def test_the_mask_marks_the_bar():
    picture = written(specimen(low=100))
    mask = data_bar_mask(picture)
    assert mask.shape == picture.shape
    assert not mask[: HEIGHT - BAR - 1].any()
    assert mask[HEIGHT - BAR + 1 :].all()


def test_what_is_no_picture():
    with pytest.raises(InvalidImage):
        find_data_bar(np.zeros(5))
