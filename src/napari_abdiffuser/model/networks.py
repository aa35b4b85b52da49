"""The networks of one model file, built from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from napari_abdiffuser.model.diffusion.anchors import AnchorConfig, AnchorDenoiser
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.diffusion.schedule import Objective, Schedule
from napari_abdiffuser.model.guide.network import Guide, GuideConfig
from napari_abdiffuser.model.upsample import Upsampler

__all__ = ["Networks"]


class Networks(nn.Module):
    """Guide, anchor diffusion and upsampler.

    Parameters
    ----------
    guide : GuideConfig
        Shape of the guide.
    anchors : AnchorConfig
        Shape of the anchor diffusion.
    objective : Objective
        What the anchor diffusion predicts, and its schedule.
    sampling : SamplerConfig or None
        How a distilled anchor diffusion is sampled; None for one that knows all times.
    """

    def __init__(
        self,
        guide: GuideConfig,
        anchors: AnchorConfig,
        objective: Objective,
        sampling: SamplerConfig | None = None,
    ) -> None:
        super().__init__()
        self.guide = Guide(guide)
        self.anchors = AnchorDenoiser(anchors)
        self.upsampler = Upsampler()
        self.objective = objective
        self.sampling = sampling

    @classmethod
    def fresh(cls, guide: GuideConfig, schedule: Schedule | None = None) -> Networks:
        """Untrained networks around a guide of some shape."""
        features = guide.heads * guide.head_features + guide.heads + 4
        objective = Objective("v", schedule or Schedule("sigmoid"))
        return cls(guide, AnchorConfig(features), objective)

    def to_config(self) -> dict[str, Any]:
        """JSON-serializable configuration."""
        config = {
            "guide": self.guide.config.to_dict(),
            "anchors": self.anchors.config.to_dict(),
            "objective": self.objective.kind,
            "schedule": self.objective.schedule.to_dict(),
        }
        return config if self.sampling is None else {**config, "sampling": self.sampling.to_dict()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Networks:
        """Networks of a configuration with these weights, ready for inference.

        Raises
        ------
        KeyError, TypeError, ValueError, RuntimeError
            If configuration and weights do not fit each other.
        """
        networks = cls(
            GuideConfig.from_dict(config["guide"]),
            AnchorConfig(**config["anchors"]),
            Objective(config["objective"], Schedule.from_dict(config["schedule"])),
            SamplerConfig.from_dict(config["sampling"]) if "sampling" in config else None,
        )
        networks.load_state_dict({name: t.float() for name, t in tensors.items()})
        return networks.eval().requires_grad_(False)
