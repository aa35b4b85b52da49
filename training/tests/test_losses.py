"""What the losses are on errors whose sizes are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.hint_sampling import HintSettings, hint_batch
from abdiffuser_training.hint_sampling.paths import hint_nearness
from abdiffuser_training.tasks.guide import GuideBatch, GuideLosses
from abdiffuser_training.tasks.losses import charbonnier, claim_likelihood, log_mse
from abdiffuser_training.tasks.stage_settings import GuideWeights
from napari_abdiffuser.model.guide.network import SIZES, Guide


def test_distances_of_a_constant_error():
    difference = torch.zeros(2, 2, 4, 4)
    difference[1, 0], difference[1, 1] = 0.3, 0.4
    assert charbonnier(difference, 1e-6).tolist() == pytest.approx([0.0, 0.5], abs=1e-5)
    expected = [math.log(1e-3), math.log(0.125 + 1e-3)]
    assert log_mse(difference, 1e-3).tolist() == pytest.approx(expected, abs=1e-5)


def test_a_share_multiplies_each_pixel():
    difference = torch.zeros(1, 2, 2, 2)
    difference[0, 0, 0, 0] = 1.0
    share = torch.ones(1, 2, 2)
    share[0, 0, 0] = 3.0
    assert charbonnier(difference, 1e-6, share).item() == pytest.approx(0.75, abs=1e-5)
    assert log_mse(difference, 0.0, share).exp().item() == pytest.approx(0.375, abs=1e-5)


def test_a_pixel_is_as_likely_as_the_claims_of_hints_with_its_color():
    shares = torch.tensor([[[0.25, 0.75], [0.6, 0.4]]])
    distances = torch.tensor([[[0.0, 4.0], [0.02, 0.0]]])
    found = claim_likelihood(shares, distances, 0.1, 0.01)[0]
    assert found.tolist() == pytest.approx(
        [-math.log(0.25 + 0.01), -math.log(0.6 * math.exp(-1) + 0.4 + 0.01)], abs=1e-5
    )


def test_certain_and_wrong_claims_learn_from_their_likelihood_alone():
    logits = torch.tensor([[[-9.0, 9.0]]], requires_grad=True)
    colors = torch.tensor([[0.5, 0.0], [-0.5, 0.0]])  # the first is the pixel's own
    shares = logits.softmax(-1)
    likely = claim_likelihood(shares, torch.tensor([[[0.0, 1.0]]]), 0.1, 1e-9).sum()
    mean = charbonnier((shares @ colors - colors[0]).transpose(1, 2), 0.03).sum()
    by_likelihood = torch.autograd.grad(likely, logits, retain_graph=True)[0]
    by_mean = torch.autograd.grad(mean, logits)[0]
    assert by_likelihood[0, 0].tolist() == pytest.approx([-0.94, 0.94], abs=0.01)
    assert by_mean.abs().max() < 1e-6


def test_where_all_is_gray_every_claim_is_right():
    torch.manual_seed(0)
    gray = torch.zeros(1, 2, 32, 32)
    crops = Batch(
        seen=torch.zeros(1, 1, 32, 32),
        lightness=torch.zeros(1, 1, 32, 32),
        chroma=gray,
        native=torch.tensor([False]),
        highlight=torch.tensor([0.0]),
        boxes=(np.array([[0, 0, 4, 4], [9, 9, 12, 12]]),),
        indices=(0,),
    )
    hints = hint_batch(crops, HintSettings(none=0.0), 0, 0)
    batch = GuideBatch(crops, hints, hint_nearness(crops.seen, hints))
    weights = GuideWeights(spread=0.0, mixed=0.0, log_mse=0.0, automatic=0.0, claimed=2.0)
    loss = GuideLosses(Guide(SIZES["tiny"]), weights, torch.float32)(batch)
    assert float(loss.detach()) == pytest.approx(-2 * math.log(1.01), abs=1e-4)


@pytest.mark.parametrize("highlight", [0.0, 1.0])
def test_highlighted_objects_count_more_only_where_all_else_is_gray(highlight):
    """With hints whose colour is gray nothing is painted, so all of the error is the object's."""
    torch.manual_seed(0)
    chroma = torch.zeros(1, 2, 32, 32)
    chroma[:, 0, 8:24, 8:24] = 0.5
    crops = Batch(
        seen=torch.zeros(1, 1, 32, 32),
        lightness=torch.zeros(1, 1, 32, 32),
        chroma=chroma,
        native=torch.tensor([False]),
        highlight=torch.tensor([highlight]),
        boxes=(np.array([[0, 0, 4, 4]]),),
        indices=(0,),
    )
    hints = hint_batch(crops, HintSettings(none=0.0), 0, 0)
    batch = GuideBatch(crops, hints, hint_nearness(crops.seen, hints))
    weights = GuideWeights(mixed=0.0, log_mse=0.0, automatic=0.0)
    guide = Guide(SIZES["tiny"])

    def loss(weights: GuideWeights) -> float:
        with torch.no_grad():
            return float(GuideLosses(guide, weights, torch.float32)(batch))

    ratio = loss(replace(weights, highlighted=3.0)) / loss(weights)
    assert ratio == pytest.approx(3.0 if highlight else 1.0, rel=1e-4)
