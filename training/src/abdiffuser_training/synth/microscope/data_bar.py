"""Data bars and scale bars, as instruments print them into their pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_STEPS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500)


def _scale(rng: np.random.Generator) -> str:
    return f"{rng.choice(_STEPS)} {rng.choice(['nm', 'µm', 'µm', 'mm'])}"


def _words(rng: np.random.Generator) -> list[str]:
    """Draw what a bar says: settings of an instrument, in one of the usual spellings."""
    kv = float(rng.choice([1, 2, 3, 5, 10, 15, 20, 30]))
    wd = round(float(rng.uniform(2, 22)), 1)
    mag = int(rng.choice([120, 550, 1000, 2500, 5000, 10000, 25000, 80000]))
    detector = str(rng.choice(["SE", "SE2", "InLens", "ETD", "TLD", "BSE", "LEI", "SED"]))
    date = f"{rng.integers(2001, 2026)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    words = [
        str(rng.choice([f"{kv:.1f} kV", f"HV {kv:.2f} kV", f"EHT = {kv:.2f} kV"])),
        str(rng.choice([f"WD {wd} mm", f"WD = {wd} mm", f"{wd}mm"])),
        str(rng.choice([f"x{mag}", f"Mag {mag:,} x", f"{mag / 1000:g}k"])),
        detector,
        date,
    ]
    rng.shuffle(words)
    return words[: int(rng.integers(2, 6))]


def add_bar(
    rng: np.random.Generator, gray: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Print a data bar along the foot, or a scale bar into a corner.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    gray : NDArray[np.uint8]
        (H, W) picture.

    Returns
    -------
    tuple[NDArray[np.uint8], NDArray[np.bool_]]
        The (H, W) picture with print, and where the print is; a data bar is print as a whole.
    """
    h = gray.shape[0]
    side = float(np.clip(rng.uniform(0.035, 0.075) * h, 7, 60))
    form: Callable[..., NDArray[np.bool_]] = _strip if rng.random() < 0.7 else _corner
    image = Image.fromarray(gray)
    where = form(rng, image, side)
    return np.array(image), where


def _strip(rng: np.random.Generator, image: Image.Image, side: float) -> NDArray[np.bool_]:
    w, h = image.size
    ground, ink = [(0, 255), (0, 230), (255, 0), (40, 240)][int(rng.integers(4))]
    font = ImageFont.load_default(side * 0.62)
    top = h - round(side)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, top, w, h), fill=ground)
    length = round(w * rng.uniform(0.1, 0.25))
    x = w - length - round(0.02 * w)
    thick = max(round(0.1 * side), 1)
    draw.rectangle((x, h - 2 * thick - 1, x + length, h - thick - 1), fill=ink)
    draw.text((x, top), _scale(rng), ink, ImageFont.load_default(side * 0.55))
    at = 0.02 * w
    for word in _words(rng):
        if at + font.getlength(word) > x - 0.02 * w:
            break
        draw.text((at, top + 0.12 * side), word, ink, font)
        at += font.getlength(word) + rng.uniform(0.6, 2.5) * side
    where = np.zeros((h, w), np.bool_)
    where[top:] = True
    return where


def _corner(rng: np.random.Generator, image: Image.Image, side: float) -> NDArray[np.bool_]:
    w, h = image.size
    ink = 255 if rng.random() < 0.75 else 0
    sheet = Image.new("L", (w, h))
    draw = ImageDraw.Draw(sheet)
    length, thick = round(w * rng.uniform(0.12, 0.3)), max(round(0.15 * side), 1)
    x = round(0.04 * w) if rng.random() < 0.5 else w - length - round(0.04 * w)
    y = h - round(0.035 * h) - thick
    draw.rectangle((x, y, x + length, y + thick), fill=255)
    draw.text((x, y - 1.15 * side), _scale(rng), 255, ImageFont.load_default(side * 0.85))
    image.paste(ink, (0, 0), sheet)
    return np.asarray(sheet) > 127
