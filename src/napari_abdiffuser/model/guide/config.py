"""Shapes of guides: the numbers that a model file keeps of them, and the named sizes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["SIZES", "GuideConfig"]


@dataclass(frozen=True)
class GuideConfig:
    """Shape of a guide.

    Attributes
    ----------
    widths : tuple of int
        Channels of the encoder's levels, from half resolution down.
    heads, head_features : int
        Attention heads over the hints, and features each of them compares.
    edge_features : int
        Features that the propagation compares between neighbours.
    dilations : tuple of int
        Distances of the propagation's neighbours, in cells of half resolution.
    sweeps : int
        Jacobi sweeps.
    highlight : bool
        Whether the guide learned to claim more narrowly where all else stays gray.
    trunk : bool
        Whether the encoder looks through the first stages of EfficientNet-Lite0 as well.
    geodesic : bool
        Whether the attention knows how much of edges lies between a cell and a hint.
    auto_range : float
        Largest a* and b* of the automatic colour, ab / 110. The first embedded model was trained
        at 0.6; shrunk to this its colouring without hints is nearer to the truth than gray also
        where errors are pooled over pictures.
    """

    widths: tuple[int, ...] = (48, 96, 192, 320)
    heads: int = 3
    head_features: int = 16
    edge_features: int = 8
    dilations: tuple[int, ...] = (16, 8, 4, 2, 1)
    sweeps: int = 5
    highlight: bool = False
    trunk: bool = False
    geodesic: bool = False
    auto_range: float = 0.48

    def to_dict(self) -> dict[str, Any]:
        """JSON-serializable form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> GuideConfig:
        """Inverse of `to_dict`."""
        kept: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**kept)


SIZES: dict[str, GuideConfig] = {
    "tiny": GuideConfig(
        (16, 24, 32),
        heads=2,
        head_features=8,
        dilations=(4, 2, 1),
        highlight=True,
        geodesic=True,
    ),
    "small": GuideConfig(highlight=True, geodesic=True),
    "lite": GuideConfig(highlight=True, trunk=True, geodesic=True),
    "base": GuideConfig(
        (64, 128, 256, 384), heads=4, head_features=24, highlight=True, geodesic=True
    ),
}
