"""What protocols measure, on colourings whose figures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from abdiffuser_training.evaluate.inputs.plans import draw_hints
from abdiffuser_training.evaluate.inputs.scenes import bleeding_scene
from abdiffuser_training.evaluate.measures import metrics
from abdiffuser_training.evaluate.measures.edges import border_contrast, rise_width, sides
from abdiffuser_training.evaluate.measures.records import Record, Settings
from abdiffuser_training.evaluate.protocols.automatic import (
    automatic_table,
    between_objects,
    measure_automatic,
    spread,
)
from abdiffuser_training.evaluate.protocols.bleeding import (
    bleeding_figures,
    measure_bleeding,
    reach,
)
from abdiffuser_training.evaluate.protocols.guided import (
    evaluate_guided,
    guided_table,
    measure_guided,
)
from abdiffuser_training.evaluate.protocols.steps import measure_steps, steps_table
from abdiffuser_training.evaluate.report.references import with_references
from abdiffuser_training.evaluate.subjects.baselines import all_gray
from abdiffuser_training.evaluate.subjects.subjects import Subjects
from napari_abdiffuser.imaging.colorspace import render


class Known:
    """A model that knows the truth: its samples are gray, then the truth, then off in turns."""

    sha256 = "0" * 64

    def __init__(self, truth):
        self.truth = truth

    def best(self, lightness, hint_map):
        return self.truth

    def samples(self, lightness, hint_map, n, steps=16, seed=0):
        scale = np.arange(n, dtype=np.float32)[:, None, None, None]
        return self.truth * scale * (1 - 1 / steps)


def test_guided_figures(discs):
    gray = evaluate_guided([discs], all_gray, (0, 3))
    plain, _ = render(discs.lightness, 0 * discs.chroma)
    by_hand = metrics.psnr(metrics.mse(plain, discs.rgb))
    assert gray == {0: pytest.approx(by_hand), 3: pytest.approx(by_hand)}

    settings = Settings("thesis", "x", size=96, counts=(0, 3), samples=2)
    (plan,) = draw_hints("thesis", 1, 96, (), 0, 0)
    subjects = Subjects({"all gray": all_gray}, {"": Known(discs.chroma), "other": Known(0)})
    subjects.models["other"].truth = 0 * discs.chroma
    records = measure_guided(discs, plan, subjects, settings)
    table = guided_table([*records, *(replace(r, picture="again") for r in records)], settings)
    rows = {row[:2]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert rows["all gray", "automatic"]["PSNR mean"] == pytest.approx(by_hand)
    assert rows["best", "automatic"]["PSNR mean"] == pytest.approx(50)
    assert rows["best", "automatic"]["ΔE00 mean"] < 0.1
    assert rows["best", "automatic"]["max ΔL*"] < 0.6
    assert rows["best", "automatic"]["± 95 %"] == 0
    assert rows["one sample", "automatic"]["PSNR mean"] == pytest.approx(by_hand)  # the gray one
    nearest = rows["best of 2", "automatic"]["MSE"]
    assert rows["best", "automatic"]["MSE"] < nearest < rows["one sample", "automatic"]["MSE"]
    assert rows["other: best", "simulated hints"]["pictures"] == 2
    assert "0 of 2 pictures are nearly gray" in table.notes[0]
    published = with_references(table, "thesis")
    assert ("AB-diffuser sigmoid + v (published)", "automatic", 21.28) in [
        row[:3] for row in published.rows
    ]
    assert "table 5.1" in published.notes[-1]


def test_bleeding_of_the_perfect_and_the_worst(discs):
    scene = bleeding_scene(discs.mask, 4, (0, 0))
    assert set(scene.objects) == set(range(1, 7))
    table = np.zeros((7, 2), np.float32)
    table[list(scene.objects)] = scene.colors[:6]
    hints = scene.hint_map(discs.mask.shape)
    for number, color in zip(scene.objects, scene.colors, strict=False):
        inside = (discs.mask == number) & (hints[2] > 0)
        assert inside.sum() == 16  # the patch lies within its object
        np.testing.assert_array_equal(hints[:2, inside].T, np.tile(color, (16, 1)))
    assert not scene.hint_map(discs.mask.shape, leave_out=0)[
        2, discs.mask == scene.objects[0]
    ].any()
    perfect = bleeding_figures(discs, scene, table[discs.mask])
    shares = [perfect[name] for name in ("coloured", "ground", "ring", "leak")]
    assert shares == [1, 0, 0, 0]
    assert perfect["width"] < 1
    assert perfect["band"] == pytest.approx(50)
    flooded = bleeding_figures(discs, scene, np.full((96, 96, 2), 40, np.float32))
    assert (flooded["coloured"], flooded["ground"], flooded["ring"]) == (1, 1, 1)
    inverted = np.where((discs.mask == 0)[..., None], scene.colors[0], 0)
    worst = bleeding_figures(discs, scene, inverted)
    assert worst["coloured"] == 0
    assert worst["leak"] > 0.5  # rims are gray; rings have one of the six colours
    assert np.isnan(worst["width"])
    few = discs.mask % 5
    assert bleeding_scene(few, 4, (0, 0)) is None
    settings = Settings("bleeding", "x", cell=4)
    assert measure_bleeding(discs, None, Subjects({}, {}), settings) == []
    (record,) = measure_bleeding(discs, scene, Subjects({"all gray": all_gray}, {}), settings)
    assert record.values["recall"] == 0
    assert np.isnan(record.values["precision"])


def test_reach_against_the_object(discs):
    scene = bleeding_scene(discs.mask, 4, (0, 0))
    before = np.zeros((96, 96, 2), np.float32)
    after = before.copy()
    own = discs.mask == scene.objects[0]
    after[own, 0] = 30
    assert reach(discs.mask, scene, 0, after, before) == (1, 1)
    after[
        np.nonzero(discs.mask == 0)[0][: own.sum()], np.nonzero(discs.mask == 0)[1][: own.sum()]
    ] = 9
    precision, recall = reach(discs.mask, scene, 0, after, before)
    assert (precision, recall) == (pytest.approx(0.5), 1)


def test_sides_and_widths_of_a_straight_edge():
    mask = np.zeros((20, 40), np.int32)
    mask[:, 20:] = 3
    mask[:5, 30:] = 4  # has no hint
    found = sides(mask, [3], np.array([[10.0, 0]], np.float32))
    np.testing.assert_allclose(found.distance[10, 18:22], [1.5, 0.5, 0.5, 1.5])
    assert np.isinf(found.distance[0, 35])
    np.testing.assert_array_equal(found.own[10, [19, 20], 0], [0, 10])
    np.testing.assert_array_equal(found.other[10, [19, 20], 0], [10, 0])
    lightness = np.where(mask > 0, 57, 50).astype(np.float32)
    np.testing.assert_allclose(border_contrast(lightness, mask > 0)[10, 18:22], 7, atol=0.1)
    signed = np.arange(-11.5, 12).astype(np.float32)
    ramp = (0.5 - signed / 10).clip(0, 1).astype(np.float32)  # ten pixels from all to nothing
    assert rise_width(signed, ramp, 1.0) == pytest.approx(8, abs=0.2)
    assert rise_width(signed, ramp / 2, 0.5) == pytest.approx(8, abs=0.2)
    assert np.isnan(rise_width(signed[:4], ramp[:4], 1.0))


def test_automatic_measures(discs):
    assert between_objects(discs.chroma, discs.mask) == pytest.approx(1, abs=1e-3)
    noise = np.random.default_rng(0).normal(0, 20, (96, 96, 2)).astype(np.float32)
    assert between_objects(noise, discs.mask) < 0.01
    assert np.isnan(between_objects(np.zeros_like(noise), discs.mask))
    assert spread(np.stack([noise, noise])) == 0
    assert spread(np.array([[[[0.0, 3]]], [[[0, -3]]]], np.float32)) == pytest.approx(3)
    settings = Settings("automatic", "x", samples=3)
    subjects = Subjects({"all gray": all_gray}, {"": Known(discs.chroma)})
    records = measure_automatic(replace(discs, mask=None), None, subjects, settings)
    records += measure_automatic(discs, None, subjects, settings)
    rows = {row[:2]: row[2:] for row in automatic_table(records, settings).rows}
    assert [method for method, kind in rows if kind == "coloured"] == [
        "the pictures themselves", "all gray", "best", "samples, 3",
    ]  # fmt: skip
    real = rows["the pictures themselves", "coloured"][0]
    assert rows["best", "coloured"][0] == pytest.approx(real, rel=0.02)
    assert rows["all gray", "coloured"][0] == 0
    assert rows["samples, 3", "with masks"][1] > 10
    assert rows["samples, 3", "with masks"][3] == pytest.approx(1, abs=0.01)


def test_steps_against_the_most(discs):
    settings = Settings("steps", "x", counts=(2, 64))
    subjects = Subjects({}, {"": Known(discs.chroma)})
    # A sample of Known is gray whatever the steps are: all differences are zero.
    rows = steps_table(measure_steps(discs, None, subjects, settings), settings).rows
    assert [row[1] for row in rows] == ["2", "64", "64, another seed"]
    assert all(row[2] == 0 for row in rows)
    subjects.models[""].samples = lambda lightness, hints, n, steps, seed: (
        discs.chroma[None] * (1 - 1 / steps) * (1 - seed)
    )
    few, most, other = (
        row[2] for row in steps_table(measure_steps(discs, None, subjects, settings), settings).rows
    )
    assert most == 0
    assert 0 < few < other


def test_records_survive_json():
    record = Record("a", "best", "10", {"mse": 0.25, "hint_delta_e": float("nan")})
    again = Record.from_json(record.to_json())
    assert again.values["mse"] == 0.25
    assert np.isnan(again.values["hint_delta_e"])
