"""Bodies with faces, and bodies made of many parts: crystals, pollen, clusters."""

from __future__ import annotations

import numpy as np

from abdiffuser_training.synth.drawing.canvas import Floats, Surface, join, surface_of
from abdiffuser_training.synth.drawing.frames import Point, frame, pick
from abdiffuser_training.synth.drawing.shapes import ellipsoid, taper


def turned(rng: np.random.Generator, points: Floats) -> Floats:
    """Turn (n, 3) vectors by a random rotation."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return np.asarray(points @ q, np.float32)


def leaning(rng: np.random.Generator, lean: float) -> Floats:
    """(3, 3) rotation about the vertical by any angle, then over by about ``lean`` radians."""
    a, b = rng.uniform(0, 2 * np.pi), lean * rng.standard_normal()
    about = np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]])
    over = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return np.asarray(about @ over, np.float32)


def spread_directions(n: int) -> Floats:
    """(n, 3) unit vectors spread evenly over the sphere by the golden angle."""
    i = np.arange(n) + 0.5
    z = 1 - 2 * i / n
    r, phi = np.sqrt(1 - z**2), np.pi * (1 + 5**0.5) * i
    return np.stack([r * np.sin(phi), r * np.cos(phi), z], 1).astype(np.float32)


def facets(
    centre: Point, normals: Floats, distances: Floats, reach: float, bevel: float = 0.0
) -> Surface:
    """Shape a convex crystal: the intersection of half spaces n · r <= d seen from above.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    normals : NDArray[np.float32]
        (n, 3) unit normals (row, column, up).
    distances : NDArray[np.float32]
        (n,) distances of the faces from the centre in pixels.
    reach : float
        Radius of the area to look at, in pixels.
    bevel : float
        Width in pixels over which faces are blended into rounded edges.

    Returns
    -------
    Surface
        Its upper side; zero is the centre.
    """
    row, col, x, y = frame(centre, reach)
    shape = np.broadcast_shapes(x.shape, y.shape)
    bottom = np.full(shape, -np.inf, np.float32)
    up = normals[:, 2] > 0.02
    n, d = normals[up], distances[up]
    # (faces, h, w): the few upward faces as planes; the lowest is the one seen.
    planes = (d[:, None, None] - n[:, 0, None, None] * y - n[:, 1, None, None] * x) / (
        n[:, 2, None, None]
    )
    top = planes.min(0)
    for (ny, nx, nz), far in zip(normals[~up], distances[~up], strict=True):
        slab = far - ny * y - nx * x
        bottom = np.maximum(bottom, slab / nz if nz < -0.02 else np.where(slab < 0, np.inf, bottom))
    inside = top > bottom
    width = np.float32(max(bevel, 0.05))
    share = np.exp(-(planes - top) / width)
    share /= share.sum(0)
    sy = (share * (-n[:, 0] / n[:, 2])[:, None, None]).sum(0)
    sx = (share * (-n[:, 1] / n[:, 2])[:, None, None]).sum(0)
    u, v = np.broadcast_arrays(x, y)
    rows, cols, (top, sy, sx, u, v) = pick(inside, row, col, top, sy, sx, u, v)
    return surface_of(rows, cols, top, (sy, sx), u, v)


def pollen(
    centre: Point,
    radius: float,
    spikes: Floats,
    length: float,
    width: float,
    body: Surface | None = None,
) -> Surface:
    """Shape a ball covered with spikes.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    radius : float
        Radius of the ball in pixels.
    spikes : NDArray[np.float32]
        (n, 3) unit directions (row, column, up).
    length, width : float
        Length and foot radius of a spike as shares of the radius.
    body : Surface | None
        The (textured) ball, where it is not a plain one.

    Returns
    -------
    Surface
        Its upper side; zero is the centre.
    """
    parts = [(body or ellipsoid(centre, (radius, radius, radius)), 0.0)]
    middle = np.array([*centre, 0.0], np.float32)
    for direction in spikes[spikes[:, 2] > -0.3]:
        foot = middle + direction * np.float32(radius * 0.95)
        tip = middle + direction * np.float32(radius * (1 + length))
        parts.append((taper(foot, tip, (radius * width, 0.25 * radius * width)), 0.0))
    return join(parts)


def cauliflower(
    rng: np.random.Generator, centre: Point, radius: float, grain: float, n: int
) -> Surface:
    """Shape a ball grown over with small balls.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    centre : tuple[float, float]
        (row, column) in pixels.
    radius : float
        Radius of the ball in pixels.
    grain : float
        Mean radius of the small balls as a share of the radius.
    n : int
        Number of small balls on the whole sphere.

    Returns
    -------
    Surface
        Its upper side; zero is the centre.
    """
    parts = [(ellipsoid(centre, (radius, radius, radius)), 0.0)]
    where = turned(rng, spread_directions(n))
    where = where + 0.12 * rng.standard_normal(where.shape).astype(np.float32)
    for y, x, z in where[where[:, 2] > -0.25] * np.float32(radius):
        r = radius * grain * float(np.exp(0.3 * rng.standard_normal()))
        parts.append((ellipsoid((centre[0] + y, centre[1] + x), (r, r, r)), float(z)))
    return join(parts)
