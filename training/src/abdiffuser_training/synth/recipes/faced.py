"""Recipes for bodies with faces: cubes, plates, crystals, broken pieces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from abdiffuser_training.synth.drawing import solids
from abdiffuser_training.synth.drawing.canvas import Canvas, Floats
from abdiffuser_training.synth.drawing.placing import Kit, amount, scatter
from abdiffuser_training.synth.recipes.grains import set_down

_SKINS = ("cloud", "grain", "pit", "groove", "cobble")  # those of bodies with faces

Form = tuple[Floats, Floats]  # unit normals (n, 3) and distances (n,) of the faces, of size 1


def _form(normals: object, distances: object) -> Form:
    n = np.asarray(normals, np.float32)
    n = n / np.linalg.norm(n, axis=1, keepdims=True)
    return n.astype(np.float32), np.asarray(distances, np.float32)


def _box(rng: np.random.Generator, sides: tuple[float, float, float]) -> Form:
    return _form(np.concatenate([np.eye(3), -np.eye(3)]), 0.6 * np.array(sides * 2))


def _prism(rng: np.random.Generator, corners: int, height: float, uneven: float) -> Form:
    """Make an upright prism of some height over a polygon of size 1."""
    a = (np.arange(corners) + uneven * rng.uniform(-0.4, 0.4, corners)) * 2 * np.pi / corners
    side = np.stack([np.sin(a), np.cos(a), 0 * a], 1)
    d = 0.75 * (1 + uneven * rng.uniform(-0.35, 0.35, corners))
    return _form(np.concatenate([side, [[0, 0, 1], [0, 0, -1]]]), [*d, height, height])


def _octahedron(rng: np.random.Generator) -> Form:
    normals = [[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]
    return _form(normals, np.full(8, 0.55))


def _shard(rng: np.random.Generator) -> Form:
    # Spread directions with some scatter: no side may stay open.
    normals = solids.turned(rng, solids.spread_directions(14))
    return _form(normals + 0.25 * rng.standard_normal((14, 3)), rng.uniform(0.45, 0.8, 14))


def _lay(
    kit: Kit,
    canvas: Canvas,
    kind: str,
    draw: Callable[[], Form],
    radius: float,
    lying: float,
    lean: float,
) -> None:
    """Lay bodies of a form: a share ``lying`` on a face, tilted by ``lean``, the rest any way."""
    rng = kit.rng
    n = amount(kit, canvas.size, radius, 90)
    spread = rng.choice([0.05, 0.4])
    coat, bevel = kit.coat(radius, 0.4, _SKINS), rng.choice([0.05, 0.1, 0.25])
    radii = radius * np.exp(spread * rng.standard_normal(n))
    for (y, x), r in zip(scatter(kit, canvas.size, radii), radii.tolist(), strict=True):
        normals, d = draw()
        if rng.random() < lying:
            turned = (normals @ solids.leaning(rng, lean)).astype(np.float32)
        else:
            turned = solids.turned(rng, normals)
        thin = float(d.min()) * r
        body = solids.facets((y, x), turned, d * np.float32(r), 1.5 * r, min(bevel * r, 0.5 * thin))
        if body.rows.size:
            set_down(canvas, canvas.register(kind), coat.on(body), max(0.5 * thin, 0.2 * r), 0.8)


def cubes(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Cubes and boxes that are nearly cubes, alike."""
    rng = kit.rng
    sides = (1.0, 1.0, 1.0) if rng.random() < 0.7 else (1.0, *rng.uniform(0.6, 1.2, 2))
    form = _box(rng, sides)
    lying = float(rng.choice([0.4, 0.9, 1.0]))
    _lay(kit, canvas, kind, lambda: form, kit.size(6, 50), lying, 0.05)


def plates(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Thin plates and flakes, lying over each other or standing on edge."""
    rng = kit.rng
    corners = int(rng.choice([4, 5, 6, 6, 7, 9]))
    thin, uneven = rng.uniform(0.03, 0.14), float(rng.choice([0.0, 0.5, 1.0]))
    lying, lean = float(rng.choice([0.3, 0.85, 1.0])), rng.uniform(0.05, 0.5)

    def draw() -> Form:
        return _prism(rng, corners, thin, uneven)

    _lay(kit, canvas, kind, draw, kit.size(9, 65), lying, lean)


def crystals(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Boxes, hexagonal prisms, octahedra and broken pieces."""
    rng = kit.rng
    flat = rng.uniform(0.3, 1.0)
    forms: tuple[Callable[[], Form], ...] = (
        lambda: _box(rng, (1.0, 0.7, flat)),
        lambda: _prism(rng, 6, flat, 0.0),
        lambda: _octahedron(rng),
        lambda: _shard(rng),
    )
    draw = forms[int(rng.integers(len(forms)))]
    _lay(kit, canvas, kind, draw, kit.size(6, 55), float(rng.choice([0.0, 0.5, 1.0])), 0.05)
