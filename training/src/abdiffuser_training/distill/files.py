"""Model files of distillation: the teacher that is read, the students that are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from abdiffuser_training.distill.subjects import distilled_sampling, pixel_student
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.anchors import AnchorDenoiser
from napari_abdiffuser.model.diffusion.sampler import time_grid
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.model.pixel.networks import PixelNetworks
from napari_abdiffuser.weights import ModelFile, read, resolve, write
from napari_abdiffuser.weights.networks import networks_of, write_pixel

__all__ = ["Teacher", "read_teacher", "write_student"]

_STEPS = 16


@dataclass(frozen=True)
class Teacher:
    """A model to distill.

    Attributes
    ----------
    file : ModelFile
        Path, name and sha256.
    networks : Networks or PixelNetworks
        On the CPU.
    metadata : dict
        The file's header.
    """

    file: ModelFile
    networks: Networks | PixelNetworks
    metadata: dict[str, Any]

    def times(self, steps: int | None) -> tuple[float, ...]:
        """Give the times of its samples: `steps` even ones, or as many as its file says.

        Raises
        ------
        InvalidRequest
            If it is itself a student and knows other times only.
        """
        sampling = self.networks.sampling
        if sampling is not None and sampling.distilled:
            if steps not in (None, sampling.steps):
                raise InvalidRequest(
                    f"{self.file.name} was distilled to {sampling.steps} steps and knows no "
                    f"others: leave teacher_steps={steps} out, or distill its own teacher."
                )
            return sampling.times
        own = self.metadata.get("settings", {}).get("steps", _STEPS)
        if sampling is not None:
            own = sampling.steps
        return time_grid(own if steps is None else steps)


def read_teacher(model: str) -> Teacher:
    """Find and read a model of either kind.

    Parameters
    ----------
    model : str
        A registry name, or the path of a ``.safetensors`` file.

    Raises
    ------
    ModelNotFound, ModelCorrupt
        If there is none, or it cannot be read.
    """
    file = resolve(model)
    tensors, metadata = read(file.path)
    return Teacher(file, networks_of(tensors, metadata, file.path), metadata)


def write_student(
    path: Path,
    teacher: Teacher,
    network: nn.Module,
    times: Sequence[float],
    history: Mapping[str, Any],
) -> None:
    """Write a student: as its teacher's file, with other weights and its own way of sampling.

    Parameters
    ----------
    path : Path
        A ``.safetensors`` file; written to a temporary name and moved.
    teacher : Teacher
        The first teacher of the chain.
    network : nn.Module
        The student's network.
    times : sequence of float
        What it knows.
    history : mapping
        JSON-serializable; goes to ``card/distilled`` beside the teacher's name and sha256.
    """
    origin = {"name": teacher.file.name, "sha256": teacher.file.sha256}
    distilled = {"steps": len(times) - 1, "teacher": origin, **history}
    card = {**teacher.metadata.get("card", {}), "distilled": distilled}
    settings = {**teacher.metadata.get("settings", {}), "steps": len(times) - 1}
    networks = teacher.networks
    if isinstance(networks, PixelNetworks):
        size = int(settings.get("work_size", 256))
        write_pixel(path, pixel_student(networks, network, times), card, size)
        return
    assert isinstance(network, AnchorDenoiser)
    config = {**networks.to_config(), "sampling": distilled_sampling(times).to_dict()}
    tensors = {k: v for k, v in networks.state_dict().items() if not k.startswith("anchors.")}
    tensors.update({f"anchors.{k}": v for k, v in network.state_dict().items()})
    half = {k: v.to(torch.float16) for k, v in tensors.items()}
    write(path, half, {**teacher.metadata, "config": config, "settings": settings, "card": card})
