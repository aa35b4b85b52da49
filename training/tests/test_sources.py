"""What a configuration says of its pictures: mistakes are named, what is held out stays out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from abdiffuser_training.data.batches import Mixture, Source
from napari_abdiffuser.errors import InvalidRequest


@pytest.fixture
def folder(tmp_path):
    for name in "abc":
        pixels = np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return tmp_path


def source(path, **settings):
    return Source.read({"shards": [str(path)], **settings})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"zom": 2}, "no setting zom"),
        ({"shards": []}, "needs shards"),
        ({"shards": 3}, "needs shards"),
        ({"shards": ["nowhere.tar"]}, "nothing at"),
        ({"mode": "disk"}, "one of auto, memory, stream"),
        ({"mode": "stream", "drop_last": 2}, "drop_last"),
        ({"colours": {"turned": 2}}, "not a share"),
        ({"colours": {"turnt": 1}}, "not a share"),
        ({"colours": 0.3}, "colours of a source"),
        ({"weight": "heavy"}, "weight: heavy; give a number"),
        ({"zoom": 0}, "zoom: 0; give a number, 1 or more"),
        ({"drop_last": -1}, "drop_last: -1"),
        ({"hold": 0}, "hold: 0"),
        ({"memory": None}, "memory: None"),
    ],
)
def test_settings_that_cannot_be_are_refused(folder, wrong, message):
    with pytest.raises(InvalidRequest, match=message):
        source(folder, **wrong)


def test_a_source_without_weight_is_none(folder):
    with pytest.raises(InvalidRequest, match="no source"):
        Mixture([source(folder, weight=0.0)], 0)


@pytest.mark.parametrize(("drop", "left"), [(0, "abc"), (1, "ab"), (3, ""), (5, "")])
def test_more_held_out_than_there_is_leaves_nothing(folder, drop, left):
    assert [item.key for item in source(folder, drop_last=drop).items] == list(left)


def test_scenes_are_drawn_where_there_are_no_shards():
    source = Source.read({"scenes": 2, "side": 48, "native": False})
    assert len(source.items) == 2
    assert source.items[0].instances is not None
    again = Source.read({"scenes": 2, "side": 48})
    assert torch.equal(source.items[1].pixels, again.items[1].pixels)
    with pytest.raises(InvalidRequest, match="side"):
        Source.read({"scenes": 2, "side": 3})
