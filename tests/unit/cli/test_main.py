"""Exit status and messages of the command line."""

from __future__ import annotations

import pytest

from napari_abdiffuser.cli import info, main, models
from napari_abdiffuser.errors import Cancelled, ModelNotFound


@pytest.mark.parametrize(
    ("raised", "status", "message"),
    [
        (None, 0, ""),
        (ModelNotFound("There is none.\n  Check  the path."), 2, "There is none. Check the path."),
        (Cancelled("Stopped."), 130, "cancelled; no unfinished file was left."),
        (KeyboardInterrupt(), 130, "cancelled; no unfinished file was left."),
    ],
)
def test_a_command_ends_with_a_status_and_at_most_one_line(
    raised, status, message, capsys, monkeypatch
):
    def run(arguments):
        if raised is not None:
            raise raised

    monkeypatch.setattr(info, "_run", run)
    assert main(["info"]) == status
    assert capsys.readouterr().err == (f"abdiffuser: {message}\n" if message else "")


def test_what_the_parser_refuses_takes_one_line(capsys):
    assert main([]) == 2
    assert main(["paint"]) == 2
    for said in capsys.readouterr().err.splitlines():
        assert said.startswith("abdiffuser: ")
        assert said.endswith("--help)")


def test_fetching_prints_where_the_model_is(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("napari_abdiffuser.weights.fetch", lambda name, bar: tmp_path / name)
    assert main(["models", "fetch", "default"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'default'}\n"
    assert models.__all__ == ["add_parser"]
