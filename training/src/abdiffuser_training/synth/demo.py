"""The micrograph that the plugin ships: pollen, bacteria, beads and threads on a filter.

``python -m abdiffuser_training.synth.demo FOLDER`` writes the picture and its hints again.
"""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from abdiffuser_training.files import write_bytes
from abdiffuser_training.synth.demo_hints import demo_hints
from abdiffuser_training.synth.drawing import shapes, solids
from abdiffuser_training.synth.drawing.canvas import Canvas, Surface
from abdiffuser_training.synth.drawing.ground import pierce
from abdiffuser_training.synth.drawing.placing import Kit, relax
from abdiffuser_training.synth.drawing.texture import dress, make_texture, power_noise
from abdiffuser_training.synth.drawing.threads import fibre
from abdiffuser_training.synth.microscope.detector import develop, focused, sampled
from abdiffuser_training.synth.microscope.electron import Optics, emission
from abdiffuser_training.synth.scene import Scene

SEED = 13
SIZE = (768, 1024)
STEP = 2

OPTICS = Optics(
    edge=1.0,
    limit=0.11,
    detector=0.3,
    side=-2.2,
    occlusion=2.0,
    fog=0.55,
    dose=700.0,
    blur=0.45,
    focus=0.45,
    defocus=1.6,
    vignette=0.3,
    black=0.3,
    white=99.85,
    gamma=0.92,
)


def _px(value: float) -> float:
    """Pixels of the picture → pixels of the canvas."""
    return value * STEP


def _lay_filter(rng: np.random.Generator, canvas: Canvas) -> None:
    """Lay a track-etched filter: gentle relief, fine grain, round holes."""
    canvas.albedo *= np.float32(0.42)
    hills = power_noise(rng, canvas.size, 2.2, 0.0, 0.006)
    canvas.height += np.float32(_px(2.5)) * hills
    slope_y, slope_x = np.gradient(canvas.height)
    grain = make_texture(rng, "cloud", _px(7), 512)
    v, u = np.mgrid[: canvas.size[0], : canvas.size[1]].astype(np.float32)
    i = grain.at(u, v)
    bump = np.float32(0.2)
    canvas.slope_y += slope_y + bump * grain.across.ravel()[i]
    canvas.slope_x += slope_x + bump * grain.along.ravel()[i]
    canvas.albedo *= np.exp(np.float32(0.05) * grain.bump.ravel()[i])
    pierce(Kit(rng, 1.0, STEP, False, 0.42), canvas, _px(8.5), 0.035)


def _lay_dust(rng: np.random.Generator, canvas: Canvas) -> None:
    """Debris on the filter, which stays part of the ground."""
    for y, x in rng.uniform(0, 1, (150, 2)) * canvas.size:
        waves = np.stack([0.15 * rng.standard_normal(4), rng.uniform(0, 6.3, 4)], 1)
        r = _px(float(np.exp(rng.normal(0.5, 0.5))))
        body = shapes.lump((y, x), r, waves.astype(np.float32), 0.7)
        canvas.lay(replace(body, albedo=0.5), 0, canvas.support(body))


def _lay_threads(rng: np.random.Generator, canvas: Canvas, above: bool) -> None:
    """Threads under the grains, or the two that cross over everything."""
    texture = make_texture(rng, "groove", _px(5))
    paths = (
        [((250, 640), -0.5, 9.0, 70.0), ((610, 760), 0.32, 6.5, 55.0), ((120, 240), 2.3, 5.0, 40.0)]
        if not above
        else [((590, 330), -0.22, 12.5, 60.0), ((330, 520), 1.05, 5.5, 35.0)]
    )
    for (y, x), angle, radius, lift in paths:
        k = rng.uniform(2, 7, 3) * 2 * np.pi / _px(1280)
        a = rng.normal(0, 0.2, 3) / k
        waves = np.stack([a, k, rng.uniform(0, 6.3, 3)], 1).astype(np.float32)
        body = fibre(canvas.size, (_px(y), _px(x)), angle, _px(radius), waves)
        body = dress(rng, body, texture, 0.3, 0.72, 0.05)
        sway = _px(6) * np.sin(body.u * np.float32(2 * np.pi / _px(700)) + rng.uniform(0, 6))
        height = _px(radius + (lift if above else 4.0)) + sway
        canvas.lay(body, canvas.register("fibres"), height.astype(np.float32))


