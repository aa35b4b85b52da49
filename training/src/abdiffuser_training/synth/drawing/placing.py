"""Where things go and how large and how rough they are: what all recipes share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abdiffuser_training.synth.drawing.canvas import Floats, Surface
from abdiffuser_training.synth.drawing.texture import KINDS, Texture, dress, make_texture


@dataclass(frozen=True)
class Coat:
    """The texture that the objects of a kind share.

    Attributes
    ----------
    rng : np.random.Generator
        Source of randomness.
    texture : Texture
        The tile.
    bump, mottle : float
        Strength in slope and in yield, as `dress` takes them.
    tone, spread : float
        Mean yield, and its scatter from object to object.
    """

    rng: np.random.Generator
    texture: Texture
    bump: float
    mottle: float
    tone: float
    spread: float

    def on(self, surface: Surface) -> Surface:
        """Put this coat on a surface."""
        tone = self.tone * float(np.exp(self.spread * self.rng.standard_normal()))
        return dress(self.rng, surface, self.texture, self.bump, tone, self.mottle)


@dataclass(frozen=True)
class Kit:
    """What recipes draw from.

    Attributes
    ----------
    rng : np.random.Generator
        Source of randomness.
    unit : float
        Factor on all sizes: 1 for a picture of 256 pixels drawn at its own resolution.
    step : int
        Pixels of the canvas a pixel of the picture.
    faint : bool
        Whether objects should hardly differ from the ground.
    ground_tone : float
        Yield of the ground.
    """

    rng: np.random.Generator
    unit: float
    step: int
    faint: bool
    ground_tone: float

    def size(self, low: float, high: float) -> float:
        """Draw a size in canvas pixels, log-uniform between two sizes for a 256-pixel picture."""
        value = float(np.exp(self.rng.uniform(np.log(low), np.log(high)))) * self.unit
        return max(value, 2.0 * self.step)

    def tone(self) -> float:
        """Draw a yield for a kind of object."""
        if self.faint:
            return float(self.ground_tone * np.exp(0.04 * self.rng.standard_normal()))
        return float(np.exp(self.rng.normal(0.0, 0.3)))

    def coat(self, radius: float, limit: float = 1.0, kinds: tuple[str, ...] = KINDS) -> Coat:
        """Draw a texture for objects of a radius in canvas pixels.

        Parameters
        ----------
        radius : float
            Radius of the objects.
        limit : float
            Factor on the strength of the bumps.
        kinds : tuple[str, ...]
            Textures to choose from.

        Returns
        -------
        Coat
            The texture and its strengths.
        """
        rng = self.rng
        kind = str(rng.choice(kinds))
        wavelength = max(radius * rng.uniform(0.12, 0.7), 2.5 * self.step)
        bump = float(rng.choice([0.0, 0.12, 0.35, 0.7], p=[0.08, 0.25, 0.4, 0.27])) * limit
        mottle = float(rng.choice([0.02, 0.06, 0.15]))
        texture = make_texture(rng, kind, wavelength, fine=float(rng.choice([0.1, 0.4, 0.8])))
        return Coat(rng, texture, bump, mottle, self.tone(), float(rng.choice([0.02, 0.08, 0.2])))


def amount(kit: Kit, size: tuple[int, int], radius: float, most: int = 130) -> int:
    """How many objects of a radius cover between 8 and 120 % of a canvas."""
    share = kit.rng.uniform(0.08, 1.2)
    return int(np.clip(share * size[0] * size[1] / (np.pi * radius * radius), 1, most))


def relax(points: Floats, radii: Floats, rounds: int = 12) -> Floats:
    """Push discs apart until most of them touch rather than overlap.

    Parameters
    ----------
    points : NDArray[np.float32]
        (n, 2) centres in pixels.
    radii : NDArray[np.float32]
        (n,) radii in pixels.
    rounds : int
        Iterations.

    Returns
    -------
    NDArray[np.float32]
        (n, 2) moved centres.
    """
    points = points.copy()
    wanted = radii[:, None] + radii[None]
    np.fill_diagonal(wanted, 0)
    for _ in range(rounds):
        d = points[:, None] - points[None]
        far = np.sqrt((d**2).sum(-1)) + 1e-3
        push = np.maximum(wanted - far, 0) / far
        points += 0.35 * (push[..., None] * d).sum(1)
    return points


def scatter(kit: Kit, size: tuple[int, int], radii: Floats) -> Floats:
    """Centres for objects: even, clustered, or on a line; overlapping or pushed apart.

    Parameters
    ----------
    kit : Kit
        Source of randomness.
    size : tuple[int, int]
        (H, W) of the canvas.
    radii : NDArray[np.float32]
        (n,) radii in pixels.

    Returns
    -------
    NDArray[np.float32]
        (n, 2) rows and columns in pixels, also outside the canvas.
    """
    rng, n = kit.rng, len(radii)
    form = rng.random()
    if form < 0.5:
        p = rng.uniform(-0.08, 1.08, (n, 2))
    elif form < 0.9:
        k = int(rng.integers(1, 5))
        centres = rng.uniform(0.1, 0.9, (k, 2))
        p = centres[rng.integers(k, size=n)] + rng.uniform(0.05, 0.25) * rng.standard_normal((n, 2))
    else:
        a, b = rng.uniform(-0.1, 1.1, (2, 2))
        p = a + rng.uniform(0, 1, (n, 1)) * (b - a) + 0.06 * rng.standard_normal((n, 2))
    p = p * np.array(size)
    return relax(p, np.asarray(radii)) if rng.random() < 0.65 else p
