"""The progress bar of commands."""

from __future__ import annotations

import io

from napari_abdiffuser.cli.common import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_drawn_once_a_percent_and_ends_its_line(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with ProgressBar("fetching") as progress:
        for done in range(1001):
            progress(done, 1000)
    said = terminal.getvalue()
    assert said.count("\r") == 101
    assert said.endswith(f"\rfetching [{'#' * 25}] 100 %\n")


def test_nothing_is_drawn_into_a_file_or_before_the_first_step(monkeypatch, capsys):
    with ProgressBar("colorizing") as progress:
        progress(1, 2)
    monkeypatch.setattr("sys.stderr", Terminal())
    with ProgressBar("colorizing"):
        pass
    assert capsys.readouterr().err == ""
