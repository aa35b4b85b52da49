"""The file, device and settings of a loaded model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from napari_abdiffuser._version import version
from napari_abdiffuser.colorizer.devices import DeviceChoice
from napari_abdiffuser.weights import ModelFile

__all__ = ["ModelInfo"]

_DEFAULT_STEPS = 16
_DEFAULT_WORK_SIZE = 384


@dataclass(frozen=True, eq=False)
class ModelInfo:
    """What results and pictures know of the model that made them.

    Attributes
    ----------
    file : ModelFile
        Name, path and hash.
    choice : DeviceChoice
        Device, precision and the reason for them.
    settings : mapping
        Of the file: ``steps`` and ``work_size``.
    """

    file: ModelFile
    choice: DeviceChoice
    settings: Mapping[str, Any]

    @property
    def default_steps(self) -> int:
        """Denoising steps when none are asked for."""
        return int(self.settings.get("steps", _DEFAULT_STEPS))

    @property
    def work_size(self) -> int:
        """Longer side, in pixels, that pictures are encoded at; small ones at most doubled."""
        return int(self.settings.get("work_size", _DEFAULT_WORK_SIZE))

    def describe(self) -> dict[str, Any]:
        """Return model, device and versions for provenance; JSON-serializable."""
        return {
            "model": {"name": self.file.name, "sha256": self.file.sha256},
            "device": str(self.choice.device),
            "precision": str(self.choice.precision).removeprefix("torch."),
            "versions": {
                "napari-abdiffuser": version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
        }
