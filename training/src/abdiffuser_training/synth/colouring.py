"""Regions into chroma: how people colorize micrographs, as targets for training.

A colour is not one a*, b* pair: overlays tie chroma to lightness, so that it fades towards black
and white. Each colour here is a curve over the 256 gray values, laid on regions by look-up.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.colorspace import srgb_to_lab

Floats = NDArray[np.float32]

STYLES = ("class", "instance", "mixed", "highlight")
BLENDS = ("colour", "flat", "ramp")


@dataclass(frozen=True)
class Coloring:
    """One colouring of a scene.

    Attributes
    ----------
    chroma : NDArray[np.float32]
        (H, W, 2) a*, b* in CIELAB units, displayable at the picture's own lightness.
    regions : NDArray[np.int32]
        (H, W) number of the colour at each pixel; 0 is the ground's.
    colors : NDArray[np.float32]
        (n, 3) sRGB in [0, 1] of each region's colour; gray where it stays gray.
    style : str
        One of `STYLES`.
    """

    chroma: Floats
    regions: NDArray[np.int32]
    colors: Floats
    style: str


def overlay_curve(
    color: Floats, blend: str, opacity: float, second: Floats | None = None
) -> Floats:
    """Look up the chroma that an overlay of a colour gives each gray value.

    Parameters
    ----------
    color : NDArray[np.float32]
        (3,) sRGB in [0, 1], or (n, 3) for n curves at once.
    blend : str
        ``'colour'``: the colour scaled to the pixel's luminance, whitened where it would leave
        sRGB; ``'flat'``: the same chroma wherever sRGB can show it; ``'ramp'``: from ``color`` in
        the dark to ``second`` in the light.
    opacity : float
        Share of the full chroma, 0 … 1.
    second : NDArray[np.float32] | None
        As ``color``, for ``'ramp'``.

    Returns
    -------
    NDArray[np.float32]
        (256, 2) or (n, 256, 2) a*, b*.
    """
    gray = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    light = _linear(gray)
    tint = np.asarray(color, np.float32)[..., None, :]
    if blend == "ramp" and second is not None:
        other = np.asarray(second, np.float32)[..., None, :]
        tint = np.asarray(tint * (1 - gray) + other * gray, np.float32)
    direction = _linear(np.asarray(tint, np.float32))
    luminance = direction @ _LUMINANCE
    # Per unit of luminance.
    direction = np.asarray(direction / np.maximum(luminance, 1e-4)[..., None] - 1, np.float32)
    reach = (1 - light[:, 0]) / np.maximum(light[:, 0] * direction.max(-1), 1e-9)
    share = np.minimum(reach, 1.0)
    if blend == "flat":
        # Where luminance is low the same chroma needs a larger share: as much as stays positive.
        wanted = np.cbrt(luminance / np.maximum(light[:, 0], 1e-4))
        share = np.minimum(np.minimum(wanted, reach), 1 / np.maximum(-direction.min(-1), 1e-9))
    rgb = np.clip(light * (1 + direction * (opacity * share)[..., None]), 0, 1)
    return np.asarray(srgb_to_lab(_encoded(rgb))[..., 1:], np.float32)


_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


def _linear(srgb: Floats) -> Floats:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _encoded(linear: Floats) -> Floats:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def random_palette(
    rng: np.random.Generator, n: int, vivid: tuple[float, float] = (0.35, 1.0)
) -> Floats:
    """Draw colours with hues that keep a distance from each other.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    n : int
        How many.
    vivid : tuple[float, float]
        Range of saturation.

    Returns
    -------
    NDArray[np.float32]
        (n, 3) sRGB in [0, 1].
    """
    hues = (rng.uniform() + (np.arange(n) + rng.uniform(-0.3, 0.3, n)) / max(n, 1)) % 1
    rng.shuffle(hues)
    s, v = rng.uniform(*vivid, n), rng.uniform(0.55, 1.0, n)
    colors = [colorsys.hsv_to_rgb(*triple) for triple in zip(hues, s, v, strict=True)]
    return np.asarray(colors, np.float32).reshape(n, 3)


def random_coloring(
    rng: np.random.Generator,
    gray: NDArray[np.uint8],
    instances: NDArray[np.int32],
    classes: NDArray[np.int32],
    style: str | None = None,
) -> Coloring:
    """Colour a scene as a person might.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    gray : NDArray[np.uint8]
        (H, W) picture.
    instances, classes : NDArray[np.int32]
        (H, W) regions, 0 = ground.
    style : str | None
        ``'class'``: one colour a class; ``'instance'``: one an instance, out of a palette;
        ``'mixed'``: shades of its class's colour for each instance; ``'highlight'``: some classes
        or instances coloured, all else gray. None draws one.

    Returns
    -------
    Coloring
        Chroma, and which colour is where.
    """
    style = style or str(rng.choice(STYLES, p=[0.45, 0.2, 0.15, 0.2]))
    by_class = style == "class" or (style == "highlight" and rng.random() < 0.5)
    regions = (classes if by_class else instances).astype(np.int32)
    n = int(regions.max(initial=0)) + 1
    colors = _colors_of(rng, style, n, instances, classes)
    blend = str(rng.choice(BLENDS, p=[0.6, 0.25, 0.15]))
    opacity = float(rng.uniform(0.35, 1.0)) if rng.random() < 0.5 else 1.0
    seconds = np.clip(colors + 0.25 * rng.standard_normal(3), 0, 1).astype(np.float32)
    is_gray = np.ptp(colors, axis=1) < 1e-6
    curves = np.zeros((n, 256, 2), np.float32)
    # Many regions share a colour: a curve is made once for each.
    pairs = np.concatenate([colors, seconds], 1)[~is_gray]
    unique, index = np.unique(pairs, axis=0, return_inverse=True)
    made = overlay_curve(unique[:, :3], blend, opacity, unique[:, 3:])
    curves[~is_gray] = made[index.reshape(-1)]
    return Coloring(curves[regions, gray], regions, colors, style)


def _colors_of(
    rng: np.random.Generator,
    style: str,
    n: int,
    instances: NDArray[np.int32],
    classes: NDArray[np.int32],
) -> Floats:
    """One colour a region; the ground stays gray in more than half of all colourings."""
    if style == "instance":
        palette = random_palette(rng, int(rng.integers(2, 9)))
        colors = palette[rng.integers(len(palette), size=n)]
    elif style == "mixed":
        class_of = np.zeros(n, np.int32)
        class_of[instances.ravel()] = classes.ravel()
        palette = random_palette(rng, int(classes.max(initial=0)) + 1)
        shade = rng.normal(1, 0.12, (n, 1)) + rng.normal(0, 0.06, (n, 3))
        colors = np.clip(palette[class_of] * shade, 0.02, 1)
    else:
        colors = random_palette(rng, n)
    colors = np.array(colors, np.float32)
    if style == "highlight":
        # At least one region keeps its colour, else there is nothing to learn.
        kept = rng.random(n) < rng.uniform(0.1, 0.7)
        kept[rng.integers(min(1, n - 1), n)] = True
        colors[~kept] = 0.5
        colors[0] = 0.5
    elif rng.random() < 0.55:
        colors[0] = 0.5
    else:
        colors[0] = random_palette(rng, 1, (0.1, 0.7))[0]
    return colors
