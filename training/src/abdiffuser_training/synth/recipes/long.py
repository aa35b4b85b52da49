"""Recipes for long things and for whole surfaces: fibres, hairs, needles, grains, foam."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from abdiffuser_training.synth.drawing import shapes
from abdiffuser_training.synth.drawing.canvas import Canvas, Surface, join
from abdiffuser_training.synth.drawing.cracks import cracks
from abdiffuser_training.synth.drawing.mosaic import lay_cells, voronoi
from abdiffuser_training.synth.drawing.placing import Kit, relax
from abdiffuser_training.synth.drawing.texture import power_noise
from abdiffuser_training.synth.drawing.threads import fibre
from abdiffuser_training.synth.recipes import faced as recipes_faced
from abdiffuser_training.synth.recipes import grains as recipes


def fibres(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Threads or ribbons in one direction or all, straight or wavy, over and under each other."""
    rng = kit.rng
    radius = kit.size(1.5, 22)
    n = int(np.clip(rng.uniform(0.1, 1.0) * min(canvas.size) / (2.2 * radius), 1, 24))
    lean, order = rng.uniform(0, np.pi), rng.choice([0.1, 0.5, 3.0])
    wave, flat = rng.choice([0.0, 0.4, 1.0]), float(rng.choice([1.0, 1.0, 0.25]))
    coat = kit.coat(radius)
    diagonal = float(np.hypot(*canvas.size))
    spread = rng.choice([0.05, 0.4])
    for level in range(n):
        r = max(float(radius * np.exp(spread * rng.standard_normal())), 1.0 * kit.step)
        k = rng.uniform(1, 5, 3) * 2 * np.pi / diagonal
        # Bends no tighter than the thread is thick.
        a = np.clip(wave * rng.standard_normal(3) * 0.3, -0.5, 0.5) / k
        a = np.clip(a, -0.25 / (k * k * r), 0.25 / (k * k * r))
        waves = np.stack([a, k, rng.uniform(0, 6.3, 3)], 1).astype(np.float32)
        half = rng.uniform(0.1, 0.5) * diagonal if rng.random() < 0.25 else np.inf
        centre = rng.uniform(0, 1, 2) * canvas.size
        body = fibre(
            canvas.size,
            (float(centre[0]), float(centre[1])),
            lean + order * rng.standard_normal(),
            r,
            waves,
            half,
            flat,
        )
        sag = radius * np.sin(body.u * np.float32(rng.uniform(2, 9) / diagonal) + rng.uniform(0, 6))
        lift = (sag + (level * radius * 0.8 + radius)).astype(np.float32)
        canvas.lay(coat.on(body), canvas.register(kind), lift)


