"""A random micrograph from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from abdiffuser_training.synth.drawing.canvas import Canvas, Floats
from abdiffuser_training.synth.drawing.ground import lay_dust, lay_ground
from abdiffuser_training.synth.drawing.placing import Kit
from abdiffuser_training.synth.microscope.data_bar import add_bar
from abdiffuser_training.synth.microscope.detector import develop, focused, sampled
from abdiffuser_training.synth.microscope.electron import Optics, emission, transmission
from abdiffuser_training.synth.recipes.long import RECIPES
from abdiffuser_training.synth.scene import Scene

ODDS = {
    "grains": 1.6,
    "pores": 1.4,
    "cracks": 1.3,
    "surfaces": 2.5,
    "spheres": 4.0,
    "packed spheres": 0.9,
    "bacteria": 3.5,
    "red cells": 1.5,
    "cubes": 1.2,
    "plates": 1.6,
    "crystals": 2.2,
    "pollen": 2.0,
    "needles": 1.2,
    "hairs": 2.2,
    "fibres": 3.5,
}


def random_optics(rng: np.random.Generator, faint: bool = False) -> Optics:
    """Draw the settings of a microscope, from clean to poor.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    faint : bool
        Whether edges should be weak.

    Returns
    -------
    Optics
        Settings.
    """
    poor = rng.random() < 0.12
    return Optics(
        edge=rng.uniform(0.0, 0.3) if faint else rng.uniform(0.25, 1.1),
        limit=rng.uniform(0.08, 0.4),
        detector=float(rng.choice([0.05, 0.25, 0.5])),
        side=rng.uniform(0, 2 * np.pi),
        occlusion=rng.uniform(0.0, 0.3) if faint else rng.uniform(0.6, 2.6),
        fog=float(rng.choice([0.0, 0.0, 0.7, 1.8])),
        dose=float(np.exp(rng.uniform(2.9, 4.6) if poor else rng.uniform(5.2, 8.5))),
        blur=rng.uniform(0.25, 0.6) + 0.3 * (rng.random() < 0.2),
        focus=rng.uniform(0.3, 1),
        defocus=rng.uniform(1.0, 4.0) if rng.random() < 0.3 else 0.0,
        jitter=rng.uniform(0.05, 0.4) if rng.random() < 0.15 else 0.0,
        charging=rng.uniform(0.1, 0.8) if rng.random() < 0.2 else 0.0,
        vignette=rng.uniform(0, 0.5) if rng.random() < 0.3 else 0.0,
        black=rng.uniform(0, 3),
        white=rng.uniform(99.4, 99.99),
        gamma=rng.uniform(0.65, 1.3),
        crest=0.0 if faint else float(rng.choice([0.0, 0.5, 1.2])) * rng.uniform(0.5, 1.2),
        reach=rng.uniform(0.7, 2.5),
        resample=float(rng.choice([0.0, 0.45, 0.7])),
    )


def draw_kinds(rng: np.random.Generator, among: Sequence[str] = ()) -> list[str]:
    """One to three kinds out of some (none: all), in the order in which they are laid."""
    names = list(among or ODDS)
    odds = np.array([ODDS[name] for name in names])
    how_many = min(int(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15])), len(names))
    kinds = set(rng.choice(names, how_many, replace=False, p=odds / odds.sum()).tolist())
    if {"grains", "pores"} <= kinds:
        kinds.discard("grains")
    return [name for name in RECIPES if name in kinds]


def random_scene(
    rng: np.random.Generator,
    size: tuple[int, int],
    kinds: Sequence[str] = (),
    bars: float = 0.0,
) -> Scene:
    """Draw a random scanning-electron micrograph with its regions.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness: the same state gives the same scene.
    size : tuple[int, int]
        (H, W) in pixels.
    kinds : Sequence[str]
        Objects to choose from, of `RECIPES`; none: all.
    bars : float
        Share of scenes with a data bar or scale bar printed into them, 0 … 1.

    Returns
    -------
    Scene
        The picture, its instances and classes.
    """
    step = 2
    h, w = (max(n, 1) * step for n in size)
    faint = bool(rng.random() < 0.12)
    zoom = float(np.exp(rng.uniform(np.log(0.6), np.log(1.8))))
    ground_tone = float(np.exp(rng.normal(-0.6, 0.5))) if rng.random() > 0.2 else 0.04
    kit = Kit(rng, step * min(size) / 256 * zoom, step, faint, ground_tone)
    canvas = _populated(kit, (h, w), kinds)
    optics = random_optics(rng, faint)
    signal = _expose(rng, canvas, optics, step)
    gray = develop(rng, signal, optics)
    printed = None
    if bars > 0 and rng.random() < bars:
        gray, printed = add_bar(rng, gray)
        canvas.instances[::step, ::step][printed] = 0
    instances, classes = canvas.labels(step)
    depth = canvas.height[::step, ::step] / np.float32(step)
    return Scene(gray, instances, classes, tuple(canvas.class_names), depth, printed)


def _populated(kit: Kit, size: tuple[int, int], among: Sequence[str]) -> Canvas:
    """Draw canvases until objects take up enough of one to teach anything."""
    for _ in range(4):
        canvas = Canvas(size)
        kinds = draw_kinds(kit.rng, among)
        lay_ground(kit, canvas, covered=bool({"grains", "pores"} & set(kinds)))
        for kind in kinds:
            RECIPES[kind](kit, canvas, kind)
        if kit.rng.random() < 0.35:
            lay_dust(kit, canvas)
        if np.count_nonzero(canvas.instances) > 0.06 * canvas.instances.size:
            break
    return canvas


def _expose(rng: np.random.Generator, canvas: Canvas, optics: Optics, step: int) -> Floats:
    if rng.random() < 0.04:
        signal = transmission(canvas.height, canvas.albedo, rng.uniform(0.7, 2.5))
    else:
        slopes = canvas.slope_y, canvas.slope_x
        signal = emission(canvas.height, slopes, canvas.albedo, optics, step)
    return sampled(focused(signal, canvas.height, optics, step), step)
