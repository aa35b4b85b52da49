"""Arguments of ``abdiffuser colorize``, which are made of the options' descriptions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_abdiffuser import cli
from napari_abdiffuser.cli import colorize
from napari_abdiffuser.options import OPTIONS, RunOptions


def help_of(capsys):
    assert cli.main(["colorize", "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_is_described(name, capsys):
    said = help_of(capsys)
    flag = {"n_outputs": "--n", "data_bar": "--color-data-bar"}.get(name, f"--{name}")
    assert flag in said
    if name != "data_bar":  # the switch says what leaving the bar out means
        assert " ".join(OPTIONS[name].help.split()) in said


def test_a_changed_range_shows_in_the_help(capsys, monkeypatch):
    monkeypatch.setitem(OPTIONS, "steps", replace(OPTIONS["steps"], minimum=3, maximum=17))
    assert "(3 to 17; default: the model's own)" in help_of(capsys)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--n", "65"], "n_outputs is between 0 and 64, not 65."),
        (["--steps", "0"], "steps is between 1 and 1000, not 0."),
        (["--seed", "-1"], "seed is between 0 and"),
        (["--n", "many"], "invalid int value: 'many'"),
        (["--background", "blue"], "invalid choice: 'blue'"),
    ],
)
def test_options_are_checked_before_files_are_read(arguments, fault, capsys):
    assert cli.main(["colorize", "nowhere.png", *arguments]) == 2
    said = capsys.readouterr().err
    assert fault in said
    assert said.count("\n") == 1


def test_arguments_left_out_are_the_options_defaults():
    parser = cli.main.__globals__["_parser"]()
    arguments = parser.parse_args(["colorize", "a.png"])
    values = {name: getattr(arguments, name) for name in OPTIONS}
    assert RunOptions(**values) == colorize._DEFAULTS
