"""Cracks: single ones that run and branch, and the net of a dried film."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from abdiffuser_training.synth.drawing.canvas import Canvas, Floats
from abdiffuser_training.synth.drawing.mosaic import voronoi
from abdiffuser_training.synth.drawing.placing import Kit
from abdiffuser_training.synth.drawing.texture import power_noise


def crooked(
    rng: np.random.Generator, start: Floats, end: Floats, rough: float, finest: float
) -> Floats:
    """Draw a crooked path by halving: middles are shifted by a share of their stretch's length.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    start, end : NDArray[np.float32]
        (2,) row and column in pixels.
    rough : float
        Standard deviation of the shift over the length of the stretch.
    finest : float
        Length in pixels below which stretches stay straight.

    Returns
    -------
    NDArray[np.float32]
        (n, 2) points of the path, ends included.
    """
    path = np.stack([start, end]).astype(np.float32)
    while np.hypot(*(path[1:] - path[:-1]).T).max() > finest and len(path) < 1000:
        step = path[1:] - path[:-1]
        shift = rough * rng.standard_normal((len(step), 1)).astype(np.float32)
        middle = (path[1:] + path[:-1]) / 2 + shift * step[:, ::-1] * np.array([-1, 1], np.float32)
        path = np.insert(path, np.arange(1, len(path)), middle, axis=0)
    return path


def carve(canvas: Canvas, mask: NDArray[np.bool_], number: NDArray[np.int32], depth: float) -> None:
    """Sink an area into a canvas; its lips charge up and are bright.

    Parameters
    ----------
    canvas : Canvas
        Changed in place.
    mask : NDArray[np.bool_]
        (H, W) the area.
    number : NDArray[np.int32]
        (H, W) instance numbers, used inside the area.
    depth : float
        Depth in pixels.
    """
    inward = ndimage.distance_transform_edt(mask).astype(np.float32)
    soft = np.float32(max(0.5 * float(inward.max()), 0.5))
    sunk = np.float32(depth) * (1 - np.exp(-inward / soft))
    sy, sx = np.gradient(sunk)
    canvas.height -= sunk
    canvas.slope_y -= sy
    canvas.slope_x -= sx
    outward = ndimage.distance_transform_edt(~mask).astype(np.float32)
    lip = 1 + np.float32(0.35) * np.exp(-outward / np.float32(2.5))
    canvas.albedo *= np.where(mask, np.exp(-0.9 * np.minimum(inward / soft, 1.6)), lip)
    canvas.instances = np.where(mask, number, canvas.instances).astype(np.int32)


def _runs(kit: Kit, size: tuple[int, int], width: float) -> NDArray[np.bool_]:
    """Draw cracks that cross the picture and branch."""
    rng = kit.rng
    image = Image.new("1", (size[1], size[0]))
    draw = ImageDraw.Draw(image)
    span = np.array(size, np.float32)
    ways = []
    for _ in range(int(rng.integers(1, 5))):
        a, b = rng.uniform(-0.1, 1.1, (2, 2)).astype(np.float32) * span
        ways.append((a, b, width * rng.uniform(0.6, 1.2)))
    rough = rng.uniform(0.06, 0.2)
    while ways and len(ways) < 40:
        a, b, wide = ways.pop(0)
        path = crooked(rng, a, b, rough, 5.0 * kit.step)
        # Thinner towards the tip, and never of even width.
        share = np.linspace(1, 0.35, len(path)) * np.exp(0.25 * rng.standard_normal(len(path)))
        for (y0, x0), (y1, x1), w in zip(path[:-1], path[1:], wide * share[1:], strict=True):
            draw.line((x0, y0, x1, y1), fill=1, width=max(round(float(w)), kit.step))
        if wide > 0.5 * width and len(path) > 8 and rng.random() < 0.75:
            for at in rng.integers(2, len(path) - 2, int(rng.integers(1, 4))):
                way = rng.uniform(0.3, 1.0) * rng.choice([-1, 1])
                c, s = np.cos(way), np.sin(way)
                d = (path[-1] - path[at]) * np.float32(rng.uniform(0.3, 0.9))
                tip = path[at] + np.array([c * d[0] - s * d[1], s * d[0] + c * d[1]], np.float32)
                ways.append((path[at], tip, 0.45 * wide))
    return np.asarray(image)


def _net(kit: Kit, size: tuple[int, int], width: float) -> NDArray[np.bool_]:
    """Cracks between the flakes of a dried film, each of its own width, some closed."""
    rng = kit.rng
    radius = kit.size(18, 80)
    n = int(np.clip(size[0] * size[1] / (np.pi * radius**2), 4, 200))
    points = (rng.uniform(-0.1, 1.1, (n, 2)) * size).astype(np.float32)
    crook = np.float32(0.1 * radius)
    warp = [crook * power_noise(rng, size, 1.2, 0.3 / radius, 4 / radius) for _ in range(2)]
    cells = voronoi(points, size, (warp[0], warp[1]))
    wide = 0.5 * width * np.exp(0.5 * power_noise(rng, size, 1.5, 0.0, 1 / radius))
    shut = power_noise(rng, size, 1.5, 0.0, 0.5 / radius) > rng.uniform(0.5, 2.0)
    return np.asarray((cells.gap < wide) & ~shut)


def cracks(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Cracks in what lies there already; each connected one is an object."""
    width = kit.size(1.6, 8)
    form = _runs if kit.rng.random() < 0.6 else _net
    mask = form(kit, canvas.size, width)
    labels, n = ndimage.label(mask, np.ones((3, 3)))
    if n:
        first = canvas.register(kind, int(n))
        carve(canvas, mask, (labels + first - 1).astype(np.int32), 2.5 * width)