def _lay_pollen(rng: np.random.Generator, canvas: Canvas) -> None:
    """Three spiked grains, the large one in front."""
    texture = make_texture(rng, "wrinkle", _px(7), 512)
    directions = solids.spread_directions(150)
    for y, x, r, rise in ((300, 690, 158, 0.75), (150, 372, 74, 0.6), (655, 120, 92, 0.6)):
        ball = shapes.ellipsoid((_px(y), _px(x)), (_px(r), _px(r), _px(r)))
        ball = dress(rng, ball, texture, 0.34, 0.68, 0.05)
        spikes = solids.turned(rng, directions)
        body = solids.pollen((_px(y), _px(x)), _px(r), spikes, 0.17, 0.062, ball)
        canvas.lay(body, canvas.register("pollen"), _px(r * rise))


def _lay_bacteria(rng: np.random.Generator, canvas: Canvas) -> None:
    """Rods in two colonies, some on the grains, some dividing."""
    texture = make_texture(rng, "wrinkle", _px(5))
    spots = np.concatenate(
        [
            np.array([620, 640]) + rng.normal(0, (55, 110), (26, 2)),
            np.array([420, 180]) + rng.normal(0, (60, 75), (14, 2)),
            np.array([[205.0, 640.0], [372.0, 712.0]]),
            np.array([130, 920]) + rng.normal(0, (50, 50), (5, 2)),
        ]
    )
    spots = relax(spots, np.full(len(spots), 19.0), 10)
    for y, x in spots.tolist():
        r, length = rng.normal(11, 0.7), rng.uniform(24, 46)
        waist = 0.28 if rng.random() < 0.25 else 0.0
        angle, bend = rng.uniform(0, np.pi), rng.normal(0, 1.3)
        body = shapes.rod((_px(y), _px(x)), _px(length), _px(r), angle, _px(bend), waist)
        body = dress(rng, body, texture, 0.32, 0.95 * float(rng.normal(1, 0.04)), 0.04)
        _drop(canvas, body, "bacteria", _px(r * 0.85))


def _lay_spheres(rng: np.random.Generator, canvas: Canvas) -> None:
    """Smooth latex beads of three sizes."""
    texture = make_texture(rng, "grain", _px(4))
    spots = np.concatenate(
        [
            np.array([500, 890]) + rng.normal(0, (60, 55), (13, 2)),
            np.array([120, 130]) + rng.normal(0, (55, 70), (9, 2)),
            rng.uniform(0, 1, (8, 2)) * np.array(SIZE) * (1.0, 0.42),
        ]
    )
    radii = rng.choice([13.0, 21.0, 30.0], len(spots), p=[0.4, 0.35, 0.25])
    for (y, x), r in zip(relax(spots, radii + 1, 20), radii.tolist(), strict=True):
        body = shapes.ellipsoid((_px(y), _px(x)), (_px(r), _px(r), _px(r)))
        body = dress(rng, body, texture, 0.05, 0.8, 0.0)
        _drop(canvas, body, "spheres", _px(r * 0.9))


def _drop(canvas: Canvas, body: Surface, kind: str, own: float) -> None:
    canvas.lay(body, canvas.register(kind), canvas.support(body) + own)


def demo_scene(seed: int = SEED) -> Scene:
    """Render the shipped micrograph.

    Parameters
    ----------
    seed : int
        Seed of its details; the arrangement is fixed.

    Returns
    -------
    Scene
        768 × 1024 pixels.
    """
    rng = np.random.default_rng(seed)
    canvas = Canvas((SIZE[0] * STEP - 1, SIZE[1] * STEP - 1))
    _lay_filter(rng, canvas)
    _lay_dust(rng, canvas)
    _lay_threads(rng, canvas, above=False)
    _lay_pollen(rng, canvas)
    _lay_spheres(rng, canvas)
    _lay_bacteria(rng, canvas)
    _lay_threads(rng, canvas, above=True)
    slopes = canvas.slope_y, canvas.slope_x
    signal = emission(canvas.height, slopes, canvas.albedo, OPTICS, STEP)
    signal = sampled(focused(signal, canvas.height, OPTICS, STEP), STEP)
    instances, classes = canvas.labels(STEP)
    depth = canvas.height[::STEP, ::STEP] / np.float32(STEP)
    return Scene(develop(rng, signal, OPTICS), instances, classes, tuple(canvas.class_names), depth)


def write_demo(folder: Path) -> None:
    """Write ``micrograph.png`` and ``micrograph-hints.json`` into a folder."""
    scene = demo_scene()
    buffer = io.BytesIO()
    Image.fromarray(scene.gray).save(buffer, "PNG", optimize=True)
    text = json.dumps(demo_hints(scene), indent=1) + "\n"
    for name, data in (
        ("micrograph.png", buffer.getvalue()),
        ("micrograph-hints.json", text.encode()),
    ):
        write_bytes(folder / name, data)


if __name__ == "__main__":
    write_demo(Path(sys.argv[1]))
