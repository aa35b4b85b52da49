"""Colours of anchors: painted, they give the truth back as well as painting can."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from abdiffuser_training.hint_sampling.paths import nearness_at
from abdiffuser_training.tasks.anchor_colors import fitted_colors, local_colors
from napari_abdiffuser.model.diffusion.anchors import place_anchors
from napari_abdiffuser.model.guide.network import SIZES, Guide


def test_colors_that_were_painted_are_found_again_where_local_means_are_not():
    torch.manual_seed(3)
    guide = Guide(SIZES["tiny"]).eval()
    with torch.no_grad():
        for parameter in guide.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        lightness = 2 * torch.rand(2, 1, 48, 64) - 1
        code, seen = guide.encode(lightness), F.avg_pool2d(lightness, 2)
        positions, valid = place_anchors(code, 12), torch.ones(2, 12, dtype=torch.bool)
        nearness = nearness_at(seen, positions, valid)
        attention = guide.attend(code, positions, valid, nearness=nearness)
        nothing = torch.zeros(2, 3, *code.shape)
        colors = torch.rand(2, 12, 2) - 0.5
        truth, _ = guide.paint(code, attention, colors, nothing)

        def error(found):
            return (guide.paint(code, attention, found, nothing)[0] - truth).square().mean()

        fitted = fitted_colors(guide, code, positions, truth, seen)
        local = local_colors(code, positions, truth)
    assert error(fitted) < 0.5 * error(local), (error(fitted), error(local))
    assert fitted.norm(dim=2).max() <= 1.2 + 1e-6


def test_a_gray_truth_asks_for_gray():
    guide = Guide(SIZES["tiny"]).eval()
    with torch.no_grad():
        guide.encoder.head.weight.zero_()  # no automatic colour to undo
        lightness = torch.rand(1, 1, 32, 32)
        code, seen = guide.encode(lightness), F.avg_pool2d(lightness, 2)
        gray = torch.zeros(1, 2, *code.shape)
        fitted = fitted_colors(guide, code, place_anchors(code, 6), gray, seen)
    assert fitted.abs().max() < 1e-5
