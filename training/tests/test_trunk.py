"""The trunk's published weights: read, kept as they are while the rest learns, or refused."""

from __future__ import annotations

import pytest
import torch

from abdiffuser_training.engine.optimization import make_optimizer
from abdiffuser_training.engine.trunk import PACKAGE, begin_trunk
from abdiffuser_training.tasks.guide import GuideTask
from abdiffuser_training.tasks.stage_settings import Crops, GuideStage
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.guide.trunk import Trunk


def published_as(trunk):
    """The state of the PyTorch port that gives this trunk: normalization that does nothing."""
    state = {}
    for name, value in trunk.state_dict().items():
        if name.endswith("bias"):
            continue
        parts = name.split(".")
        bias = trunk.state_dict()[name.replace("weight", "bias")]
        if parts[0] == "stem":
            conv, norm = "_conv_stem", "_bn0"
            value = torch.cat([value, torch.zeros_like(value), torch.zeros_like(value)], 1)
        else:
            number = {"expand": 0, "depthwise": 1, "project": 2}[parts[2]]
            conv, norm = f"_blocks.{parts[1]}._{parts[2]}_conv", f"_blocks.{parts[1]}._bn{number}"
        state[f"{conv}.weight"] = value
        state |= {f"{norm}.weight": torch.ones_like(bias), f"{norm}.bias": bias}
        state |= {f"{norm}.running_mean": torch.zeros_like(bias)}
        state |= {f"{norm}.running_var": torch.full_like(bias, 1 - 1e-3)}
    return state


def test_a_file_of_published_weights_is_taken_over_and_frozen(tmp_path):
    torch.manual_seed(0)
    wanted, trunk = Trunk(), Trunk()
    torch.save(published_as(wanted), tmp_path / "lite0.pth")
    begin_trunk(trunk, tmp_path / "lite0.pth")
    for name, value in trunk.state_dict().items():
        torch.testing.assert_close(value, wanted.state_dict()[name])
    assert not any(p.requires_grad for p in trunk.parameters())


def test_the_package_stands_for_the_file_it_brings(tmp_path, monkeypatch):
    torch.manual_seed(0)
    wanted, trunk = Trunk(), Trunk()
    (tmp_path / PACKAGE / "models").mkdir(parents=True)
    (tmp_path / PACKAGE / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InvalidRequest, match="pip install"):
        begin_trunk(trunk, PACKAGE)
    torch.save(published_as(wanted), tmp_path / PACKAGE / "models" / "lite0.pth")
    begin_trunk(trunk, PACKAGE)
    torch.testing.assert_close(trunk.stem.weight, wanted.stem.weight)


def test_other_files_are_refused_with_what_to_do(tmp_path):
    with pytest.raises(InvalidRequest, match="cannot be read"):
        begin_trunk(Trunk(), tmp_path / "none.pth")
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("no weights")
    for name in ("other.pth", "text.pth"):
        with pytest.raises(InvalidRequest, match="pip install"):
            begin_trunk(Trunk(), tmp_path / name)


def test_a_guide_with_a_trunk_does_not_begin_without_one():
    with pytest.raises(InvalidRequest, match=r"guide\.trunk"):
        GuideTask(GuideStage(crops=[Crops()]), "lite", mixture=None)


@pytest.mark.parametrize("settings", [{"trunk": "lite0.pth"}, {"trunk_rate": 0.1}])
def test_what_is_said_of_a_trunk_is_not_ignored_where_there_is_none(settings):
    with pytest.raises(InvalidRequest, match="size=tiny has no trunk"):
        GuideTask(GuideStage(crops=[Crops()], **settings), "tiny", mixture=None)


def started(tmp_path, **settings):
    """A task whose trunk begins with a file of published weights, and its settings."""
    torch.save(published_as(Trunk()), tmp_path / "lite0.pth")
    stage = GuideStage(steps=1, trunk=str(tmp_path / "lite0.pth"), **settings)
    return GuideTask(stage, "lite", mixture=None), stage


def test_a_trunk_is_tuned_at_its_share_of_the_rate(tmp_path):
    task, stage = started(tmp_path, trunk_rate=0.1)
    groups = make_optimizer(task.losses, stage, task.rates).param_groups
    trunk = {id(p) for p in task.network.encoder.trunk.parameters()}
    by_factor = {group["factor"]: {id(p) for p in group["params"]} for group in groups}
    assert by_factor[0.1] == trunk
    assert by_factor[1.0] == {id(p) for p in task.network.parameters()} - trunk


def test_without_a_rate_of_its_own_a_trunk_is_left_out(tmp_path):
    task, stage = started(tmp_path)
    (group,) = make_optimizer(task.losses, stage, task.rates).param_groups
    assert not {id(p) for p in task.network.encoder.trunk.parameters()} & {
        id(p) for p in group["params"]
    }


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_rate_of_the_trunk_is_a_share(share):
    with pytest.raises(InvalidRequest, match="trunk_rate"):
        GuideStage(steps=1, trunk_rate=share).check()
