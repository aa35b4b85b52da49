"""What the command line says of mistakes: one line, whatever they are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from abdiffuser_training import cli


def test_a_mistake_on_many_lines_is_told_on_one(tmp_path, capsys):
    path = tmp_path / "bad.yaml"
    path.write_text("guide: [\n")
    assert cli.main(["fit", str(path)]) == 2
    told = capsys.readouterr().err
    assert "is not YAML" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (OSError(28, "No space left on device", "a.csv"), 2, "No space left on device: 'a.csv'"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_what_the_system_says_is_no_traceback(monkeypatch, capsys, error, status, told):
    def fails(arguments):
        raise error

    parsed = (SimpleNamespace(run=fails), [])
    parser = SimpleNamespace(parse_known_args=lambda argv: parsed)
    monkeypatch.setattr(cli, "_parser", lambda: parser)
    assert cli.main([]) == status
    assert told in capsys.readouterr().err
