"""Recipes: each lays one kind of thing on a canvas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.synth import shapes
from abdiffuser_training.synth.canvas import Canvas, Patch
from abdiffuser_training.synth.noise import cut, power_noise

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Context:
    """What recipes share: randomness, a scale and two texture tiles.

    Attributes
    ----------
    rng : np.random.Generator
        Source of randomness.
    unit : float
        Side of the picture in units of 256 pixels.
    rough, fine : NDArray[np.float32]
        (h, w) periodic textures with standard deviation 1.
    """

    rng: np.random.Generator
    unit: float
    rough: Floats
    fine: Floats


def textured(ctx: Context, patch: Patch, bump: float, albedo: float, mottle: float) -> Patch:
    """Roughen a surface: bumps tilt it, mottling changes its yield."""
    size = patch.height.shape
    t = cut(ctx.rng, ctx.rough if ctx.rng.random() < 0.6 else ctx.fine, size)
    tone = np.float32(albedo) * np.exp(np.float32(mottle) * t)
    if bump <= 0:
        return Patch(patch.row, patch.col, patch.height, patch.slope_y, patch.slope_x, tone)
    gy, gx = np.gradient(t)
    b = np.float32(bump)
    return Patch(patch.row, patch.col, patch.height, patch.slope_y + b * gy,
                 patch.slope_x + b * gx, tone)


def positions(ctx: Context, size: tuple[int, int], n: int) -> Floats:
    """Scatter points evenly, or clustered round a few centres."""
    rng = ctx.rng
    if rng.random() < 0.5:
        return (rng.uniform(-0.05, 1.05, (n, 2)) * size).astype(np.float32)
    k = int(rng.integers(1, 5))
    centres = rng.uniform(0.1, 0.9, (k, 2))
    spread = rng.uniform(0.06, 0.25)
    spots = centres[rng.integers(k, size=n)] + spread * rng.standard_normal((n, 2))
    return (spots * size).astype(np.float32)


def _radii(ctx: Context, n: int, low: float, high: float) -> Floats:
    """Sizes: nearly equal, or strongly spread, as log-normal."""
    middle = np.exp(ctx.rng.uniform(np.log(low), np.log(high))) * ctx.unit
    spread = ctx.rng.choice([0.03, 0.15, 0.45])
    r = middle * np.exp(spread * ctx.rng.standard_normal(n))
    return np.clip(r, 2.0, high * 2 * ctx.unit).astype(np.float32)


def _amount(ctx: Context, size: tuple[int, int], r: float, most: int = 150) -> int:
    """How many objects of a radius make a coverage between 10 and 110 %."""
    share = ctx.rng.uniform(0.1, 1.1)
    return int(np.clip(share * size[0] * size[1] / (np.pi * r * r), 1, most))


def spheres(ctx: Context, canvas: Canvas, kind: str) -> None:
    """Balls and egg shapes, single, touching or piled."""
    rng = ctx.rng
    r0 = float(_radii(ctx, 1, 5, 40)[0])
    n = _amount(ctx, canvas.size, r0)
    radii = np.clip(r0 * np.exp(rng.choice([0.02, 0.15, 0.4]) * rng.standard_normal(n)), 2, 90)
    bump, mottle, tone = rng.choice([0, 0.2, 0.6]), rng.choice([0, 0.05, 0.15]), _tone(rng)
    round_ = rng.random() < 0.7
    pile = rng.uniform(0.2, 1.0)
    for (y, x), r in zip(positions(ctx, canvas.size, n), radii, strict=True):
        b = r if round_ else r * rng.uniform(0.6, 1)
        patch = shapes.ellipsoid((y, x), (r, b, b), rng.uniform(0, np.pi))
        patch = textured(ctx, patch, bump, tone * rng.uniform(0.92, 1.08), mottle)
        canvas.lay(patch, kind, pile * canvas.support(patch) + float(b) * rng.uniform(0.6, 1))


def _tone(rng: np.random.Generator) -> float:
    return float(np.exp(rng.normal(0.1, 0.3)))


def rods(ctx: Context, canvas: Canvas, kind: str) -> None:
    """Bacteria and other capsules, some bent, some dividing."""
    rng = ctx.rng
    radius = float(np.exp(rng.uniform(np.log(3), np.log(16)))) * ctx.unit
    aspect = rng.uniform(1.0, 8.0)
    n = _amount(ctx, canvas.size, radius * np.sqrt(1 + aspect))
    lean, order = rng.uniform(0, np.pi), rng.choice([0.15, 0.6, 3.0])
    bump, mottle, tone = rng.choice([0, 0.2, 0.6]), rng.choice([0, 0.05, 0.15]), _tone(rng)
    curved = rng.choice([0, 0.3, 1.0])
    for y, x in positions(ctx, canvas.size, n):
        r = radius * np.exp(0.1 * rng.standard_normal())
        length = radius * aspect * np.exp(0.25 * rng.standard_normal())
        waist = rng.uniform(0.1, 0.35) if rng.random() < 0.2 else 0.0
        patch = shapes.rod((y, x), length, r, lean + order * rng.standard_normal(),
                           float(np.clip(curved * r * rng.standard_normal(), -0.2 * length, 0.2 * length)),
                           waist)
        patch = textured(ctx, patch, bump, tone * rng.uniform(0.92, 1.08), mottle)
        canvas.lay(patch, kind, canvas.support(patch, 0.7) + float(r) * rng.uniform(0.6, 1))


def red_cells(ctx: Context, canvas: Canvas, kind: str) -> None:
    """Biconcave discs at all tilts."""
    rng = ctx.rng
    radius = rng.uniform(14, 45) * ctx.unit
    n = _amount(ctx, canvas.size, radius, 60)
    tilted, tone, dimple = rng.uniform(0.05, 0.6), _tone(rng), rng.uniform(0.5, 1.1)
    for y, x in positions(ctx, canvas.size, n):
        r = radius * np.exp(0.07 * rng.standard_normal())
        tilt = tilted * rng.standard_normal(2)
        squash = float(np.clip(1 / np.sqrt(1 + tilt @ tilt) * rng.uniform(0.85, 1), 0.35, 1))
        patch = shapes.disc((y, x), r, (float(tilt[0]), float(tilt[1])), dimple, squash,
                            float(np.arctan2(-tilt[1], tilt[0])))
        patch = textured(ctx, patch, 0.15, tone, 0.03)
        canvas.lay(patch, kind, canvas.support(patch, 0.6) + float(r) * 0.4)


def crystals(ctx: Context, canvas: Canvas, kind: str) -> None:
    """Cubes, plates, prisms and broken pieces."""
    rng = ctx.rng
    radius = float(np.exp(rng.uniform(np.log(6), np.log(40)))) * ctx.unit
    n = _amount(ctx, canvas.size, radius, 90)
    form, flat = rng.integers(3), rng.uniform(0.1, 1.0)
    bump, tone = rng.choice([0, 0.1, 0.4]), _tone(rng)
    for y, x in positions(ctx, canvas.size, n):
        r = radius * np.exp(rng.choice([0.05, 0.4]) * rng.standard_normal())
        if form == 0:
            normals = np.concatenate([np.eye(3), -np.eye(3)])
            d = np.array([1, 1, flat] * 2) * r * 0.6
        elif form == 1:
            a = np.arange(6) * np.pi / 3
            side = np.stack([np.cos(a), np.sin(a), 0 * a], 1)
            normals = np.concatenate([side, [[0, 0, 1], [0, 0, -1]]])
            d = np.array([0.75] * 6 + [flat * 0.8] * 2) * r
        else:
            normals = rng.standard_normal((14, 3))
            d = r * rng.uniform(0.45, 0.8, 14)
        normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        if rng.random() < 0.4:  # lying flat
            a = rng.uniform(0, np.pi)
            turn = np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]])
        patch = shapes.facets((y, x), (normals @ turn).astype(np.float32), d.astype(np.float32),
                              1.6 * r)
        patch = textured(ctx, patch, bump, tone * rng.uniform(0.85, 1.1), 0.05)
        canvas.lay(patch, kind, canvas.support(patch) * 0.8 + float(r) * 0.4)


def pollen(ctx: Context, canvas: Canvas, kind: str) -> None:
    """Spiked balls."""
    rng = ctx.rng
    radius = rng.uniform(12, 55) * ctx.unit
    n = min(_amount(ctx, canvas.size, radius), 14)
    count, spike, width = int(rng.integers(60, 220)), rng.uniform(0.05, 0.3), rng.uniform(0.04, 0.1)
    i = np.arange(count) + 0.5
    polar, around = np.arccos(1 - 2 * i / count), np.pi * (1 + 5**0.5) * i
    points = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around),
                       np.cos(polar)], 1)
    tone = _tone(rng)
    for y, x in positions(ctx, canvas.size, n):
        turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        r = radius * np.exp(0.08 * rng.standard_normal())
        patch = shapes.pollen((y, x), r, (points @ turn).astype(np.float32), spike, width)
        patch = textured(ctx, patch, 0.4, tone, 0.05)
        canvas.lay(patch, kind, canvas.support(patch) * 0.8 + float(r) * 0.8)


def fibres(ctx: Context, canvas: Canvas, kind: str) -> None:
    """Threads in one direction or all, straight or wavy, over and under each other."""
    rng = ctx.rng
    radius = float(np.exp(rng.uniform(np.log(1.5), np.log(12)))) * ctx.unit
    n = int(np.clip(rng.uniform(0.1, 0.9) * min(canvas.size) / (2.2 * radius), 1, 26))
    lean, order = rng.uniform(0, np.pi), rng.choice([0.1, 0.5, 3.0])
    wave, tone, bump = rng.choice([0.0, 0.4, 1.0]), _tone(rng), rng.choice([0, 0.2, 0.5])
    diagonal = float(np.hypot(*canvas.size))
    for level in range(n):
        r = max(radius * np.exp(rng.choice([0.05, 0.4]) * rng.standard_normal()), 1.0)
        k = rng.uniform(1, 5, 3) * 2 * np.pi / diagonal
        waves = np.stack([wave * rng.standard_normal(3) * 0.25 / k, k, rng.uniform(0, 6.3, 3)], 1)
        half = rng.uniform(0.1, 0.5) * diagonal if rng.random() < 0.25 else np.inf
        centre = rng.uniform(0, 1, 2) * canvas.size
        patch, u = shapes.fibre(canvas.size, (float(centre[0]), float(centre[1])),
                                lean + order * rng.standard_normal(), r,
                                waves.astype(np.float32), half)
        sag = 0.8 * radius * np.sin(u * np.float32(rng.uniform(2, 9) / diagonal) + rng.uniform(0, 6))
        patch = textured(ctx, patch, bump, tone * rng.uniform(0.9, 1.1), 0.04)
        canvas.lay(patch, kind, (sag + np.float32(level * radius * 0.7 + radius)).astype(np.float32))


def cells(ctx: Context, canvas: Canvas, kind: str) -> None:
    """Voronoi: grains of a polished or broken solid, or the pores of a foam."""
    rng = ctx.rng
    h, w = canvas.size
    radius = float(np.exp(rng.uniform(np.log(8), np.log(40)))) * ctx.unit
    n = int(np.clip(h * w / (np.pi * radius**2), 4, 200))
    points = rng.uniform(-0.1, 1.1, (n, 2)) * canvas.size
    y, x = np.mgrid[:h, :w].astype(np.float32)
    y += radius * 0.12 * cut(rng, ctx.rough, canvas.size)
    x += radius * 0.12 * cut(rng, ctx.rough, canvas.size)
    from scipy.spatial import cKDTree

    d, i = cKDTree(points).query(np.stack([y.ravel(), x.ravel()], 1), k=2)
    gap = ((d[:, 1] - d[:, 0]) / 2).reshape(h, w).astype(np.float32)
    own = i[:, 0].reshape(h, w)
    foam = rng.random() < 0.5
    wall = rng.uniform(0.05, 0.3) * radius if foam else rng.uniform(0, 0.08) * radius
    inward = np.maximum(gap - np.float32(wall), 0)
    soft = np.float32(0.4 * radius)
    profile = soft * (1 - np.exp(-inward / soft))
    depth = np.float32(rng.uniform(0.5, 2.0) if foam else rng.uniform(0.1, 0.8))
    relief = (-profile if foam else profile) * depth
    inside = gap > wall
    tilt = (rng.standard_normal((n, 2)) * (0.0 if foam else rng.uniform(0, 0.4))).astype(np.float32)
    tones = np.exp(rng.normal(0, 0.05 if foam else rng.uniform(0.02, 0.3), n)).astype(np.float32)
    gy, gx = np.gradient(relief)
    t = cut(rng, ctx.fine, canvas.size)
    ty, tx = np.gradient(t)
    b = np.float32(rng.choice([0, 0.2, 0.6]))
    canvas.height += np.where(inside, relief, 0)
    canvas.slope_y += np.where(inside, gy + tilt[own, 0], 0) + b * ty
    canvas.slope_x += np.where(inside, gx + tilt[own, 1], 0) + b * tx
    canvas.albedo *= np.where(inside, tones[own], np.float32(1.1 if foam else 0.5))
    first = len(canvas.class_of)
    canvas.class_names.append(kind)
    canvas.class_of += [len(canvas.class_names) - 1] * n
    canvas.instances = np.where(inside, first + own, canvas.instances).astype(np.int32)


RECIPES: dict[str, Callable[[Context, Canvas, str], None]] = {
    "spheres": spheres, "bacteria": rods, "red cells": red_cells, "crystals": crystals,
    "pollen": pollen, "fibres": fibres, "grains": cells,
}
