"""Oracles for the measuring: formulas by hand, methods on pictures whose answer is known."""

from __future__ import annotations

import io
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import napari_abdiffuser
from abdiffuser_training.cli import main
from abdiffuser_training.data.shards import read_shard
from abdiffuser_training.evaluate import metrics, speed
from abdiffuser_training.evaluate.automatic import between_objects, spread
from abdiffuser_training.evaluate.baselines import (
    BASELINES,
    all_gray,
    levin,
    levin_least_squares,
    nearest_hint,
    random_walker,
)
from abdiffuser_training.evaluate.bleeding import bleeding_scene, measure_bleeding
from abdiffuser_training.evaluate.guided import (
    draw_hints,
    evaluate_guided,
    guided_table,
    load_pictures,
    score_pictures,
)
from abdiffuser_training.evaluate.hints import (
    centred_cells,
    hint_map,
    icolorit_cells,
    mean_chroma,
    uniform_cells,
)
from abdiffuser_training.evaluate.models import ColorizerMethods, displayable_colour, patches
from abdiffuser_training.evaluate.pictures import Picture
from abdiffuser_training.evaluate.report import Table, to_csv, to_markdown, write_report
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colorspace import render, srgb_to_lab

LEFT, RIGHT = (30.0, 20.0), (-25.0, 10.0)


@pytest.fixture
def step():
    """Dark left, bright right, some texture; one hint in each half."""
    rng = np.random.default_rng(1)
    lightness = np.full((40, 60), 30, np.float32)
    lightness[:, 30:] = 80
    lightness += rng.normal(0, 0.3, lightness.shape).astype(np.float32)
    # The left hint is far from the edge, the right one near: nearness alone gets it wrong.
    boxes = np.array([[18, 4, 22, 8], [18, 34, 22, 38]])
    return lightness, hint_map(lightness.shape, boxes, [LEFT, RIGHT])


@pytest.fixture
def picture():
    """Six vivid discs on a gray ground, with their mask."""
    mask = np.zeros((96, 96), np.int32)
    row, column = np.mgrid[:96, :96]
    for i in range(6):
        y, x = 24 + 48 * (i // 3), 16 + 32 * (i % 3)
        mask[(row - y) ** 2 + (column - x) ** 2 < 11**2] = i + 1
    table = np.zeros((7, 2), np.float32)
    angle = np.arange(6) * np.pi / 3
    table[1:] = 30 * np.stack([np.cos(angle), np.sin(angle)], 1)
    lightness = np.where(mask > 0, 65, 45).astype(np.float32)
    rgb, _ = render(lightness, table[mask])
    lab = srgb_to_lab(rgb / 255).astype(np.float32)
    return Picture("discs", rgb, lab[..., 0], lab[..., 1:], mask)


def test_psnr_by_hand():
    truth = np.zeros((4, 4, 3), np.uint8)
    off = truth.copy()
    off[..., 0] = 51  # 0.2 in one channel of three
    assert metrics.mse(off, truth) == pytest.approx(0.04 / 3)
    assert metrics.psnr(0.01) == pytest.approx(20)
    assert metrics.psnr(0) == pytest.approx(50)  # the floor of 1e-5
    assert metrics.mean_psnr([0.1, 0.001]) == pytest.approx(20)
    assert metrics.pooled_psnr([0.1, 0.001]) == pytest.approx(-10 * np.log10(0.0505))


def test_colour_measures():
    gray = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1), 3, axis=2)
    assert metrics.colourfulness(gray) == 0
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255  # no spread; means 255 and 127.5
    assert metrics.colourfulness(red) == pytest.approx(0.3 * np.hypot(255, 127.5))
    assert metrics.ciede2000(gray, gray).max() == 0
    black, white = np.zeros((1, 1, 3)), np.ones((1, 1, 3))
    assert metrics.ciede2000(white, black) == pytest.approx(100, abs=0.01)
    assert metrics.ssim(gray, gray) == pytest.approx(1)
    lightness = srgb_to_lab(gray / 255)[..., 0]
    assert metrics.lightness_error(gray, lightness + 3) == pytest.approx(3)


def test_uniform_cells_lie_inside_and_grow():
    many = uniform_cells(np.random.default_rng(3), (20, 31), 500, 6)
    assert (many[:, :2] >= 0).all()
    assert (many[:, 2:] <= [20, 31]).all()
    assert (many[:, 2:] - many[:, :2] == 6).all()
    assert set(many[:, 0]) == set(range(15))  # every place is reached, the last one too
    assert set(many[:, 1]) == set(range(26))
    few = uniform_cells(np.random.default_rng(3), (20, 31), 7, 6)
    np.testing.assert_array_equal(few, many[:7])
    with pytest.raises(InvalidRequest, match="another size"):
        uniform_cells(np.random.default_rng(3), (5, 31), 7, 6)


