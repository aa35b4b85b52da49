"""The guide's encoder and what can be added to a trained one."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.model.encoder import GuideEncoder

WIDTHS = (8, 16, 24)


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


def test_a_grown_encoder_begins_as_the_smaller_one_was():
    torch.manual_seed(0)
    small = GuideEncoder(WIDTHS, 5).eval()
    for parameter in small.parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))
    grown = GuideEncoder(WIDTHS, 5, more_blocks=(1, 2), contexts=2).eval()
    missing, left = grown.load_state_dict(small.state_dict(), strict=False)
    assert not left
    assert {name.split(".")[0] for name in missing} == {"more_blocks", "contexts"}
    picture = torch.rand(2, 1, 30, 41) * 2 - 1
    before = small(picture)
    assert torch.equal(grown(picture), before)
    # And what was added takes part.
    for name in missing:
        grown.get_parameter(name).add_(0.1)
    assert not torch.allclose(grown(picture), before)
    assert grown(picture).shape == (2, 5, 15, 21)
