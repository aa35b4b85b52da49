"""Settings for all tests: where windows can be shown, and saying so loudly where they cannot."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

# Before napari is imported: writing layer attributes off the main thread is an error in tests.
os.environ.setdefault("NAPARI_ENSURE_PLUGIN_MAIN_THREAD", "1")

_GUI = Path(__file__).parent / "tests" / "gui"
_WINDOW_TESTS_LEFT_OUT = pytest.StashKey[int]()


def _screen_missing() -> str:
    """Return why no window can be shown, or ''."""
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return "QT_QPA_PLATFORM=offscreen has no OpenGL"
    if not sys.platform.startswith("linux"):
        return ""
    if os.environ.get("DISPLAY") or shutil.which("Xvfb"):  # pytest-xvfb starts the latter
        return ""
    return "there is no screen (DISPLAY) and no Xvfb"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reason = _screen_missing()
    left_out = 0
    for item in items:
        if _GUI in item.path.parents:
            item.add_marker(pytest.mark.window)
        if reason and item.get_closest_marker("window"):
            item.add_marker(pytest.mark.skip(reason=reason))
            left_out += 1
    config.stash[_WINDOW_TESTS_LEFT_OUT] = left_out


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    left_out = config.stash.get(_WINDOW_TESTS_LEFT_OUT, 0)
    if left_out:
        write = terminalreporter.write_line
        terminalreporter.section("WINDOW TESTS NOT RUN", sep="!", red=True, bold=True)
        write(f"{left_out} tests that open a window were SKIPPED: {_screen_missing()}.")
        write("The plugin's widgets are UNTESTED by this run. On Debian and Ubuntu:")
        write("    apt-get install xvfb libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0")
        terminalreporter.write_sep("!", red=True, bold=True)
