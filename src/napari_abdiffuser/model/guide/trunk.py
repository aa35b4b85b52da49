"""First stages of EfficientNet-Lite0, which has learned from photographs what objects look like.

Liu 2020, "Higher accuracy on vision models with EfficientNet-Lite" (TensorFlow blog), after Tan and
Le 2019, table 1: inverted residuals without squeeze and excitation, ReLU6 instead of swish. Batch
normalization is folded into the convolutions; the three colours of the first one are added up,
since a micrograph shows all three the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["TRUNK_WIDTHS", "Trunk"]

TRUNK_WIDTHS = (24, 40, 112)
"""Channels that the trunk gives at a quarter, an eighth and a sixteenth of the resolution."""

_STEM = 32
# Kernel, stride, expansion and channels of every block.
_BLOCKS = (
    (3, 1, 1, 16),
    (3, 2, 6, 24), (3, 1, 6, 24),
    (5, 2, 6, 40), (5, 1, 6, 40),
    (3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80),
    (5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112),
)  # fmt: skip
_TAPS = (2, 4, 10)  # after these blocks a resolution ends
_SCALES = (0.1, 0.15, 0.3)  # bring each resolution's features to about one
_EPSILON = 1e-3  # of the published batch normalization


class _Halving(nn.Conv2d):
    """Convolution whose padding, TensorFlow's "SAME", lies at the lower right where it halves."""

    def forward(self, x: Tensor) -> Tensor:
        extra = self.kernel_size[0] - self.stride[0]
        before, after = extra // 2, extra - extra // 2
        return super().forward(F.pad(x, (before, after, before, after)))


def _spatial(channels_in: int, channels: int, kernel: int, stride: int, groups: int) -> nn.Conv2d:
    if stride > 1:
        return _Halving(channels_in, channels, kernel, stride, groups=groups)
    return nn.Conv2d(channels_in, channels, kernel, padding=kernel // 2, groups=groups)


class _InvertedResidual(nn.Module):
    """Expand, look around within each channel, project; a skip where the shapes allow one."""

    def __init__(self, before: int, kernel: int, stride: int, expansion: int, after: int) -> None:
        super().__init__()
        wide = before * expansion
        self.expand = nn.Conv2d(before, wide, 1) if expansion > 1 else None
        self.depthwise = _spatial(wide, wide, kernel, stride, wide)
        self.project = nn.Conv2d(wide, after, 1)
        self.skips = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else F.relu6(self.expand(x))
        out: Tensor = self.project(F.relu6(self.depthwise(wide)))
        return x + out if self.skips else out


class Trunk(nn.Module):
    """EfficientNet-Lite0 down to a sixteenth of the resolution."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _spatial(1, _STEM, 3, 2, 1)
        blocks, before = [], _STEM
        for kernel, stride, expansion, after in _BLOCKS:
            blocks.append(_InvertedResidual(before, kernel, stride, expansion, after))
            before = after
        self.blocks = nn.ModuleList(blocks)

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Features of a picture.

        Parameters
        ----------
        lightness : Tensor
            (B, 1, H, W), L* / 50 - 1; height and width are multiples of 16.

        Returns
        -------
        list of Tensor
            (B, `TRUNK_WIDTHS`, H / s, W / s) for s = 4, 8, 16.
        """
        x = F.relu6(self.stem(lightness))
        taps: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in _TAPS:
                taps.append(x * _SCALES[len(taps)])
        return taps

    def load_published(self, published: Mapping[str, Tensor]) -> None:
        """Take the published weights over.

        Parameters
        ----------
        published : mapping of str to Tensor
            State of EfficientNet-Lite0 as its PyTorch port names it; what comes after the trunk
            is left out.

        Raises
        ------
        KeyError
            If some of it is missing.
        RuntimeError
            If some of it has another shape.
        """
        state = {}
        for ours, theirs, norm in _names():
            kernel, scale, shift = published[f"{theirs}.weight"], *_affine(published, norm)
            if ours == "stem":
                kernel = kernel.sum(1, keepdim=True)
            state[f"{ours}.weight"] = kernel * scale[:, None, None, None]
            state[f"{ours}.bias"] = shift
        self.load_state_dict(state)


def _names() -> list[tuple[str, str, str]]:
    names = [("stem", "_conv_stem", "_bn0")]
    for index, (_, _, expansion, _) in enumerate(_BLOCKS):
        parts = ("expand", "depthwise", "project")[0 if expansion > 1 else 1 :]
        for part in parts:
            norm = ("expand", "depthwise", "project").index(part)
            theirs = f"_blocks.{index}"
            names.append(
                (f"blocks.{index}.{part}", f"{theirs}._{part}_conv", f"{theirs}._bn{norm}")
            )
    return names


def _affine(published: Mapping[str, Tensor], norm: str) -> tuple[Tensor, Tensor]:
    scale = published[f"{norm}.weight"] / torch.sqrt(published[f"{norm}.running_var"] + _EPSILON)
    return scale, published[f"{norm}.bias"] - scale * published[f"{norm}.running_mean"]
