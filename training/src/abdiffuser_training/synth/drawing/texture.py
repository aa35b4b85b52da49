"""Surface textures: periodic bump tiles that are looked up by surface coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import fft

from abdiffuser_training.synth.drawing.canvas import Floats, Ints, Surface

KINDS = ("cloud", "grain", "wrinkle", "cobble", "groove", "band", "pit", "hexagon")


def power_noise(
    rng: np.random.Generator,
    size: tuple[int, int],
    exponent: float = 1.0,
    low: float = 0.0,
    high: float = 0.5,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Floats:
    """Make a periodic Gaussian field whose amplitude falls as 1 / f**exponent.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    size : tuple[int, int]
        (H, W) in pixels.
    exponent : float
        0 is white, 1 cloudy, 2 smooth.
    low, high : float
        Pass band in cycles a pixel (0.5 is the finest).
    stretch : tuple[float, float]
        Factors on the vertical and horizontal frequency: unequal ones give fibrous grain.

    Returns
    -------
    NDArray[np.float32]
        (H, W) with mean 0 and standard deviation 1.
    """
    white = rng.standard_normal(size, dtype=np.float32)
    fy = fft.fftfreq(size[0])[:, None].astype(np.float32) * stretch[0]
    fx = fft.rfftfreq(size[1])[None].astype(np.float32) * stretch[1]
    f = np.sqrt(fy**2 + fx**2)
    f[0, 0] = 1.0
    gain = np.where((f >= low) & (f <= high), f**-exponent, 0).astype(np.float32)
    gain[0, 0] = 0.0
    field = fft.irfft2(fft.rfft2(white) * gain, s=size)
    return np.asarray(field / max(float(field.std()), 1e-9), dtype=np.float32)


@dataclass(frozen=True)
class Texture:
    """A periodic bump map; its root-mean-square slope is 1.

    Attributes
    ----------
    bump, along, across : NDArray[np.float32]
        (n, n) height with standard deviation 1, and slopes along columns (u) and rows (v).
    """

    bump: Floats
    along: Floats
    across: Floats

    def at(self, u: Floats, v: Floats, offset: tuple[float, float] = (0.0, 0.0)) -> Ints:
        """Flat indices into the tile for surface coordinates in pixels (nearest, wrapped)."""
        n = self.bump.shape[0]
        i = np.floor(v + np.float32(offset[0])).astype(np.intp) % n
        j = np.floor(u + np.float32(offset[1])).astype(np.intp) % n
        return np.asarray(i * n + j, np.intp)


def make_texture(
    rng: np.random.Generator, kind: str, wavelength: float, n: int = 256, fine: float = 0.0
) -> Texture:
    """Make a texture of a kind.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    kind : str
        One of `KINDS`.
    wavelength : float
        Size of its features in pixels, 2 to a quarter of the tile: others are taken as these.
    n : int
        Least side of the tile in pixels; coarse features get a larger one, up to 512.
    fine : float
        Standard deviation of cloudy detail that is finer than the features, as a share of theirs.

    Returns
    -------
    Texture
        The tile.
    """
    # A tile must hold a few of its features, else its band is empty and nothing is left.
    while n < min(4 * wavelength, 512):
        n *= 2
    f = 1 / min(max(wavelength, 2.0), n / 4)
    band = (0.5 * f, min(2.0 * f, 0.5))
    if kind == "cloud":
        t = power_noise(rng, (n, n), 1.4, 0.25 * f, min(8 * f, 0.4))
    elif kind == "wrinkle":
        t = -(np.abs(power_noise(rng, (n, n), 1.0, *band)) ** np.float32(0.8))
    elif kind == "cobble":
        a = power_noise(rng, (n, n), 0.5, *band)
        t = np.sqrt(np.abs(a) + np.float32(0.05))
    elif kind == "groove":
        t = power_noise(rng, (n, n), 0.5, *band, stretch=(1.0, 12.0))
    elif kind == "band":
        t = power_noise(rng, (n, n), 0.5, 0.8 * f, min(1.2 * f, 0.5), stretch=(8.0, 1.0))
    elif kind == "pit":
        t = -1 / (1 + np.exp(-5 * (power_noise(rng, (n, n), 0.3, *band) - 1.4)))
    elif kind == "hexagon":
        k = 2 * np.pi * max(round(n * f), 1) / n
        m = 2 * np.pi * max(round(n * f * 0.866), 1) / n
        y, x = np.arange(n)[:, None], np.arange(n)[None]
        t = np.cos(k * x) + np.cos(k / 2 * x + m * y) + np.cos(k / 2 * x - m * y)
        if round(n * f) % 2:  # an odd count would leave a seam
            t = np.cos(k * x) + np.cos(m * y) + 0 * x
        t = np.sqrt(t - t.min())
    else:
        t = power_noise(rng, (n, n), 0.5, *band)
    if fine > 0 and 4 * f < 0.4:
        t = t + fine * np.std(t) * power_noise(rng, (n, n), 1.0, 2 * f, 0.4)
    t32 = np.asarray((t - t.mean()) / t.std(), np.float32)
    along = (np.roll(t32, -1, 1) - np.roll(t32, 1, 1)) / np.float32(2)
    across = (np.roll(t32, -1, 0) - np.roll(t32, 1, 0)) / np.float32(2)
    slope = np.float32(np.sqrt(np.mean(along**2 + across**2)))
    return Texture(t32, along / slope, across / slope)


def dress(
    rng: np.random.Generator,
    surface: Surface,
    texture: Texture,
    bump: float,
    tone: float = 1.0,
    mottle: float = 0.0,
) -> Surface:
    """Put a texture on a surface.

    Parameters
    ----------
    rng : np.random.Generator
        Chooses the place in the tile.
    surface : Surface
        The object.
    texture : Texture
        The tile.
    bump : float
        Root-mean-square slope that it adds.
    tone : float
        Factor on the surface's yield.
    mottle : float
        Standard deviation of the logarithm of the yield that follows the texture.

    Returns
    -------
    Surface
        The same shape with other slopes and yield.
    """
    if bump <= 0 and mottle <= 0:
        return replace(surface, albedo=surface.albedo * np.float32(tone) + np.zeros_like(surface.u))
    i = texture.at(surface.u, surface.v, (rng.uniform(0, 256), rng.uniform(0, 256)))
    c, s = np.float32(bump * np.cos(surface.angle)), np.float32(bump * np.sin(surface.angle))
    tu, tv = texture.along.ravel()[i], texture.across.ravel()[i]
    mottled = np.exp(np.float32(mottle) * texture.bump.ravel()[i])
    albedo = np.float32(tone) * surface.albedo * mottled
    return replace(
        surface,
        slope_y=surface.slope_y + s * tu + c * tv,
        slope_x=surface.slope_x + c * tu - s * tv,
        albedo=np.asarray(albedo, np.float32),
    )
