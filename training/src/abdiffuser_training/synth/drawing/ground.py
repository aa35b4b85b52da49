"""What objects lie on: films, filters, rough and wrinkled supports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from abdiffuser_training.synth.drawing.canvas import Canvas
from abdiffuser_training.synth.drawing.placing import Kit
from abdiffuser_training.synth.drawing.shapes import lump
from abdiffuser_training.synth.drawing.texture import make_texture, power_noise

KINDS = ("cloud", "grain", "wrinkle", "cobble", "groove", "pit", "hexagon")
ODDS = (0.28, 0.22, 0.16, 0.12, 0.1, 0.08, 0.04)


def lay_ground(kit: Kit, canvas: Canvas, covered: bool = False) -> None:
    """Give an empty canvas relief, tone, texture and sometimes the holes of a filter.

    Parameters
    ----------
    kit : Kit
        Source of randomness and scale.
    canvas : Canvas
        Receives height, slopes and yield; labels stay 0.
    covered : bool
        Whether cells will cover all of it: then it gets no holes.
    """
    rng = kit.rng
    canvas.albedo *= np.float32(kit.ground_tone)
    hills = power_noise(rng, canvas.size, 2.0, 0.0, 0.03 / kit.step)
    amount = np.float32(rng.choice([0.0, 0.5, 2.0, 6.0]) * kit.unit)
    canvas.height += amount * (hills - hills.min())
    slope_y, slope_x = np.gradient(canvas.height)
    canvas.slope_y += slope_y
    canvas.slope_x += slope_x
    rows = np.arange(canvas.size[0], dtype=np.float32)[:, None]
    canvas.height += np.float32(rng.uniform(-0.1, 0.1)) * rows
    if rng.random() < 0.8:
        _roughen(kit, canvas)
    if not covered and rng.random() < 0.15:
        pierce(kit, canvas, kit.size(3, 14), float(rng.uniform(0.03, 0.2)))


def _roughen(kit: Kit, canvas: Canvas) -> None:
    rng = kit.rng
    texture = make_texture(rng, str(rng.choice(KINDS, p=ODDS)), kit.size(3, 40), fine=0.5)
    v, u = np.mgrid[: canvas.size[0], : canvas.size[1]].astype(np.float32)
    turn = rng.uniform(0, np.pi)
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    i = texture.at(c * u + s * v, c * v - s * u)
    bump = np.float32(rng.choice([0.05, 0.15, 0.4, 0.8], p=[0.25, 0.33, 0.28, 0.14]))
    along, across = texture.along.ravel()[i], texture.across.ravel()[i]
    canvas.slope_y += bump * (s * along + c * across)
    canvas.slope_x += bump * (c * along - s * across)
    slope = float(np.sqrt(np.mean(np.gradient(texture.bump)[0] ** 2)) * 1.4) + 1e-6
    canvas.height += bump / np.float32(slope) * texture.bump.ravel()[i]
    canvas.albedo *= np.exp(np.float32(rng.choice([0.0, 0.05, 0.15])) * texture.bump.ravel()[i])


def lay_dust(kit: Kit, canvas: Canvas) -> None:
    """Sprinkle crumbs over everything; each belongs to what it lies on.

    Parameters
    ----------
    kit : Kit
        Source of randomness and scale.
    canvas : Canvas
        Changed in place; labels stay as they are.
    """
    rng = kit.rng
    most, tone, labels = kit.size(1.0, 3.0), kit.tone(), canvas.instances.copy()
    for y, x in rng.uniform(0, 1, (int(rng.integers(6, 70)), 2)) * canvas.size:
        waves = np.stack([0.15 * rng.standard_normal(4), rng.uniform(0, 6.3, 4)], 1)
        r = most * float(np.exp(0.5 * rng.standard_normal()))
        body = lump((y, x), r, waves.astype(np.float32), 0.7)
        canvas.lay(replace(body, albedo=tone), 0, canvas.support(body))
    canvas.instances = labels


def pierce(kit: Kit, canvas: Canvas, radius: float, share: float) -> None:
    """Punch the round holes of a track-etched filter.

    Parameters
    ----------
    kit : Kit
        Source of randomness.
    canvas : Canvas
        Changed in place.
    radius : float
        Radius of the holes in canvas pixels.
    share : float
        Share of the area that is holes.
    """
    rng = kit.rng
    h, w = canvas.size
    n = int(min(share * h * w / (np.pi * radius**2), 400))
    for y, x in rng.uniform(0, 1, (n, 2)) * (h, w):
        r = radius * rng.uniform(0.85, 1.1)
        y0, x0 = max(int(y - r - 2), 0), max(int(x - r - 2), 0)
        area = (slice(y0, int(y + r + 3)), slice(x0, int(x + r + 3)))
        yy = np.arange(*area[0].indices(h), dtype=np.float32)[:, None] - np.float32(y)
        xx = np.arange(*area[1].indices(w), dtype=np.float32)[None] - np.float32(x)
        d = np.sqrt(yy**2 + xx**2) / np.float32(r)
        hole = d < 1
        canvas.height[area][hole] -= np.float32(2.5 * r)
        canvas.albedo[area] *= np.where(hole, np.clip(0.25 + 0.6 * (d - 0.8), 0.15, 1), 1)
        canvas.albedo[area] *= 1 + np.float32(0.35) * np.exp(-(((d - 1.08) / 0.12) ** 2))
