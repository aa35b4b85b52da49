"""Threads: wavy fibres across the picture."""

from __future__ import annotations

import numpy as np

from abdiffuser_training.synth.drawing.canvas import AnyFloats, Floats, Ints, Surface, surface_of
from abdiffuser_training.synth.drawing.frames import RIM, Point, turn


def fibre(
    size: tuple[int, int],
    centre: Point,
    angle: float,
    radius: float,
    waves: Floats,
    half_length: float = np.inf,
    flatness: float = 1.0,
) -> Surface:
    """Shape a wavy thread.

    Parameters
    ----------
    size : tuple[int, int]
        (H, W) of the canvas.
    centre : tuple[float, float]
        A point of the axis.
    angle : float
        Mean direction in radians.
    radius : float
        Half width in pixels.
    waves : NDArray[np.float32]
        (n, 3) amplitude in pixels, wave number in radians a pixel, and phase of the bends.
    half_length : float
        Half the length in pixels; the ends are round.
    flatness : float
        Height as a share of the radius: 1 a thread, 0.2 a ribbon.

    Returns
    -------
    Surface
        Its upper side; zero is the axis; ``u`` runs along it.
    """
    near, (u, v, line, bend, slope) = _near(size, centre, angle, radius, waves)
    cosine = 1 / np.sqrt(1 + slope**2)
    w = (v - bend - slope * (u - line)) * cosine
    beyond = u - np.clip(u, -half_length, half_length)
    rho2 = (w**2 + beyond**2) / np.float32(radius**2)
    inside = np.flatnonzero(rho2 < 1)
    near, u, w, beyond = near[inside], u[inside], w[inside], beyond[inside]
    slope, cosine = slope[inside], cosine[inside]
    root = np.sqrt(np.maximum(1 - rho2[inside], RIM))
    f = np.float32(flatness)
    dw, du = -f * w / (radius * root), -f * beyond / (radius * root)
    slopes = turn((du - dw * slope) * cosine, dw * cosine, angle)
    rows, cols = np.divmod(near, size[1])
    around = radius * np.arcsin(np.clip(w / radius, -1, 1))
    return surface_of(rows, cols, f * radius * root, slopes, u, around, angle)


def _near(
    size: tuple[int, int], centre: Point, angle: float, radius: float, waves: Floats
) -> tuple[Ints, list[AnyFloats]]:
    """Pixels near the axis, for most of the canvas is elsewhere.

    Returns
    -------
    tuple[NDArray[np.intp], list[NDArray[np.float32]]]
        Flat numbers of the n pixels, and for each its place along and across the mean direction,
        and the place, sideways shift and slope of the axis beside it.
    """
    y = (np.arange(size[0], dtype=np.float32) - np.float32(centre[0]))[:, None]
    x = (np.arange(size[1], dtype=np.float32) - np.float32(centre[1]))[None]
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    u = c * x + s * y
    v = c * y - s * x
    first = np.floor(float(u.min())) - 1
    line = np.arange(first, float(u.max()) + 3, dtype=np.float32)
    a, k, p = (waves[:, i, None] for i in range(3))
    bend = (a * np.sin(k * line + p)).sum(0)
    lean = (a * k * np.cos(k * line + p)).sum(0)
    swell = np.float32(radius) * np.sqrt(1 + lean**2)
    i = (u - line[0]).astype(np.intp)
    near = np.flatnonzero(np.abs(v - bend[i]) < swell[i] + 1)
    i, u, v = i.ravel()[near], u.ravel()[near], v.ravel()[near]
    return near, [u, v, line[i], bend[i], lean[i]]
