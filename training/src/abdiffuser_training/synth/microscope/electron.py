"""From a height field to the number of secondary electrons that reach the detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Optics:
    """Settings of the imagined microscope.

    Attributes
    ----------
    edge : float
        Exponent of the yield 1 / cos(tilt)**edge.
    limit : float
        Escape-depth floor of the cosine: the brightest rim is about (1 / limit)**edge.
    detector : float
        Pull of the detector, 0 (symmetric) … 1 (one-sided).
    side : float
        Direction of the detector in radians, from the columns towards the rows.
    occlusion : float
        Strength of the darkening in hollows and behind what stands before the detector.
    fog : float
        Darkening of the deepest point: its signal is exp(-fog) of the highest point's.
    dose : float
        Mean electrons a pixel at full white; the relative noise is 1 / sqrt(dose * signal).
    blur : float
        Beam diameter as a Gaussian's sigma, pixels.
    focus, defocus : float
        Height in focus (0 … 1 of the scene's depth) and added blur at the far end, pixels.
    jitter : float
        Sideways scatter of the scan lines, pixels.
    charging : float
        Strength of bright and dark streaks along the scan lines.
    crest, reach : float
        Brightening of edges and tips, out of whose sides electrons escape as well, and how far from
        the edge it reaches, pixels.
    vignette : float
        Loss of brightness in the corners.
    black, white : float
        Percentiles mapped to 2 and 253.
    gamma : float
        Exponent of the display curve.
    resample : float
        Sigma in pixels by which the finished picture, noise and all, was softened.
    """

    edge: float = 0.9
    limit: float = 0.15
    detector: float = 0.2
    side: float = -1.2
    occlusion: float = 0.8
    fog: float = 0.0
    dose: float = 200.0
    blur: float = 0.7
    focus: float = 0.7
    defocus: float = 0.0
    jitter: float = 0.0
    charging: float = 0.0
    vignette: float = 0.0
    black: float = 0.5
    white: float = 99.7
    gamma: float = 1.0
    resample: float = 0.0
    crest: float = 0.0
    reach: float = 1.0


def openness(height: Floats, optics: Optics, unit: float) -> Floats:
    """Share of the half space above each pixel that is free of other matter.

    Horizons are searched in eight directions at a few distances; directions towards the detector
    count more, which is what casts its soft shadows.

    Parameters
    ----------
    height : NDArray[np.float32]
        (H, W) surface in pixels.
    optics : Optics
        Settings; `detector` and `side` weigh the directions.
    unit : float
        Smallest distance in pixels.

    Returns
    -------
    NDArray[np.float32]
        (H, W) in [0, 1].
    """
    distances = [max(round(unit * k), 1) for k in (1, 3, 8, 20)]
    soft = [height, *(ndimage.uniform_filter(height, max(d // 2, 1)) for d in distances[1:])]
    far = distances[-1]
    padded = [np.pad(layer, far, mode="edge") for layer in soft]
    h, w = height.shape
    total = np.zeros_like(height)
    weights = 0.0
    for k in range(8):
        phi = k * np.pi / 4
        weight = 1 + min(1.5 * optics.detector, 0.95) * np.cos(phi - optics.side)
        rise = np.zeros_like(height)
        for layer, d in zip(padded, distances, strict=True):
            y, x = far + round(d * np.sin(phi)), far + round(d * np.cos(phi))
            away = np.float32(np.hypot(y - far, x - far))
            np.maximum(rise, (layer[y : y + h, x : x + w] - height) / away, out=rise)
        total += np.float32(weight) / (1 + rise**2)
        weights += weight
    return total / np.float32(weights)


def emission(
    height: Floats,
    slopes: tuple[Floats, Floats],
    albedo: Floats,
    optics: Optics,
    unit: float = 1.0,
) -> Floats:
    """Secondary electrons that reach the detector, before blur and noise.

    The yield follows 1 / cos(tilt)**edge, floored at the escape depth; the detector's side adds
    a share of the normal's lean towards it; edges give more; hollows and depth take away.

    Parameters
    ----------
    height : NDArray[np.float32]
        (H, W) surface in pixels.
    slopes : tuple[NDArray[np.float32], NDArray[np.float32]]
        (H, W) derivatives along rows and columns.
    albedo : NDArray[np.float32]
        (H, W) yield at normal incidence.
    optics : Optics
        Settings.
    unit : float
        Pixels of the height field a pixel of the final picture.

    Returns
    -------
    NDArray[np.float32]
        (H, W) non-negative signal, 1 on flat, open ground.
    """
    sy, sx = slopes
    nz = 1 / np.sqrt(1 + sy**2 + sx**2)
    rim = ((nz + optics.limit) / (1 + optics.limit)) ** np.float32(-optics.edge)
    dy, dx = optics.detector * np.sin(optics.side), optics.detector * np.cos(optics.side)
    pull = np.maximum(1 - (np.float32(dy) * sy + np.float32(dx) * sx) * nz, 0.05)
    signal = albedo * rim * pull
    if optics.occlusion > 0:
        signal *= openness(height, optics, 1.5 * unit) ** np.float32(optics.occlusion)
    if optics.crest > 0:
        scale = optics.reach * unit
        above = height - ndimage.gaussian_filter(height, scale, truncate=3)
        signal *= 1 + np.float32(optics.crest) * np.clip(above / np.float32(scale), 0, 1)
    if optics.fog > 0:
        span = max(float(np.ptp(height)), 1e-3)
        signal *= np.exp(np.float32(optics.fog / span) * (height - height.max()))
    return np.asarray(signal, np.float32)


def transmission(height: Floats, albedo: Floats, strength: float) -> Floats:
    """Bright-field signal of a transmission microscope: exp(-thickness).

    Parameters
    ----------
    height : NDArray[np.float32]
        (H, W) surface in pixels; the median is taken as the bare film.
    albedo : NDArray[np.float32]
        (H, W) its texture is kept, weakly.
    strength : float
        Optical thickness of the highest point.

    Returns
    -------
    NDArray[np.float32]
        (H, W) signal, 1 on the bare film.
    """
    low = float(np.quantile(height, 0.05))
    thick = np.maximum(height - low, 0) / max(float(height.max()) - low, 1e-3)
    return np.asarray(np.exp(-strength * np.sqrt(thick)) * albedo**0.3, np.float32)
