"""Optimizer, learning rate, and the state of everything random."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from abdiffuser_training.engine.settings import TrainSettings

__all__ = ["learning_rate", "make_optimizer", "random_state", "seed_step", "set_random_state"]


def make_optimizer(
    network: nn.Module, settings: TrainSettings, rates: Mapping[str, float] | None = None
) -> torch.optim.Optimizer:
    """Adam or AdamW over what is trainable.

    Parameters
    ----------
    network : nn.Module
        What is trained.
    settings : TrainSettings
        ``optimizer``, ``rate``, ``betas``, ``weight_decay``.
    rates : mapping of str to float or None
        How parameters' names begin, and what their rate is multiplied by; one for all others.

    Returns
    -------
    torch.optim.Optimizer
        Each of its groups has this factor as ``factor``.
    """
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in trained:
        factors = (factor for start, factor in (rates or {}).items() if name.startswith(start))
        groups.setdefault(next(factors, 1.0), []).append(parameter)
    parameters = [{"params": group, "factor": factor} for factor, group in groups.items()]
    betas = (settings.betas[0], settings.betas[1])
    if settings.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=settings.rate, betas=betas)
    return torch.optim.AdamW(
        parameters, lr=settings.rate, betas=betas, weight_decay=settings.weight_decay
    )


def learning_rate(settings: TrainSettings, step: int, progress: float) -> float:
    """Rate of a step: a linear rise, then constant or half a cosine down to its floor.

    Parameters
    ----------
    settings : TrainSettings
        ``rate``, ``schedule``, ``warmup``, ``floor``.
    step : int
        From 0.
    progress : float
        Share of the budget spent, [0, 1].

    Returns
    -------
    float
    """
    warm = min(1.0, (step + 1) / settings.warmup) if settings.warmup else 1.0
    if settings.schedule == "constant":
        return settings.rate * warm
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return settings.rate * warm * (settings.floor + (1 - settings.floor) * cosine)


def seed_step(seed: int, step: int, part: int) -> None:
    """Seed torch's generators for one part of one step, whatever came before it."""
    word = np.random.SeedSequence((seed, step, part)).generate_state(1, np.uint64)[0]
    torch.manual_seed(int(word >> np.uint64(1)))


def random_state() -> dict[str, Any]:
    """State of Python's, numpy's and torch's generators, as tensors and plain values."""
    kind, words, gauss = random.getstate()
    # The global generator is what libraries that know no other draw from.
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "python": [kind, list(words), gauss],
        "numpy": [name, [int(key) for key in keys], int(position), int(has_gauss), float(cached)],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: Mapping[str, Any]) -> None:
    """Inverse of `random_state`; GPUs that are not here any more are left out."""
    kind, numbers, gauss = state["python"]
    random.setstate((kind, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    words = np.array(keys, np.uint32)
    np.random.set_state((name, words, position, has_gauss, cached))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