def test_hint_values_are_means_and_later_ones_win():
    chroma = np.random.default_rng(0).normal(0, 20, (12, 12, 2)).astype(np.float32)
    boxes = np.array([[0, 0, 4, 4], [2, 2, 6, 6]])
    means = mean_chroma(chroma, boxes)
    np.testing.assert_allclose(means[1], chroma[2:6, 2:6].mean((0, 1)), rtol=1e-5)
    painted = hint_map((12, 12), boxes, means)
    np.testing.assert_array_equal(painted[:2, 3, 3], means[1])
    np.testing.assert_array_equal(painted[:2, 1, 1], means[0])
    assert painted[2].sum() == 16 + 16 - 4


def test_icolorit_sets_are_on_the_grid_and_do_not_depend_on_what_is_asked():
    sets = icolorit_cells(3, 224)
    assert [len(sets[2][n]) for n in (0, 1, 200)] == [0, 1, 200]
    boxes = np.concatenate([one[200] for one in sets])
    assert (boxes[:, :2] % 2 == 0).all()
    assert boxes.max() <= 224
    drawn = draw_hints("icolorit", 3, 224, (10,), 2, 1234)
    np.testing.assert_array_equal(drawn[1][10], sets[1][10])


def test_centred_cells_have_the_thesis_distribution():
    drawn = [centred_cells(np.random.default_rng(i), (64, 64)) for i in range(2000)]
    counts = np.array([len(boxes) for boxes in drawn])
    assert (counts == 0).mean() == pytest.approx(1 / 8, abs=0.03)
    assert counts.mean() == pytest.approx(7, abs=0.5)
    boxes = np.concatenate(drawn)
    assert boxes[:, :2].min() >= 0
    assert boxes[:, 2:].max() <= 64
    assert set(boxes[:, 2] - boxes[:, 0]) == set(range(1, 10))


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_without_hints_and_with_one(name, step):
    lightness, hints = step
    method = BASELINES[name]
    nothing = method(lightness, np.zeros_like(hints))
    assert nothing.shape == (40, 60, 2)
    assert not nothing.any()
    one = hints.copy()
    one[:, :, 30:] = 0
    expected = (0, 0) if method is all_gray else LEFT
    np.testing.assert_allclose(method(lightness, one) - expected, 0, atol=1e-3)


@pytest.mark.parametrize("method", [nearest_hint, levin, levin_least_squares, random_walker])
def test_hints_everywhere_are_the_answer(method):
    rng = np.random.default_rng(0)
    hints = np.ones((3, 9, 11), np.float32)
    hints[:2] = rng.normal(0, 30, (2, 9, 11))
    lightness = rng.uniform(0, 100, (9, 11)).astype(np.float32)
    np.testing.assert_array_equal(method(lightness, hints), np.moveaxis(hints[:2], 0, -1))


@pytest.mark.parametrize("method", [levin, random_walker])
def test_edges_stop_colours(method, step):
    lightness, hints = step
    chroma = method(lightness, hints)
    np.testing.assert_allclose(chroma[:, :28] - LEFT, 0, atol=6)
    np.testing.assert_allclose(chroma[:, 32:] - RIGHT, 0, atol=6)
    np.testing.assert_allclose(chroma[20, 6], LEFT, atol=1e-4)


def test_levin_solves_its_equations():
    """Without any edge: a straight ramp, and the cubic without slope at its ends."""
    hints = np.zeros((3, 5, 21), np.float32)
    hints[2, :, [0, 20]] = 1
    hints[0, :, 20] = 40
    flat = np.full((5, 21), 50, np.float32)
    ramp = np.linspace(0, 1, 21)
    np.testing.assert_allclose(levin(flat, hints)[2, :, 0], 40 * ramp, atol=1e-3)
    smooth = levin_least_squares(flat, hints)[2, :, 0]
    np.testing.assert_allclose(smooth, 40 * ramp**2 * (3 - 2 * ramp), atol=0.3)


def test_nearest_hint_ignores_lightness(step):
    lightness, hints = step
    chroma = nearest_hint(lightness, hints)
    np.testing.assert_array_equal(chroma[20, 12], LEFT)
    np.testing.assert_array_equal(chroma[20, 29], RIGHT)


