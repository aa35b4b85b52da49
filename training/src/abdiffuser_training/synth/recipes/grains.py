"""Recipes for particles: each lays one kind of thing on a canvas."""

from __future__ import annotations

import numpy as np

from abdiffuser_training.synth.drawing import shapes, solids
from abdiffuser_training.synth.drawing.canvas import Canvas, Surface
from abdiffuser_training.synth.drawing.placing import Kit, amount, scatter
from abdiffuser_training.synth.drawing.texture import dress


def set_down(canvas: Canvas, number: int, surface: Surface, own: float, pile: float) -> None:
    """Lay a surface on what is there: ``own`` is its zero's height over its support."""
    canvas.lay(surface, number, pile * canvas.support(surface) + own)


def spheres(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Balls and egg shapes, single, touching or piled."""
    rng = kit.rng
    radius = kit.size(5, 48)
    n = amount(kit, canvas.size, radius)
    radii = radius * np.exp(rng.choice([0.02, 0.15, 0.45]) * rng.standard_normal(n))
    radii = np.clip(radii, 2 * kit.step, 3 * radius)
    oval = rng.random() < 0.3
    coat, pile = kit.coat(radius), rng.uniform(0.3, 1.0)
    for (y, x), r in zip(scatter(kit, canvas.size, radii), radii.tolist(), strict=True):
        b = r * rng.uniform(0.65, 1) if oval else r
        body = shapes.ellipsoid((y, x), (r, b, b), rng.uniform(0, np.pi))
        set_down(canvas, canvas.register(kind), coat.on(body), b * rng.uniform(0.7, 1), pile)


def packed(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Equal balls in hexagonal layers with faults."""
    rng = kit.rng
    radius = kit.size(7, 40)
    lean, coat = rng.uniform(0, np.pi), kit.coat(radius)
    c, s = np.cos(lean), np.sin(lean)
    reach = int(np.hypot(*canvas.size) / radius / 1.7) + 1
    spread = rng.choice([0.0, 0.03, 0.08])
    for layer in range(int(rng.integers(1, 3))):
        i, j = np.mgrid[-reach:reach, -reach:reach].reshape(2, -1)
        x, y = radius * (2 * i + j % 2 + layer), radius * (np.sqrt(3) * j + layer * 1.15)
        p = np.stack([c * y + s * x, c * x - s * y], 1) + np.array(canvas.size) / 2
        p += spread * radius * rng.standard_normal(p.shape)
        near = ((p > -radius) & (p < np.array(canvas.size) + radius)).all(1)
        there = rng.random(len(p)) > rng.uniform(0, 0.15 + 0.5 * layer)
        for py, px in p[near & there][:400]:
            r = float(radius * np.exp(spread * rng.standard_normal()))
            body = coat.on(shapes.ellipsoid((py, px), (r, r, r)))
            canvas.lay(body, canvas.register(kind), r + layer * 1.63 * radius)


def bacteria(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Capsules: scattered, in chains or as a dense lawn; some bent, some dividing."""
    rng = kit.rng
    radius = kit.size(3, 24)
    aspect = rng.uniform(0.8, 7.0)
    n = amount(kit, canvas.size, radius * np.sqrt(1 + aspect))
    lawn = rng.random() < 0.3
    n = min(n * 3, 260) if lawn else n
    lean, order = rng.uniform(0, np.pi), rng.choice([0.15, 0.6, 3.0])
    curved, coat = rng.choice([0, 0.3, 1.0]), kit.coat(radius)
    chain = int(rng.integers(2, 5)) if rng.random() < 0.3 else 1
    for y, x in scatter(kit, canvas.size, np.full(n, radius * np.sqrt(1 + aspect)))[
        : n // chain + 1
    ]:
        angle = lean + order * rng.standard_normal()
        for _ in range(chain):
            r = float(radius * np.exp(0.08 * rng.standard_normal()))
            length = float(radius * aspect * np.exp(0.25 * rng.standard_normal()))
            bend = float(np.clip(curved * r * rng.standard_normal(), -0.2 * length, 0.2 * length))
            waist = rng.uniform(0.1, 0.35) if rng.random() < 0.2 else 0.0
            pitch = 0.25 * rng.standard_normal() if lawn else 0.0
            body = shapes.rod((y, x), length, r, angle, bend, waist, pitch)
            lift = rng.uniform(0, 3 * radius) if lawn else 0.0
            set_down(canvas, canvas.register(kind), coat.on(body), r * 0.8 + lift, 0.8)
            y, x = y + (length + 2 * r) * np.sin(angle), x + (length + 2 * r) * np.cos(angle)
            angle += 0.25 * rng.standard_normal()


def red_cells(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Biconcave discs at all tilts."""
    rng = kit.rng
    radius = kit.size(14, 50)
    n = amount(kit, canvas.size, radius, 60)
    tilted, dimple, coat = rng.uniform(0.05, 0.6), rng.uniform(0.7, 1.2), kit.coat(radius, 0.3)
    for y, x in scatter(kit, canvas.size, np.full(n, radius)):
        r = float(radius * np.exp(0.07 * rng.standard_normal()))
        tilt = tilted * rng.standard_normal(2)
        squash = float(np.clip(1 / np.sqrt(1 + tilt @ tilt) * rng.uniform(0.85, 1), 0.35, 1))
        around = float(np.arctan2(tilt[1], -tilt[0])) if rng.random() < 0.9 else 0.0
        body = shapes.disc((y, x), r, (float(tilt[0]), float(tilt[1])), dimple, squash, around)
        set_down(canvas, canvas.register(kind), coat.on(body), r * 0.35, 1.0)


def pollen(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Spiked or coated balls, large in the frame."""
    rng = kit.rng
    radius = kit.size(14, 75)
    n = amount(kit, canvas.size, radius, 12)
    spikes = solids.spread_directions(int(rng.integers(50, 200)))
    length, width = rng.uniform(0.06, 0.35), rng.uniform(0.035, 0.09)
    coat, warty = kit.coat(radius), rng.random() < 0.35
    for y, x in scatter(kit, canvas.size, np.full(n, radius)):
        r = float(radius * np.exp(0.08 * rng.standard_normal()))
        if warty:
            body = solids.cauliflower(rng, (y, x), r, rng.uniform(0.1, 0.22), 220)
            body = dress(rng, body, coat.texture, 0.1, coat.tone)
        else:
            ball = coat.on(shapes.ellipsoid((y, x), (r, r, r)))
            body = solids.pollen((y, x), r, solids.turned(rng, spikes), length, width, ball)
        set_down(canvas, canvas.register(kind), body, r * 0.8, 0.8)


def lumps(kit: Kit, canvas: Canvas, kind: str) -> None:
    """Irregular soft bodies: cells, dust, organic matter."""
    rng = kit.rng
    radius = kit.size(10, 90)
    n = amount(kit, canvas.size, radius, 40)
    rough, flat, power = (
        rng.uniform(0.02, 0.16),
        rng.uniform(0.15, 1.0),
        rng.choice([0.3, 0.5, 0.8]),
    )
    coat = kit.coat(radius)
    radii = radius * np.exp(rng.choice([0.1, 0.4]) * rng.standard_normal(n))
    for (y, x), r in zip(scatter(kit, canvas.size, radii), radii.tolist(), strict=True):
        k = np.arange(6)
        waves = np.stack(
            [rough * rng.standard_normal(6) / (1 + 0.4 * k), rng.uniform(0, 6.3, 6)], 1
        )
        body = shapes.lump((y, x), r, waves.astype(np.float32), flat, power)
        set_down(canvas, canvas.register(kind), coat.on(body), 0.0, 0.9)
