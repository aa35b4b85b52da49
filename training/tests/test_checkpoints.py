"""Checkpoints: whole or not there."""

from __future__ import annotations

import json

import pytest
import torch

from abdiffuser_training.engine.checkpoints import Checkpoints, read_checkpoint, write_whole
from abdiffuser_training.engine.errors import TrainingFailed


def state(step):
    return {"step": step, "seconds": 1.5, "best": 2.0, "weights": torch.arange(1000.0) + step}


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "torn":
        path.write_bytes(content[: len(content) // 2])
    elif how == "flipped":  # a flipped bit that torch would read without a word
        at = content.find(torch.arange(1000.0)[500:503].numpy().tobytes()[:4])
        content[at] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes(b"")


@pytest.mark.parametrize("how", ["torn", "flipped", "empty"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, how, caplog):
    checkpoints = Checkpoints(tmp_path, keep=3)
    for step in (1, 2):
        checkpoints.save(state(step))
    damage(tmp_path / "step-00000002.pt", how)
    loaded = checkpoints.load()
    assert loaded["step"] == 1
    torch.testing.assert_close(loaded["weights"], state(1)["weights"])
    assert "step-00000002.pt" in caplog.text
    assert "Falling back" in caplog.text
    damage(tmp_path / "step-00000001.pt", how)
    with pytest.raises(TrainingFailed, match="None of the 2 checkpoints"):
        checkpoints.load()


def test_killed_between_checkpoint_and_its_hash_it_still_reads(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    path = checkpoints.save(state(3))
    path.with_suffix(".json").unlink()
    assert read_checkpoint(path)["step"] == 3
    (tmp_path / "step-00000003.99.partial").write_bytes(b"left by a killed run")
    checkpoints.clean()
    assert not list(tmp_path.glob("*.partial"))


def test_only_the_last_few_and_the_best_stay(tmp_path):
    checkpoints = Checkpoints(tmp_path / "new", keep=2)
    assert checkpoints.load() is None
    for step in range(5):
        checkpoints.save(state(step), best=step == 1)
    assert [p.name[5:13] for p in checkpoints.all()] == ["00000004", "00000003"]
    assert read_checkpoint(checkpoints.best())["step"] == 1
    about = json.loads((tmp_path / "new" / "best.json").read_text())
    assert about["step"] == 1


def test_no_code_is_ever_read(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    path = tmp_path / "step-00000001.pt"
    torch.save({"step": Evil()}, path)
    with pytest.raises(TrainingFailed, match="cannot be read"):
        read_checkpoint(path)


def test_a_file_is_written_whole_or_stays(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, b"one")
    with pytest.raises(TypeError):
        write_whole(path, "no bytes")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]
