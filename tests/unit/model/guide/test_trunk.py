"""The trunk against the published layers written out: convolutions with batch normalization."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from napari_abdiffuser.model.guide.encoder import GuideEncoder
from napari_abdiffuser.model.guide.trunk import TRUNK_WIDTHS, Trunk

# Of EfficientNet-Lite0: repeats, kernel, stride, expansion, channels (Tan and Le 2019, table 1).
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))


class Published:
    """Random weights under the names of the PyTorch port, and what they compute."""

    def __init__(self):
        self.state, self.steps = {}, []
        self._add("_conv_stem", "_bn0", 3, 32, 3, 2)
        before, index = 32, 0
        self.blocks = []
        for repeats, kernel, stride, expansion, after in STAGES:
            for repeat in range(repeats):
                step, name = stride if repeat == 0 else 1, f"_blocks.{index}."
                wide = before * expansion
                if expansion > 1:
                    self._add(f"{name}_expand_conv", f"{name}_bn0", before, wide, 1, 1)
                self._add(f"{name}_depthwise_conv", f"{name}_bn1", 1, wide, kernel, step)
                self._add(f"{name}_project_conv", f"{name}_bn2", wide, after, 1, 1)
                self.blocks.append((name, expansion > 1, step, step == 1 and before == after))
                before, index = after, index + 1

    def _add(self, conv, norm, before, after, kernel, stride):
        size = (after, before, kernel, kernel)
        self.state[f"{conv}.weight"] = torch.randn(size) * (before * kernel * kernel) ** -0.5
        self.state[f"{norm}.weight"] = torch.rand(after) + 0.5
        self.state[f"{norm}.bias"] = torch.randn(after)
        self.state[f"{norm}.running_mean"] = torch.randn(after) * 0.3
        self.state[f"{norm}.running_var"] = torch.rand(after) + 0.2

    def _run(self, x, conv, norm, stride=1, groups=1):
        kernel = self.state[f"{conv}.weight"]
        # TensorFlow's "SAME": as much as is needed, the odd pixel at the lower right.
        need = [max((-(-n // stride) - 1) * stride + kernel.shape[-1] - n, 0) for n in x.shape[2:]]
        pads = [need[1] // 2, need[1] - need[1] // 2, need[0] // 2, need[0] - need[0] // 2]
        x = F.conv2d(F.pad(x, pads), kernel, stride=stride, groups=groups)
        names = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(self.state[f"{norm}.{n}"] for n in names), eps=1e-3)

    def __call__(self, gray):
        x = F.relu6(self._run(gray.repeat(1, 3, 1, 1), "_conv_stem", "_bn0", 2))
        maps = []
        for name, expands, stride, skips in self.blocks:
            y = F.relu6(self._run(x, f"{name}_expand_conv", f"{name}_bn0")) if expands else x
            wide = y.shape[1]
            y = F.relu6(self._run(y, f"{name}_depthwise_conv", f"{name}_bn1", stride, wide))
            y = self._run(y, f"{name}_project_conv", f"{name}_bn2")
            x = x + y if skips else y
            maps.append(x)
        return maps


def test_published_weights_give_the_published_features():
    torch.manual_seed(0)
    published, trunk = Published(), Trunk()
    trunk.load_published(published.state)
    gray = torch.rand(2, 1, 48, 80) * 2 - 1
    maps = published(gray)
    for index, (tap, width) in enumerate(zip(trunk(gray), TRUNK_WIDTHS, strict=True)):
        expected = maps[(2, 4, 10)[index]]
        assert tap.shape == (2, width, 12 >> index, 20 >> index)
        scale = (tap * expected).sum() / expected.square().sum()
        torch.testing.assert_close(tap, scale * expected, atol=1e-4, rtol=1e-4)


def test_weights_of_another_network_are_refused():
    published = Published().state
    with pytest.raises(KeyError):
        Trunk().load_published({k: v for k, v in published.items() if "_blocks.7" not in k})
    published["_blocks.3._project_conv.weight"] = torch.zeros(48, 144, 1, 1)
    with pytest.raises(RuntimeError):
        Trunk().load_published(published)


def test_a_trunk_changes_nothing_until_its_joins_have_learned():
    torch.manual_seed(0)
    encoder = GuideEncoder((16, 24, 32, 40), 5, trunk=True)
    plain = GuideEncoder((16, 24, 32, 40), 5)
    own = {k: v for k, v in encoder.state_dict().items() if not k.startswith(("trunk", "joins"))}
    plain.load_state_dict(own)
    picture = torch.rand(1, 1, 37, 51) * 2 - 1
    torch.testing.assert_close(encoder(picture), plain(picture))
    nn.init.normal_(encoder.joins[1].weight)
    assert not torch.allclose(encoder(picture), plain(picture))
