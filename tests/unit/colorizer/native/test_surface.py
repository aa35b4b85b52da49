"""Coarse maps at native resolution."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_abdiffuser.colorizer.native import painter as native
from napari_abdiffuser.colorizer.native.painter import NativePainter
from napari_abdiffuser.colorizer.native.surface import Surface, resampled
from napari_abdiffuser.imaging.hints import Hints


@pytest.fixture(params=[(37, 52), (1, 30), (64, 64)])
def surface(request, tiny_networks):
    rng = np.random.default_rng(0)
    light = rng.uniform(5, 95, request.param).astype(np.float32)
    cells = tuple(-(-n // 4) for n in request.param)
    return Surface(tiny_networks.upsampler, light, light, resampled(light, cells)[0, 0])


def maps_of(surface, channels=3):
    rng = np.random.default_rng(1)
    return rng.uniform(-60, 60, (channels, *surface.cells)).astype(np.float32)


def collected(painter, maps):
    out = np.empty((len(maps), *painter.surface.shape), np.float32)
    painter.planes(maps, lambda rows, block: np.copyto(out[:, rows], block))
    return out


def test_it_is_the_upsampler_up_to_a_byte(surface, monkeypatch):
    monkeypatch.setattr(native, "_BLOCK_PIXELS", 5 * surface.shape[1])
    maps = maps_of(surface)
    fine = torch.from_numpy(surface.seen / 50 - 1)[None]
    exact = surface.upsampler(fine, surface.coarse[None], torch.from_numpy(maps)[None])[0]
    made = collected(NativePainter(surface), maps)
    assert np.abs(made - exact.numpy()).max() < 8 * 120 / 255
    assert np.abs(made - exact.numpy()).mean() < 0.3
    assert made.min() >= maps.min() - 1e-3
    assert made.max() <= maps.max() + 1e-3


def test_a_constant_color_is_exact(surface):
    maps = np.full((2, *surface.cells), 17.3, np.float32)
    assert (collected(NativePainter(surface), maps) == np.float32(17.3)).all()


def test_rows_alone_and_blocks_of_any_size_give_the_same_bytes(surface, monkeypatch):
    maps = maps_of(surface, 2)[None]
    hints = Hints.from_points([[0, 3]], ["red"])
    whole = NativePainter(surface).paint(maps, hints)
    monkeypatch.setattr(native, "_BLOCK_PIXELS", 5 * surface.shape[1])
    monkeypatch.setattr(native, "KEPT_PIXELS", 10)
    painter = NativePainter(surface)
    np.testing.assert_array_equal(painter.paint(maps, hints), whole)
    last = surface.shape[0]
    part = painter.paint(maps, hints, rows=slice(last // 3, last))
    np.testing.assert_array_equal(part, whole[:, last // 3 :])
    assert painter.kept_bytes == 0


def test_preparing_computes_what_is_kept(surface):
    painter = NativePainter(surface)
    painter.prepare()
    assert painter.kept_bytes == 8 * surface.display.size


def test_smaller_ones_are_averages(surface):
    painter = NativePainter(surface)
    small = painter.smaller(16)
    assert max(small.surface.shape) == 16
    assert small is painter.smaller(16)
    assert painter.smaller(64) is painter
    assert abs(small.surface.display.mean() - surface.display.mean()) < 2
