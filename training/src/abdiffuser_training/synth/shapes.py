"""Height fields of single objects: ellipsoids, rods, discs, plates, pollen, fibres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.synth.canvas import Patch

Floats = NDArray[np.float32]


def local_frame(
    centre: tuple[float, float], reach: float, angle: float = 0.0
) -> tuple[int, int, Floats, Floats]:
    """Pixel coordinates around a centre, turned by an angle.

    Returns
    -------
    tuple[int, int, NDArray[np.float32], NDArray[np.float32]]
        First row, first column, and the coordinates along and across the axis, in pixels.
    """
    row, col = int(np.floor(centre[0] - reach)) - 1, int(np.floor(centre[1] - reach)) - 1
    n = int(np.ceil(2 * reach)) + 4
    y = (np.arange(n, dtype=np.float32) + np.float32(row - centre[0]))[:, None]
    x = (np.arange(n, dtype=np.float32) + np.float32(col - centre[1]))[None]
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return row, col, c * x + s * y, -s * x + c * y


def _turn(slope_u: Floats, slope_v: Floats, angle: float) -> tuple[Floats, Floats]:
    """Slopes along the turned axes → slopes along rows and columns."""
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return s * slope_u + c * slope_v, c * slope_u - s * slope_v


def _masked(height: Floats, inside: NDArray[np.bool_]) -> Floats:
    return np.where(inside, height, np.float32(-np.inf)).astype(np.float32)


def ellipsoid(
    centre: tuple[float, float], axes: tuple[float, float, float], angle: float = 0.0
) -> Patch:
    """Upper half of an ellipsoid whose zero is its centre.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    axes : tuple[float, float, float]
        Half axes along, across and up, in pixels.
    angle : float
        Direction of the first axis in radians, from the columns towards the rows.

    Returns
    -------
    Patch
        The surface.
    """
    a, b, c = axes
    row, col, u, v = local_frame(centre, max(a, b), angle)
    q = 1 - (u / a) ** 2 - (v / b) ** 2
    root = np.sqrt(np.maximum(q, 1e-3))
    sy, sx = _turn(-c * u / (a * a * root), -c * v / (b * b * root), angle)
    return Patch(row, col, _masked(c * root, q > 0), sy, sx)


def rod(
    centre: tuple[float, float],
    length: float,
    radius: float,
    angle: float,
    bend: float = 0.0,
    waist: float = 0.0,
) -> Patch:
    """A capsule (bacterium), bent to a parabola and pinched in the middle if asked.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    length, radius : float
        Length of the straight part and radius, in pixels.
    angle : float
        Direction of the axis in radians.
    bend : float
        Sideways shift of the ends in pixels.
    waist : float
        Share by which the radius shrinks in the middle (a dividing cell), 0 … 0.5.

    Returns
    -------
    Patch
        The surface; zero is the axis.
    """
    half = length / 2
    row, col, u, v = local_frame(centre, half + radius + abs(bend), angle)
    t = u / max(half, 1.0)
    w = v - bend * t**2 + bend / 3
    pinch = 1 - waist * np.exp(-((u / (0.6 * radius)) ** 2))
    beyond = np.maximum(np.abs(u) - half, 0) * np.sign(u)
    r = radius * pinch
    q = 1 - (w / r) ** 2 - (beyond / radius) ** 2
    root = np.sqrt(np.maximum(q, 1e-3))
    height = r * root
    dv = -w / (r * root)
    du = -beyond / (radius * root) - dv * 2 * bend * t / max(half, 1.0)
    du = du + radius * waist * 2 * u / (0.6 * radius) ** 2 * (1 - pinch) / max(waist, 1e-6) * root
    sy, sx = _turn(du.astype(np.float32), dv, angle)
    return Patch(row, col, _masked(height, q > 0), sy, sx)


def disc(centre: tuple[float, float], radius: float, tilt: tuple[float, float], dimple: float,
         squash: float = 1.0, angle: float = 0.0) -> Patch:
    """A biconcave disc (red cell) lying at a tilt.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    radius : float
        Radius in pixels.
    tilt : tuple[float, float]
        Slope of the disc's plane along rows and columns.
    dimple : float
        Depth of the hollow, 0 (a lens) … 1.
    squash : float
        Ratio of the short to the long axis.
    angle : float
        Direction of the long axis in radians.

    Returns
    -------
    Patch
        The surface; zero is the middle plane.
    """
    row, col, u, v = local_frame(centre, radius, angle)
    a, b = radius, radius * squash
    rho2 = (u / a) ** 2 + (v / b) ** 2
    inside = rho2 < 1
    rho2 = np.minimum(rho2, 0.999)
    # Profile after Evans and Fung's form: sqrt(1 - rho²) (c0 + c1 rho² + c2 rho⁴).
    c0, c1, c2 = 0.38 * (1 - dimple) + 0.08, 0.75 * dimple + 0.1, -0.42 * dimple
    root = np.sqrt(1 - rho2)
    poly = c0 + c1 * rho2 + c2 * rho2**2
    height = radius * root * poly
    d = radius * (-poly / (2 * root) + root * (c1 + 2 * c2 * rho2))
    sy, sx = _turn(d * 2 * u / a**2, d * 2 * v / b**2, angle)
    cs, sn = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    height = height + tilt[0] * (sn * u + cs * v) + tilt[1] * (cs * u - sn * v)
    return Patch(row, col, _masked(height, inside), sy + np.float32(tilt[0]),
                 sx + np.float32(tilt[1]))


def facets(
    centre: tuple[float, float], normals: Floats, distances: Floats, reach: float
) -> Patch:
    """A convex crystal: the intersection of half spaces n · r <= d seen from above.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    normals : NDArray[np.float32]
        (n, 3) unit normals (y, x, z).
    distances : NDArray[np.float32]
        (n,) distances of the faces from the centre in pixels.
    reach : float
        Radius of the area to look at, in pixels.

    Returns
    -------
    Patch
        The surface; zero is the centre.
    """
    row, col, x, y = local_frame(centre, reach)
    top = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf, np.float32)
    bottom = np.full_like(top, -np.inf)
    sy, sx = np.zeros_like(top), np.zeros_like(top)
    for (ny, nx, nz), d in zip(normals, distances, strict=True):
        if nz > 1e-3:
            z = (d - ny * y - nx * x) / nz
            lower = z < top
            top = np.where(lower, z, top)
            sy, sx = np.where(lower, -ny / nz, sy), np.where(lower, -nx / nz, sx)
        elif nz < -1e-3:
            bottom = np.maximum(bottom, (d - ny * y - nx * x) / nz)
        else:
            top = np.where(ny * y + nx * x > d, -np.inf, top)
    inside = np.isfinite(top) & (top > bottom)
    return Patch(row, col, _masked(top, inside), sy.astype(np.float32), sx.astype(np.float32))


def pollen(
    centre: tuple[float, float], radius: float, spikes: Floats, spike: float, width: float
) -> Patch:
    """A ball covered with spikes.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    radius : float
        Radius of the ball in pixels.
    spikes : NDArray[np.float32]
        (n, 3) unit directions (y, x, z) of the spikes.
    spike, width : float
        Length and foot radius of a spike as shares of the radius.

    Returns
    -------
    Patch
        The surface; zero is the centre.
    """
    row, col, x, y = local_frame(centre, radius * (1 + spike) + 1)
    whole = Patch(row, col, np.full(np.broadcast_shapes(x.shape, y.shape), -np.inf, np.float32),
                  np.zeros((y.shape[0], x.shape[1]), np.float32),
                  np.zeros((y.shape[0], x.shape[1]), np.float32))
    _merge(whole, ellipsoid(centre, (radius, radius, radius)), 0.0)
    for direction in spikes[spikes[:, 2] > -0.35]:
        # A spike is a row of shrinking balls along its axis: exact silhouettes, no special cases.
        for s in np.linspace(0, 1, 5):
            r = radius * width * (1 - 0.85 * s) + 0.3
            p = direction * radius * (0.97 + spike * s)
            _merge(whole, ellipsoid((centre[0] + p[0], centre[1] + p[1]), (r, r, r)), float(p[2]))
    return whole


def _merge(whole: Patch, part: Patch, lift: float) -> None:
    """Put a part into a patch in place where it is the higher one."""
    h, w = part.height.shape
    y, x = part.row - whole.row, part.col - whole.col
    there = (slice(max(y, 0), max(y + h, 0)), slice(max(x, 0), max(x + w, 0)))
    height = whole.height[there]
    here = (slice(max(-y, 0), max(-y, 0) + height.shape[0]),
            slice(max(-x, 0), max(-x, 0) + height.shape[1]))
    z = part.height[here] + np.float32(lift)
    seen = z > height
    height[seen] = z[seen]
    whole.slope_y[there][seen] = part.slope_y[here][seen]
    whole.slope_x[there][seen] = part.slope_x[here][seen]


def fibre(
    size: tuple[int, int],
    centre: tuple[float, float],
    angle: float,
    radius: float,
    waves: Floats,
    half_length: float = np.inf,
) -> tuple[Patch, Floats]:
    """A wavy thread across the picture.

    Parameters
    ----------
    size : tuple[int, int]
        (H, W) of the canvas.
    centre : tuple[float, float]
        A point of the axis.
    angle : float
        Mean direction in radians.
    radius : float
        Radius in pixels.
    waves : NDArray[np.float32]
        (n, 3) amplitude in pixels, wave number in radians a pixel, phase.
    half_length : float
        Half the length; the ends are round.

    Returns
    -------
    tuple[Patch, NDArray[np.float32]]
        The surface (zero is the axis), and the (H, W) coordinate along the axis.
    """
    y = (np.arange(size[0], dtype=np.float32) - np.float32(centre[0]))[:, None]
    x = (np.arange(size[1], dtype=np.float32) - np.float32(centre[1]))[None]
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    u, v = c * x + s * y, -s * x + c * y
    line = np.arange(np.floor(u.min()), np.ceil(u.max()) + 2, dtype=np.float32)
    f = sum((a * np.sin(k * line + p) for a, k, p in waves), np.zeros_like(line))
    g = sum((a * k * np.cos(k * line + p) for a, k, p in waves), np.zeros_like(line))
    i = (u - line[0]).astype(np.intp)
    frac = u - line[i]
    slope = g[i]
    cosine = 1 / np.sqrt(1 + slope**2)
    w = (v - f[i] - slope * frac) * cosine
    beyond = np.maximum(np.abs(u) - half_length, 0) * np.sign(u) if np.isfinite(half_length) else 0
    q = 1 - (w / radius) ** 2 - (beyond / radius) ** 2
    root = np.sqrt(np.maximum(q, 1e-3))
    dw = -w / (radius * root)
    du = -beyond / (radius * root)
    sy, sx = _turn((du - dw * slope) * cosine, dw * cosine, angle)
    patch = Patch(0, 0, _masked(radius * root, q > 0), sy.astype(np.float32),
                  sx.astype(np.float32))
    return patch, u