def test_guided_figures(picture):
    gray = evaluate_guided([picture], all_gray, (0, 3))
    plain, _ = render(picture.lightness, 0 * picture.chroma)
    by_hand = metrics.psnr(metrics.mse(plain, picture.rgb))
    assert gray == {0: pytest.approx(by_hand), 3: pytest.approx(by_hand)}
    seen = []

    def truth(lightness, hints):
        seen.append(hints)
        return picture.chroma

    assert evaluate_guided([picture], truth, (0, 3)) == {0: pytest.approx(50), 3: pytest.approx(50)}
    evaluate_guided([picture], truth, (3, 5))
    assert not seen[0].any()
    np.testing.assert_array_equal(seen[1], seen[2])  # the same hints, whatever else is asked for

    drawn = draw_hints("guided", 1, 96, (3,), 6, 0)
    scores = score_pictures([picture], truth, drawn)
    assert scores[0].delta_e < 0.1
    assert scores[0].lightness_error < 0.6
    two = np.stack([0 * picture.chroma, picture.chroma])
    both = score_pictures([picture], lambda lightness, hints: two, drawn)
    assert both[0].mse == scores[0].mse  # of several samples the best one counts
    table = guided_table("t", {"truth": scores})
    assert table.rows[0][:3] == ("truth", "3", pytest.approx(50))


def test_bleeding_of_the_perfect_and_the_worst(picture):
    scene = bleeding_scene(picture, 4, (0, 0))
    assert set(scene.objects) == set(range(1, 7))
    table = np.zeros((7, 2), np.float32)
    table[list(scene.objects)] = scene.colours
    for number, colour in zip(scene.objects, scene.colours, strict=True):
        inside = (picture.mask == number) & (scene.hints[2] > 0)
        assert inside.sum() == 16  # the patch lies within its object
        np.testing.assert_array_equal(scene.hints[:2, inside].T, np.tile(colour, (16, 1)))
    perfect = measure_bleeding(scene, table[picture.mask])
    assert (perfect.coloured, perfect.ground, perfect.ring, perfect.leak) == (1, 0, 0, 0)
    flooded = measure_bleeding(scene, np.full((96, 96, 2), 40, np.float32))
    assert (flooded.coloured, flooded.ground, flooded.ring) == (1, 1, 1)
    inverted = np.where((picture.mask == 0)[..., None], scene.colours[0], 0)
    assert measure_bleeding(scene, inverted).coloured == 0
    few = Picture("few", picture.rgb, picture.lightness, picture.chroma, picture.mask % 5)
    assert bleeding_scene(few, 4, (0, 0)) is None


def test_automatic_measures(picture):
    assert between_objects(picture.chroma, picture.mask) == pytest.approx(1, abs=1e-3)
    noise = np.random.default_rng(0).normal(0, 20, (96, 96, 2)).astype(np.float32)
    assert between_objects(noise, picture.mask) < 0.01
    assert np.isnan(between_objects(np.zeros_like(noise), picture.mask))
    assert spread(np.stack([noise, noise])) == 0
    assert spread(np.array([[[[0.0, 3]]], [[[0, -3]]]], np.float32)) == pytest.approx(3)


def test_a_hint_map_comes_apart_into_points():
    boxes = np.array([[1, 2, 7, 8], [10, 10, 12, 12]])
    found = patches(hint_map((20, 20), boxes, [LEFT, RIGHT]))
    assert sorted(found) == [(3.5, 4.5, 6, LEFT), (10.5, 10.5, 2, RIGHT)]
    rgb = displayable_colour(np.array([60, 50], np.float32), 95)  # none so bright in sRGB
    np.testing.assert_allclose(srgb_to_lab(np.array(rgb))[1:], [60, 50], atol=0.01)


class FakeColorizer:
    """Spreads the nearest hint, through the promised interface."""

    device = "cpu"

    @classmethod
    def load(cls, name, device):
        return cls()

    def open(self, image):
        assert image.dtype == np.uint8
        assert image.ndim == 2
        opened = FakeColorizer()
        opened.lightness = srgb_to_lab(np.repeat(image[..., None] / 255, 3, axis=2))[..., 0]
        return opened

    def paint(self, hints, n_outputs, seed=0):
        painted = np.zeros((3, *self.lightness.shape), np.float32)
        if hints is not None:
            painted = hints.hint_map(self.lightness.shape)
        chroma = nearest_hint(self.lightness, painted)
        rgb, shown = render(self.lightness.astype(np.float32), chroma)
        return SimpleNamespace(best=rgb, chroma=np.repeat(shown[None], n_outputs, axis=0))

    def __call__(self, image, n_outputs):
        return self.open(image).paint(None, n_outputs)


