"""Training of the guide: resumable, within a budget of minutes."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from abdiffuser_training.data.batches import Batch, Mixture, Source
from abdiffuser_training.hint_sampling import HintSettings, hint_batch
from abdiffuser_training.losses import charbonnier, log_mse
from napari_abdiffuser.model.guide import SIZES, Guide

__all__ = ["fit_guide", "guide_loss"]

_LOG = logging.getLogger(__name__)


def guide_loss(guide: Guide, batch: Batch, settings: HintSettings, seed: int, step: int) -> Tensor:
    """Loss of a batch: the true chroma against the colours that simulated hints spread.

    Parameters
    ----------
    guide : Guide
        The network.
    batch : Batch
        Pictures.
    settings : HintSettings
        The simulated user.
    seed, step : int
        The user's randomness, see `hint_batch`.

    Returns
    -------
    Tensor
        Scalar.
    """
    hints = hint_batch(batch, settings, seed, step)
    truth = F.avg_pool2d(batch.chroma, 2)
    with torch.autocast("cpu", torch.bfloat16):
        maps = guide.encoder(batch.seen)
    code = guide.decode(maps)
    attention = guide.attend(code, hints.positions, hints.valid, batch.highlight)
    # Colours that were painted at random say nothing about the automatic colour.
    auto = code.auto * batch.native[:, None, None, None]
    spread, mixed = guide.paint(code, attention, hints.colours, hints.hint_map, auto.detach())
    loss = charbonnier(spread - truth, 0.03) + 0.4 * charbonnier(mixed - truth, 0.03)
    loss = loss + 0.02 * log_mse(spread - truth, 3e-4)
    automatic = charbonnier(code.auto - truth, 0.2) * batch.native
    return loss.mean() + automatic.mean()


def _stage(config: Mapping[str, Any], progress: float) -> Mapping[str, Any]:
    for stage in config["stages"]:
        if progress < stage["until"]:
            return dict(stage)
    return dict(config["stages"][-1])


def _rate(config: Mapping[str, Any], step: int, progress: float) -> float:
    warm = min(1.0, (step + 1) / 200)
    cosine = 0.5 * (1 + np.cos(np.pi * min(1.0, progress)))
    return float(config["rate"] * warm * (0.01 + 0.99 * cosine))


def _save(path: Path, state: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def fit_guide(config: Mapping[str, Any], folder: Path, *, resume: bool) -> Path:
    """Train a guide.

    Parameters
    ----------
    config : mapping
        size, minutes, rate, seed, stages (until, side, batch), sources.
    folder : Path
        Where the checkpoint ``guide.pt`` and the log are kept.
    resume : bool
        Continue from the checkpoint when there is one.

    Returns
    -------
    Path
        The checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config["seed"])
    guide = Guide(SIZES[config["size"]]).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(guide, multi_avg_fn=get_ema_multi_avg_fn(config["ema"]))
    optimizer = torch.optim.AdamW(
        guide.parameters(), lr=config["rate"], betas=(0.9, 0.98), weight_decay=0.01
    )
    step, spent = 0, 0.0
    checkpoint = folder / "guide.pt"
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        guide.load_state_dict(state["guide"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["seconds"]
    mixture = Mixture([Source.read(s) for s in config["sources"]], config["seed"])
    settings = HintSettings()
    budget = 60.0 * config["minutes"]
    running, saved = 0.0, time.monotonic()

    def save() -> None:
        _save(
            checkpoint,
            {
                "guide": guide.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step,
                "seconds": spent,
            },
        )

    while spent < budget:
        began = time.monotonic()
        stage = _stage(config, spent / budget)
        for group in optimizer.param_groups:
            group["lr"] = _rate(config, step, spent / budget)
        batch = mixture.batch(step, stage["batch"], stage["side"])
        loss = guide_loss(guide, batch, settings, config["seed"], step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(guide.parameters(), 1.0)
        if torch.isfinite(norm):
            optimizer.step()
            average.update_parameters(guide)
        step += 1
        spent += time.monotonic() - began
        running += float(loss.detach())
        if step % 50 == 0:
            _LOG.info(
                "step %d  min %.1f  side %d  loss %.4f  %.2f s/step",
                step,
                spent / 60,
                stage["side"],
                running / 50,
                time.monotonic() - began,
            )
            running = 0.0
        if time.monotonic() - saved > 120:
            save()
            saved = time.monotonic()
    save()
    return checkpoint