def hairs(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Hairs, thorns and stalks that rise from the specimen, some with heads, seen at a slant."""
    rng = kit.rng
    radius = kit.size(2.0, 9)
    length = radius * rng.uniform(6, 20)
    n = int(
        np.clip(
            rng.uniform(0.2, 1.0) * canvas.size[0] * canvas.size[1] / (radius * length * 6), 2, 90
        )
    )
    lean, order = rng.uniform(-2.4, -0.8), rng.choice([0.15, 0.5])
    sharp, head = rng.choice([0.1, 0.3, 0.9]), rng.uniform(1.5, 2.8) if rng.random() < 0.35 else 0.0
    coat, swell = kit.coat(2 * radius), rng.uniform(1.0, 1.7)
    feet = rng.uniform(-0.05, 1.2, (n, 2)) * canvas.size
    for y, x in feet[np.argsort(feet[:, 0])]:
        a, far = lean + order * rng.standard_normal(), length * np.exp(0.25 * rng.standard_normal())
        rise = far * rng.uniform(0.3, 1.0)
        foot = np.array([y, x, -radius], np.float32)
        tip = np.array([y + far * np.sin(a), x + far * np.cos(a), rise], np.float32)
        bow = float(0.12 * far * rng.standard_normal())
        body = coat.on(shapes.taper(foot, tip, (radius * swell, max(radius * sharp, 0.5)), bow))
        if head:
            r = float(radius * head)
            ball = coat.on(shapes.ellipsoid((float(tip[0]), float(tip[1])), (r, r, r)))
            body = join([(body, 0.0), (ball, float(rise))])
        canvas.lay(body, canvas.register(kind), canvas.support(body, 0.1) * 0.5 + 0.002 * float(y))


def needles(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Bursts of needles or rods round a few centres, each burst one object."""
    rng = kit.rng
    reach = kit.size(30, 130)
    thick = reach * rng.uniform(0.02, 0.09)
    blunt, coat = rng.choice([0.15, 0.9]), kit.coat(thick)
    n = int(
        np.clip(rng.uniform(0.2, 1.2) * canvas.size[0] * canvas.size[1] / (3.1 * reach**2), 1, 8)
    )
    for y, x in rng.uniform(0, 1, (n, 2)) * canvas.size:
        d = rng.standard_normal((int(rng.integers(25, 90)), 3))
        d[:, 2] = np.abs(d[:, 2])
        d *= reach * rng.uniform(0.6, 1, (len(d), 1)) / np.linalg.norm(d, axis=1, keepdims=True)
        foot = np.array([y, x, 0.0], np.float32)
        parts: list[tuple[Surface, float]] = []
        for way in d:
            tip = foot + way.astype(np.float32)
            start = foot + np.float32(0.15) * way.astype(np.float32)
            body = shapes.taper(start, tip, (thick, max(thick * blunt, 0.5)))
            parts.append((coat.on(body), 0.0))
        canvas.lay(join(parts), canvas.register(kind), 0.1 * reach)


def _cells(kit: Kit, canvas: Canvas, kind: str, radius: float, foam: bool) -> None:
    """Voronoi cells over the whole canvas."""
    rng = kit.rng
    h, w = canvas.size
    n = int(np.clip(h * w / (np.pi * radius**2), 4, 300))
    points = (rng.uniform(-0.1, 1.1, (n, 2)) * canvas.size).astype(np.float32)
    if rng.random() < 0.6:
        points = relax(points, np.full(n, radius), 8)
    crook = np.float32(radius * rng.choice([0.02, 0.08, 0.2]))
    warp = tuple(
        crook * power_noise(rng, canvas.size, 1.6, 0.2 / radius, 1.5 / radius) for _ in range(2)
    )
    cells = voronoi(points, canvas.size, (warp[0], warp[1]))
    wall = rng.uniform(0.06, 0.3) * radius if foam else rng.uniform(0, 0.08) * radius
    depth = -rng.uniform(0.6, 2.5) * radius if foam else rng.uniform(0.05, 0.5) * radius
    tilts = (0.0 if foam else rng.uniform(0, 0.4)) * rng.standard_normal((n, 2))
    spread = 0.05 if foam else rng.uniform(0.02, 0.35)
    tones = np.exp(rng.normal(0, spread, n)) * (kit.ground_tone if foam else 1.0)
    lay_cells(
        canvas,
        cells,
        kind,
        wall,
        (depth, rng.uniform(0.15, 0.5) * radius),
        tilts.astype(np.float32),
        tones.astype(np.float32),
        1.1 if foam else 0.5,
    )


def grains(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Grains of a polished or broken solid, or cells of a skin."""
    _cells(kit, canvas, kind, kit.size(9, 60), foam=False)


def foam(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Pores of a foam."""
    _cells(kit, canvas, kind, kit.size(12, 70), foam=True)


RECIPES: dict[str, Callable[[Kit, Canvas, str], None]] = {
    "grains": grains,
    "pores": foam,
    "cracks": cracks,
    "surfaces": recipes.lumps,
    "spheres": recipes.spheres,
    "packed spheres": recipes.packed,
    "bacteria": recipes.bacteria,
    "red cells": recipes.red_cells,
    "cubes": recipes_faced.cubes,
    "plates": recipes_faced.plates,
    "crystals": recipes_faced.crystals,
    "pollen": recipes.pollen,
    "needles": needles,
    "hairs": hairs,
    "fibres": fibres,
}