def test_a_model_is_asked_what_the_baselines_are_asked(picture, monkeypatch):
    monkeypatch.setitem(vars(napari_abdiffuser), "Colorizer", FakeColorizer)
    model = ColorizerMethods("default")
    expected = evaluate_guided([picture], nearest_hint, (0, 1, 10))
    found = evaluate_guided([picture], model.best, (0, 1, 10))
    assert found == {n: pytest.approx(value, abs=0.1) for n, value in expected.items()}
    assert model.samples(1)(picture.lightness, np.zeros((3, 96, 96), np.float32)).ndim == 3
    assert model.samples(3)(picture.lightness, np.zeros((3, 96, 96), np.float32)).ndim == 4
    assert model.sampler(picture.lightness, 2).shape == (2, 96, 96, 2)


def test_speed_table(monkeypatch):
    monkeypatch.setitem(vars(napari_abdiffuser), "Colorizer", FakeColorizer)
    monkeypatch.setattr(speed, "_in_new_process", lambda work, *arguments: work(*arguments))
    monkeypatch.setattr(speed, "_thesis_seconds", lambda size, device: 2.0)
    table = speed.speed_table("default", repeats=1, large=(300, 400))
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["1 output, 400 × 300, once"][1] > 10
    assert rows["thesis' U-Net: 9 outputs × 1000 steps, 256² (extrapolated)"][0] == 18000
    assert all(row[0] > 0 for row in rows.values())


@pytest.fixture
def shard(tmp_path, picture):
    path = tmp_path / "few.tar"
    with tarfile.open(path, "w") as tar:
        for key in ("b", "a", "c"):
            for extension, array in (("png", picture.rgb), ("mask.png", picture.mask)):
                buffer = io.BytesIO()
                Image.fromarray(array.astype(np.uint16 if array.ndim == 2 else np.uint8)).save(
                    buffer, "PNG"
                )
                member = tarfile.TarInfo(f"{key}.{extension}")
                member.size = buffer.tell()
                buffer.seek(0)
                tar.addfile(member, buffer)
    return path


def test_shards_are_read_in_order(shard, picture):
    samples = list(read_shard(shard))
    assert [sample.key for sample in samples] == ["a", "b", "c"]
    np.testing.assert_array_equal(samples[1].image, picture.rgb)
    np.testing.assert_array_equal(samples[1].mask, picture.mask)
    assert [s.key for s in read_shard(shard, holdout=2, limit=1)] == ["b"]
    assert load_pictures([shard], 48, limit=2)[1].mask.shape == (48, 48)
    with pytest.raises(InvalidRequest, match="neither a tar"):
        list(read_shard(shard.with_name("none.tar")))
    with pytest.raises(InvalidRequest, match="no picture"):
        list(read_shard(tarfile.__file__.rpartition("/")[0] + "/json"))


def test_report(tmp_path):
    table = Table("A table", ("name", "value"), (("x", 1.23456789), ("y", np.nan)), ("Why.",))
    assert to_markdown(table).splitlines()[4] == "| x    | 1.235 |"
    assert to_csv(table).splitlines()[1] == "x,1.23456789"
    report = write_report(tmp_path / "out", [table])
    assert report.read_text().startswith("## A table")
    assert sorted(p.name for p in report.parent.iterdir()) == ["a-table.csv", "report.md"]


@pytest.mark.parametrize("protocol", ["guided", "bleeding", "automatic", "thesis"])
def test_command_line(protocol, shard, tmp_path, capsys):
    words = ["evaluate", "baselines", "--protocol", protocol, str(shard), "--size", "48"]
    words += ["--counts", "0,2", "--limit", "1", "--cell", "2", "--out", str(tmp_path)]
    assert main(words) == 0
    assert "all gray" in capsys.readouterr().out
    assert (tmp_path / "report.md").exists()


def test_command_line_refuses(capsys):
    assert main(["evaluate", "baselines", "--protocol", "guided"]) == 2
    assert "name a shard" in capsys.readouterr().err
    assert main(["evaluate", "baselines", "--protocol", "speed"]) == 2
    with pytest.raises(SystemExit):
        main(["evaluate", "baselines", "--protocol", "guided", "x", "--nonsense"])
