"""A task that learns in milliseconds: a line through noisy points."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from abdiffuser_training.engine.settings import TrainSettings
from abdiffuser_training.engine.task import TensorBatch

SETTINGS = TrainSettings(
    steps=12, rate=0.05, warmup=3, ema=0.5, log_steps=1, save_steps=4, save_minutes=0, patience=3
)


class Losses(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, batch):
        # Dropout stands for whatever draws from the global generator.
        x = nn.functional.dropout(batch["x"], 0.1)
        return (self.network(x) - batch["y"]).square().mean()


class Line:
    """``bad`` steps give NaN; ``after`` is called with every place that is drawn."""

    name = "line"

    def __init__(self, bad=(), after=None, count=8):
        torch.manual_seed(0)
        self.network = nn.Linear(3, 1)
        self.losses = Losses(self.network)
        self.bad, self.after, self.count = bad, after, count
        self.validated = iter(())

    def batch(self, place):
        if self.after is not None:
            self.after(place)
        rng = np.random.default_rng((5, place.step))
        x = torch.from_numpy(rng.standard_normal((self.count, 3), dtype=np.float32))
        y = x @ torch.tensor([[1.0], [-2.0], [0.5]])
        if place.step in self.bad:
            y = y * torch.nan
        own = slice(place.part, None, place.parts)
        return TensorBatch({"x": x[own], "y": y[own]})

    def preview(self, network):
        return np.full((4, 6, 3), 255 * (next(network.parameters()).ndim == 2), np.uint8)

    def validate(self, network):
        value = next(self.validated, None)
        return {} if value is None else {"loss": value}
