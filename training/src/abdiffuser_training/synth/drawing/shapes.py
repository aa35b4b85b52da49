"""Round bodies as height fields: ellipsoids, rods, discs, tapers and lumps."""

from __future__ import annotations

import numpy as np

from abdiffuser_training.synth.drawing.canvas import Floats, Surface, surface_of
from abdiffuser_training.synth.drawing.frames import RIM, Point, dome, frame, pick, turn


def ellipsoid(centre: Point, axes: tuple[float, float, float], angle: float = 0.0) -> Surface:
    """Shape the upper half of an ellipsoid whose zero is its centre.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    axes : tuple[float, float, float]
        Half axes along, across and up, in pixels.
    angle : float
        Direction of the first axis in radians.

    Returns
    -------
    Surface
        Its upper side.
    """
    a, b, c = axes
    row, col, u, v = frame(centre, max(a, b), angle)
    rho2 = (u / a) ** 2 + (v / b) ** 2
    rows, cols, root, (u, v, rho2) = dome(rho2, row, col, u, v)
    slopes = turn(-c * u / (a * a * root), -c * v / (b * b * root), angle)
    rho = np.sqrt(rho2) + np.float32(1e-6)
    wrap = np.arcsin(np.minimum(rho, 1)) / rho  # textures crowd towards the rim
    return surface_of(rows, cols, c * root, slopes, u * wrap, v * wrap, angle)


def rod(
    centre: Point,
    length: float,
    radius: float,
    angle: float,
    bend: float = 0.0,
    waist: float = 0.0,
    pitch: float = 0.0,
) -> Surface:
    """Shape a capsule (bacterium), bent to a parabola, pinched or tilted if asked.

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
    pitch : float
        Rise of the axis in pixels a pixel.

    Returns
    -------
    Surface
        Its upper side; zero is the middle of the axis.
    """
    half = max(length / 2, 0.5)
    row, col, u, v = frame(centre, half + radius + abs(bend), angle)
    t = np.clip(u / half, -1.3, 1.3)
    w = v - bend * t**2 + bend / 3
    dent = waist * np.exp(-((u / (0.7 * radius)) ** 2))
    beyond = u - np.clip(u, -half, half)
    r = radius * (1 - dent)
    rho2 = (w / r) ** 2 + (beyond / radius) ** 2
    rows, cols, root, (u, t, w, r, dent, beyond, _) = dome(rho2, row, col, u, t, w, r, dent, beyond)
    dw = -w / (r * root)
    widening = 2 * u * radius * dent / (0.7 * radius) ** 2
    du = -r * beyond / (radius**2 * root) - dw * 2 * bend * t / half + widening / root + pitch
    around = r * np.arcsin(np.clip(w / r, -1, 1))
    return surface_of(rows, cols, r * root + pitch * u, turn(du, dw, angle), u, around, angle)


def disc(
    centre: Point,
    radius: float,
    tilt: Point,
    dimple: float,
    squash: float = 1.0,
    angle: float = 0.0,
) -> Surface:
    """Shape a biconcave disc (red cell) lying at a tilt.

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
    Surface
        Its upper side; zero is the middle plane.
    """
    row, col, u, v = frame(centre, radius, angle)
    a, b = radius, radius * squash
    rho2 = (u / a) ** 2 + (v / b) ** 2
    rows, cols, root, (u, v, rho2) = dome(rho2, row, col, u, v)
    # A profile of Evans and Fung's form: sqrt(1 - rho²) (c0 + c1 rho² + c2 rho⁴).
    c0, c1, c2 = 0.3 * (1 - dimple) + 0.08, 1.5 * dimple + 0.1, -0.95 * dimple
    poly = c0 + c1 * rho2 + c2 * rho2**2
    d = radius * (-poly / (2 * root) + root * (c1 + 2 * c2 * rho2))
    sy, sx = turn(d * 2 * u / a**2, d * 2 * v / b**2, angle)
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    plane = tilt[0] * (s * u + c * v) + tilt[1] * (c * u - s * v)
    height = radius * root * poly + plane
    return surface_of(rows, cols, height, (sy + tilt[0], sx + tilt[1]), u, v, angle)


def taper(foot: Floats, tip: Floats, radii: Point, bend: float = 0.0) -> Surface:
    """Shape a round cone between two balls: spikes, hairs, needles, stalks.

    Parameters
    ----------
    foot, tip : NDArray[np.float32]
        (3,) row, column and height of the two ends, in pixels.
    radii : tuple[float, float]
        Radius at the foot and at the tip in pixels.
    bend : float
        Sideways bow of the middle in pixels.

    Returns
    -------
    Surface
        Its upper side, at the heights that the ends give.
    """
    d = tip - foot
    run = max(float(np.hypot(d[0], d[1])), 1e-3)
    angle = float(np.arctan2(d[0], d[1]))
    middle = (foot + tip) / 2
    reach = run / 2 + max(radii) + abs(bend)
    row, col, u, v = frame((float(middle[0]), float(middle[1])), reach, angle)
    s = np.clip(u / run + np.float32(0.5), 0, 1)
    beyond = u - np.clip(u, -run / 2, run / 2)
    w = v - 4 * bend * s * (1 - s)
    r = radii[0] + (radii[1] - radii[0]) * s
    rho2 = (w**2 + beyond**2) / r**2
    rows, cols, root, (u, s, w, r, beyond, _) = dome(rho2, row, col, u, s, w, r, beyond)
    body = beyond == 0
    dw = -w / (r * root)
    du = -beyond / (r * root) + body * (
        d[2] / run + (radii[1] - radii[0]) / (run * root) - dw * 4 * bend * (1 - 2 * s) / run
    )
    around = r * np.arcsin(np.clip(w / r, -1, 1))
    height = foot[2] + d[2] * s + r * root
    return surface_of(rows, cols, height, turn(du, dw, angle), u, around, angle)


def lump(
    centre: Point, radius: float, waves: Floats, flat: float = 1.0, power: float = 0.5
) -> Surface:
    """Shape an irregular body whose outline is a sum of waves round the centre.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    radius : float
        Mean radius in pixels.
    waves : NDArray[np.float32]
        (n, 2) amplitude as a share of the radius, and phase, of the waves 2, 3, … round.
    flat : float
        Height as a share of the radius.
    power : float
        0.5 is round, smaller is flatter on top with steeper flanks.

    Returns
    -------
    Surface
        Its upper side; zero is its foot.
    """
    swing = float(np.abs(waves[:, 0]).sum())
    row, col, u, v = frame(centre, radius * (1 + swing))
    phi = np.arctan2(v, u)
    edge = np.ones_like(phi)
    swerve = np.zeros_like(phi)
    for k, (amount, phase) in enumerate(waves, start=2):
        edge += amount * np.sin(k * phi + phase)
        swerve += amount * k * np.cos(k * phi + phase)
    edge = np.maximum(edge, 0.15)
    u, v = np.broadcast_arrays(u, v)
    d = np.sqrt(u**2 + v**2) + np.float32(1e-3)
    rho = d / (radius * edge)
    rows, cols, (u, v, d, rho, edge, swerve) = pick(rho < 1, row, col, u, v, d, rho, edge, swerve)
    q = np.maximum(1 - rho**2, RIM)
    height = radius * flat * q**power
    steep = -2 * radius * flat * power * q ** (power - 1) * rho
    out, round_ = 1 / (radius * edge), -swerve / (radius * edge**2)
    sx = steep * (out * u / d - round_ * v / d)
    sy = steep * (out * v / d + round_ * u / d)
    return surface_of(rows, cols, height, (sy, sx), u, v)
