"""From the expected signal to the saved picture: focus, charging, counting, scanning, display."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.synth.microscope.electron import Optics

Floats = NDArray[np.float32]


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


def focused(signal: Floats, height: Floats, optics: Optics, unit: float) -> Floats:
    """Blur by the beam, and more the farther a height is from the focal plane."""
    sharp = ndimage.gaussian_filter(signal, optics.blur * unit, truncate=3)
    if optics.defocus <= 0:
        return np.asarray(sharp, np.float32)
    span = max(float(np.ptp(height)), 1e-3)
    away = np.abs((height - height.min()) / span - np.float32(optics.focus))
    away = ndimage.gaussian_filter(away, 1.5 * unit, truncate=3)
    out = sharp
    for share, sigma in ((0.0, 0.5), (0.35, 1.0)):
        soft = ndimage.gaussian_filter(
            signal, unit * (optics.blur + sigma * optics.defocus), truncate=3
        )
        mix = np.clip((away - np.float32(share)) / np.float32(0.35), 0, 1)
        out = out + mix * (soft - out)
    return np.asarray(out, np.float32)


def charged(rng: np.random.Generator, signal: Floats, strength: float) -> Floats:
    """Charge: what is bright leaves a dark trail along its scan lines, whole lines drift."""
    bright = np.maximum(signal - np.quantile(signal, 0.9), 0)
    trail = ndimage.uniform_filter1d(bright, 41, axis=1, origin=-20)
    lines = ndimage.gaussian_filter1d(rng.standard_normal(signal.shape[0]), 0.7)
    drift = (0.05 * strength * lines).astype(np.float32)[:, None]
    out = np.maximum(signal * (1 + drift) - np.float32(0.8 * strength) * trail, 0)
    return np.asarray(out, np.float32)


def scanned(rng: np.random.Generator, signal: Floats, jitter: float) -> Floats:
    """Shift every scan line sideways by a little."""
    h, w = signal.shape
    shift = jitter * rng.standard_normal((h, 1))
    x = np.clip(np.arange(w)[None] + shift, 0, w - 1.001)
    i = x.astype(np.intp)
    f = (x - i).astype(np.float32)
    rows = np.arange(h)[:, None]
    right = np.minimum(i + 1, w - 1)
    return np.asarray(signal[rows, i] * (1 - f) + signal[rows, right] * f, np.float32)


def sampled(field: Floats, step: int) -> Floats:
    """Every step-th pixel of a field, smoothed by a tent that is centred on the pixel kept."""
    if step == 1:
        return field
    kernel = np.bartlett(2 * step + 1)[1:-1].astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        field = ndimage.correlate1d(field, kernel, axis=axis, mode="nearest")
    return field[::step, ::step]


def develop(rng: np.random.Generator, signal: Floats, optics: Optics) -> NDArray[np.uint8]:
    """Count, scan and display a focused signal.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    signal : NDArray[np.float32]
        (H, W) expected signal, non-negative, any scale.
    optics : Optics
        Settings.

    Returns
    -------
    NDArray[np.uint8]
        (H, W) picture.
    """
    h, w = signal.shape
    if optics.charging > 0:
        signal = charged(rng, signal, optics.charging)
    if optics.vignette > 0:
        y, x = np.linspace(-1, 1, h)[:, None], np.linspace(-1, 1, w)[None]
        signal = signal * (1 - optics.vignette * 0.5 * (y**2 + x**2)).astype(np.float32)
    if optics.jitter > 0:
        signal = scanned(rng, signal, optics.jitter)
    low, high = np.quantile(signal, (optics.black / 100, optics.white / 100))
    signal = np.maximum(signal - low, 0) / max(float(high - low), 1e-6)
    # A detector's dark current keeps some noise in black places.
    signal = shot_noise(rng, np.minimum(signal + 0.02, 2.0).astype(np.float32), optics.dose)
    if optics.resample > 0:
        signal = ndimage.gaussian_filter(signal, optics.resample, truncate=3)
    shown = np.clip(signal, 0, 1) ** np.float32(optics.gamma)
    return np.asarray(np.round(2 + 251 * shown), np.uint8)
