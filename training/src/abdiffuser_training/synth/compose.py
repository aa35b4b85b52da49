"""A random micrograph from a seed."""

from __future__ import annotations

import numpy as np

from abdiffuser_training.synth.canvas import Canvas
from abdiffuser_training.synth.electron import Optics, photograph
from abdiffuser_training.synth.noise import cut, power_noise
from abdiffuser_training.synth.populate import RECIPES, Context
from abdiffuser_training.synth.scene import Scene

_ODDS = {"spheres": 5, "bacteria": 4, "red cells": 2, "crystals": 3, "pollen": 1.5, "fibres": 4,
         "grains": 2.5}


def random_optics(rng: np.random.Generator) -> Optics:
    """Draw the settings of a microscope, from clean to poor."""
    side = rng.uniform(0, 2 * np.pi)
    pull = rng.choice([0.05, 0.25, 0.5])
    return Optics(
        edge=rng.uniform(0.3, 1.3),
        limit=rng.uniform(0.05, 0.3),
        detector=(float(pull * np.sin(side)), float(pull * np.cos(side))),
        occlusion=rng.uniform(0.3, 2.0),
        dose=float(np.exp(rng.uniform(np.log(25), np.log(1500)))),
        blur=rng.uniform(0.5, 1.2),
        focus=rng.uniform(0, 1),
        defocus=rng.uniform(0.5, 3.0) if rng.random() < 0.3 else 0.0,
        jitter=rng.uniform(0.05, 0.4) if rng.random() < 0.2 else 0.0,
        charging=rng.uniform(0.1, 0.8) if rng.random() < 0.25 else 0.0,
        vignette=rng.uniform(0, 0.5) if rng.random() < 0.3 else 0.0,
        black=rng.uniform(0, 3),
        white=rng.uniform(98, 99.95),
        gamma=rng.uniform(0.6, 1.3),
    )


def _ground(ctx: Context, canvas: Canvas) -> None:
    """Give the empty canvas relief and tone."""
    rng = ctx.rng
    relief = cut(rng, ctx.rough, canvas.size)
    amount = np.float32(rng.choice([0.0, 0.5, 2.0, 6.0]) * ctx.unit)
    canvas.height += amount * (relief - relief.min())
    gy, gx = np.gradient(canvas.height)
    fine = cut(rng, ctx.fine, canvas.size)
    fy, fx = np.gradient(fine)
    b = np.float32(rng.choice([0.0, 0.1, 0.4]))
    canvas.slope_y, canvas.slope_x = gy + b * fy, gx + b * fx
    canvas.albedo *= np.float32(np.exp(rng.normal(-0.5, 0.45))) * np.exp(np.float32(0.06) * fine)


def random_scene(rng: np.random.Generator, size: tuple[int, int]) -> Scene:
    """Draw a random scanning-electron micrograph with its regions.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness: the same state gives the same scene.
    size : tuple[int, int]
        (H, W) in pixels.

    Returns
    -------
    Scene
        The picture, its instances and classes.
    """
    rough = power_noise(rng, size, rng.uniform(1.2, 2.2), 0.0, 0.15)
    fine = power_noise(rng, size, rng.uniform(0.0, 1.0), 0.02, 0.35)
    zoom = np.exp(rng.uniform(np.log(0.5), np.log(1.6)))
    ctx = Context(rng, min(size) / 256 * float(zoom), rough, fine)
    canvas = Canvas(size)
    _ground(ctx, canvas)
    names = list(_ODDS)
    odds = np.array([_ODDS[name] for name in names])
    how_many = int(rng.choice([1, 2, 3], p=[0.5, 0.38, 0.12]))
    kinds = rng.choice(names, how_many, replace=False, p=odds / odds.sum())
    for kind in sorted(kinds, key=lambda k: k != "grains"):
        RECIPES[kind](ctx, canvas, str(kind))
    optics = random_optics(rng)
    gray = photograph(rng, canvas.height, (canvas.slope_y, canvas.slope_x), canvas.albedo, optics)
    instances, classes = canvas.labels()
    return Scene(gray, instances, classes, tuple(canvas.class_names), canvas.height)
