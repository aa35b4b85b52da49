"""TensorBoard and Weights & Biases: used where they are, and said where they are not."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from abdiffuser_training.engine.trackers import make_trackers
from napari_abdiffuser.errors import InvalidRequest


class FakeWandb(types.ModuleType):
    """What is used of wandb, writing down what it is told."""

    def __init__(self):
        super().__init__("wandb")
        self.begun, self.logged, self.finished = [], [], 0
        self.Image = lambda picture, caption: (picture.shape, caption)

    def init(self, **how):
        self.begun.append(how)
        return types.SimpleNamespace(log=self.logged.append, finish=self.finish)

    def finish(self):
        self.finished += 1


def make(folder, tensorboard="off", wandb="off"):
    return make_trackers(folder, tensorboard=tensorboard, wandb=wandb, config={"seed": 1})


def test_weights_and_biases_gets_one_run_for_a_folder(tmp_path, monkeypatch):
    fake = FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    for step in (1, 2):  # the second is a resumed run
        (tracker,) = make(tmp_path, wandb="offline")
        tracker.figures("guide", step, {"loss": 0.5})
        tracker.picture("guide", step, np.zeros((4, 6, 3), np.uint8))
        tracker.close()
    assert fake.begun[0] == fake.begun[1]
    assert fake.begun[0]["mode"] == "offline"
    assert fake.begun[0]["id"]
    assert fake.logged[:2] == [
        {"guide/step": 1, "guide/loss": 0.5},
        {"guide/preview": ((4, 6, 3), "step 1")},
    ]
    assert fake.finished == 2


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_writes_events(tmp_path):
    pytest.importorskip("tensorboard")
    (tracker,) = make(tmp_path, tensorboard="on")
    tracker.figures("guide", 1, {"loss": 0.5})
    tracker.picture("guide", 1, np.zeros((4, 6, 3), np.uint8))
    tracker.close()
    assert list((tmp_path / "tensorboard").glob("events*"))


def test_what_is_missing_is_said_only_where_it_is_wanted(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert make(tmp_path, tensorboard="auto") == ()
    with pytest.raises(InvalidRequest, match="pip install tensorboard"):
        make(tmp_path, tensorboard="on")
    with pytest.raises(InvalidRequest, match="pip install wandb"):
        make(tmp_path, wandb="online")
