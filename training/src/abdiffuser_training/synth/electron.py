"""How a scanning electron microscope turns a height field into gray values."""

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
        Escape-depth floor of the cosine: the brightest edge is about (1 / limit)**edge.
    detector : tuple[float, float]
        Pull of the detector along rows and columns: share of brightness per unit of normal.
    occlusion : float
        Strength of the darkening in hollows.
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
    vignette : float
        Loss of brightness in the corners.
    black, white : float
        Percentiles mapped to 2 and 253.
    gamma : float
        Exponent of the display curve.
    """

    edge: float = 0.9
    limit: float = 0.15
    detector: tuple[float, float] = (-0.2, 0.1)
    occlusion: float = 1.0
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


def occlusion(height: Floats, strength: float) -> Floats:
    """Share of electrons that escape from hollows, by difference to blurred heights.

    Parameters
    ----------
    height : NDArray[np.float32]
        (H, W) surface in pixels.
    strength : float
        0 = none.

    Returns
    -------
    NDArray[np.float32]
        (H, W) in (0, 1].
    """
    out = np.zeros_like(height)
    for sigma in (2.0, 5.0, 14.0):
        around = ndimage.uniform_filter(height, int(2 * sigma) | 1, mode="nearest")
        around = ndimage.uniform_filter(around, int(2 * sigma) | 1, mode="nearest")
        out += np.maximum(around - height, 0) / np.float32(sigma)
    return np.exp(-np.float32(strength * 0.35) * out).astype(np.float32)


def emission(
    height: Floats, slope_y: Floats, slope_x: Floats, albedo: Floats, optics: Optics
) -> Floats:
    """Secondary electrons that reach the detector, before noise.

    Returns
    -------
    NDArray[np.float32]
        (H, W) non-negative signal, about 1 on flat ground.
    """
    nz = 1 / np.sqrt(1 + slope_y**2 + slope_x**2)
    tilt_yield = ((nz + optics.limit) / (1 + optics.limit)) ** -optics.edge
    pull = 1 - (optics.detector[0] * slope_y + optics.detector[1] * slope_x) * nz
    signal = albedo * tilt_yield * np.maximum(pull, 0.05) * occlusion(height, optics.occlusion)
    return np.asarray(signal, np.float32)


def shot_noise(rng: np.random.Generator, signal: Floats, dose: float) -> Floats:
    """Count electrons: Poisson with mean ``dose * signal``, given back in units of the signal.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    signal : NDArray[np.float32]
        (H, W) expected signal, non-negative.
    dose : float
        Electrons a pixel at signal 1.

    Returns
    -------
    NDArray[np.float32]
        (H, W) with mean ``signal`` and variance ``signal / dose``.
    """
    return (rng.poisson(signal * dose) / dose).astype(np.float32)


def _focus(signal: Floats, height: Floats, optics: Optics) -> Floats:
    """Blur by the beam, and more the farther a height is from the focal plane."""
    sharp = ndimage.gaussian_filter(signal, optics.blur)
    if optics.defocus <= 0:
        return sharp
    span = max(float(np.ptp(height)), 1e-3)
    away = np.abs((height - height.min()) / span - np.float32(optics.focus))
    away = ndimage.gaussian_filter(away, 2.0)
    soft = ndimage.gaussian_filter(signal, optics.blur + optics.defocus)
    mix = np.clip(away * 1.5, 0, 1)
    return np.asarray(sharp + mix * (soft - sharp), np.float32)


def _streaks(rng: np.random.Generator, signal: Floats, strength: float) -> Floats:
    """Charge trails: what was bright leaves a decaying trace along the scan line."""
    bright = np.maximum(signal - np.quantile(signal, 0.9), 0)
    trail = ndimage.uniform_filter1d(bright, 41, axis=1, origin=-20)
    lines = ndimage.gaussian_filter1d(rng.standard_normal(signal.shape[0]), 0.7)
    lines = lines.astype(np.float32)[:, None]
    return np.asarray(signal - strength * trail + 0.04 * strength * lines, np.float32)


def photograph(
    rng: np.random.Generator,
    height: Floats,
    slopes: tuple[Floats, Floats],
    albedo: Floats,
    optics: Optics,
) -> NDArray[np.uint8]:
    """Expose a height field: emission, focus, charging, shot noise, scan errors, display.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    height : NDArray[np.float32]
        (H, W) surface in pixels.
    slopes : tuple[NDArray[np.float32], NDArray[np.float32]]
        (H, W) derivatives along rows and columns.
    albedo : NDArray[np.float32]
        (H, W) yield at normal incidence.
    optics : Optics
        Settings.

    Returns
    -------
    NDArray[np.uint8]
        (H, W) picture.
    """
    signal = emission(height, *slopes, albedo, optics)
    signal = _focus(signal, height, optics)
    if optics.charging > 0:
        signal = _streaks(rng, signal, optics.charging)
    h, w = signal.shape
    if optics.vignette > 0:
        y, x = np.linspace(-1, 1, h)[:, None], np.linspace(-1, 1, w)[None]
        signal = signal * (1 - optics.vignette * 0.5 * (y**2 + x**2)).astype(np.float32)
    if optics.jitter > 0:
        shift = (rng.standard_normal(h) * optics.jitter)[:, None]
        x = np.clip(np.arange(w)[None] + shift, 0, w - 1.001)
        i = x.astype(np.intp)
        f = (x - i).astype(np.float32)
        rows = np.arange(h)[:, None]
        signal = signal[rows, i] * (1 - f) + signal[rows, i + 1] * f
    low, high = np.quantile(signal, (optics.black / 100, optics.white / 100))
    signal = np.maximum(signal - low, 0) / max(float(high - low), 1e-6)
    signal = shot_noise(rng, np.minimum(signal + 0.02, 2.0).astype(np.float32), optics.dose)
    shown = np.clip(signal, 0, 1) ** np.float32(optics.gamma)
    return np.round(2 + 251 * shown).astype(np.uint8)
