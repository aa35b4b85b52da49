"""Training of the anchor diffusion: the guide is frozen and what it says of anchors is kept."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from abdiffuser_training.data.batches import Mixture, Source
from napari_abdiffuser.model.anchors import (
    COLOUR_SCALE,
    AnchorDenoiser,
    place_anchors,
    token_features,
)
from napari_abdiffuser.model.guide import Guide
from napari_abdiffuser.model.schedule import Objective

__all__ = ["Anchors", "anchor_loss", "collect_anchors", "fit_anchors"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Anchors:
    """Anchors of many pictures.

    Attributes
    ----------
    features : Tensor
        (M, K, C) from `token_features`.
    places : Tensor
        (M, K, 2), in units of the picture's size.
    colours : Tensor
        (M, K, 2), ab / 110 around the anchor.
    native : Tensor
        (M,) bool, whether the colours are the picture's own.
    """

    features: Tensor
    places: Tensor
    colours: Tensor
    native: Tensor


@torch.inference_mode()
def collect_anchors(
    guide: Guide, mixture: Mixture, *, count: int, anchors: int, side: int, batch: int = 8
) -> Anchors:
    """Encode `count` random crops of `side` pixels and keep what the guide says of anchors.

    Parameters
    ----------
    guide : Guide
        Trained.
    mixture : Mixture
        Where crops come from.
    count : int
        Crops.
    anchors : int
        Anchors a crop.
    side : int
        Of the crops, pixels.
    batch : int
        Crops encoded at once.

    Returns
    -------
    Anchors
    """
    parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for step in range(count // batch):
        crops = mixture.batch(step, batch, side)
        code = guide.encode(crops.seen, torch.bfloat16)
        positions = place_anchors(code, anchors)
        seen = F.avg_pool2d(crops.seen, 2)
        # A 3 x 3 mean, as a small patch of a user's would say.
        truth = F.avg_pool2d(F.avg_pool2d(crops.chroma, 2), 3, 1, 1, count_include_pad=False)
        parts.append(
            (
                token_features(code, seen, positions),
                (positions + 0.5) / torch.tensor(code.shape),
                code.at(truth, positions).transpose(1, 2),
                crops.native,
            )
        )
    return Anchors(*(torch.cat(p).clone() for p in zip(*parts, strict=True)))


def _turned(colours: Tensor, chance: Tensor) -> Tensor:
    """Turn, mirror and scale the a*b* plane of the pictures where `chance` is true."""
    batch = len(colours)
    angle = 2 * math.pi * torch.rand(batch)
    mirror = torch.where(torch.rand(batch) < 0.5, -1.0, 1.0)
    size = torch.empty(batch).uniform_(0.7, 1.2)
    cosine, sine = size * angle.cos(), size * angle.sin()
    matrix = torch.stack(
        [torch.stack([cosine, -sine * mirror], 1), torch.stack([sine, cosine * mirror], 1)], 1
    )
    matrix = torch.where(chance[:, None, None], matrix, torch.eye(2))
    return colours @ matrix


def anchor_loss(model: AnchorDenoiser, objective: Objective, batch: Anchors) -> Tensor:
    """Compute the diffusion loss of a batch: mean squared error of the objective at random times.

    In 30 % of the pictures no colour is known, in the others 1 to 20 random anchors'.
    Two fifths of the pictures with colours of their own, and all others, have them turned.
    """
    size, count, _ = batch.features.shape
    turned = _turned(batch.colours, ~batch.native | (torch.rand(size) < 0.4)) * COLOUR_SCALE
    number = torch.where(torch.rand(size) < 0.3, 0, torch.randint(1, 21, (size,)))
    order = torch.rand(size, count).argsort(1).argsort(1)
    is_known = order < number[:, None]
    known = torch.cat([turned, torch.ones(size, count, 1)], 2) * is_known[..., None]
    t = torch.rand(size)
    epsilon = torch.randn_like(turned)
    z = objective.schedule.diffuse(turned, epsilon, t)
    # Known tokens carry their clean colour, as they do in sampling.
    z = torch.where(is_known[..., None], turned, z)
    target = objective.target(turned, epsilon, t)
    with torch.autocast("cpu", torch.bfloat16):
        predicted = model(z, t, batch.features, batch.places, known)
    error = (predicted.float() - target).square().sum(2) * ~is_known
    mean: Tensor = error.sum() / (~is_known).sum()
    return mean


def fit_anchors(
    model: AnchorDenoiser,
    objective: Objective,
    data: Anchors,
    *,
    minutes: float,
    rate: float = 1e-3,
    batch: int = 48,
    seed: int = 0,
) -> AnchorDenoiser:
    """Train an anchor diffusion within a budget.

    Parameters
    ----------
    model : AnchorDenoiser
        Updated in place.
    objective : Objective
        What it predicts, and the schedule.
    data : Anchors
        From `collect_anchors`.
    minutes : float
        Budget.
    rate : float
        Largest learning rate; cosine decay.
    batch : int
        Pictures a step.
    seed : int
        Of everything random.

    Returns
    -------
    AnchorDenoiser
        The exponential moving average of the weights.
    """
    torch.manual_seed(seed)
    flat = data.features.flatten(0, 1)
    model.centre.copy_(flat.mean(0))
    model.spread.copy_(flat.std(0) + 1e-3)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.02)
    began = time.monotonic()
    step, running = 0, 0.0
    while (progress := (time.monotonic() - began) / (60 * minutes)) < 1:
        warm = min(1.0, (step + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = rate * warm * 0.5 * (1 + math.cos(math.pi * progress))
        rows = torch.randint(len(data.features), (batch,))
        part = Anchors(
            data.features[rows], data.places[rows], data.colours[rows], data.native[rows]
        )
        loss = anchor_loss(model, objective, part)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(model)
        step += 1
        running += float(loss.detach())
        if step % 100 == 0:
            _LOG.info(
                "anchors step %d  loss %.4f  %.1f min",
                step,
                running / 100,
                (time.monotonic() - began) / 60,
            )
            running = 0.0
    model.load_state_dict(average.module.state_dict())
    return model


def sources_for_anchors(config: Mapping[str, Any], seed: int) -> Mixture:
    """Only what shows micrographs: the sources of a configuration with ``anchors: weight``."""
    chosen = [{**s, "weight": s["anchors"]} for s in config["sources"] if s.get("anchors")]
    return Mixture([Source.read(s) for s in chosen], int(np.uint32(seed)))
