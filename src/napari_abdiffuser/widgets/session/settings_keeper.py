"""The settings of a window: read when it opens, written a moment after they change."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from napari.qt.threading import FunctionWorker
from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.studio.settings.settings import (
    Settings,
    load_settings,
    merge,
    save_settings,
    settings_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SettingsKeeper"]

_SAVE_AFTER_MS = 400


class _Writer:
    """Writes settings to the file, the newest last, and keeps what others wrote meanwhile."""

    def __init__(self, path: Path, base: Settings) -> None:
        self._path = path
        self._base = base
        self._lock = threading.Lock()
        self._written = 0

    def write(self, settings: Settings, number: int) -> str:
        """Write; return '' or a sentence that says why it was not possible."""
        with self._lock:
            if number <= self._written:
                return ""
            try:
                whole = merge(self._base, settings, load_settings(self._path)[0])
                save_settings(whole, self._path)
            except ABDiffuserError as error:
                return str(error)
            # Not `whole`: the difference to what this window holds is what it changed.
            self._base, self._written = settings, number
            return ""


class _Relay(QObject):
    """Carries a failure out of the worker, which keeps it alive: a closed window is no harm."""

    failed = Signal(str)


class SettingsKeeper(QObject):
    """Holds `Settings`; every change is saved, in a worker, when there is a pause."""

    changed = Signal(object, object)
    """Emitted with the new settings and those before."""

    failed = Signal(str)
    """Emitted with a sentence when settings were refused or could not be read or saved."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        path = settings_path()
        self._settings, self.notices = load_settings(path)
        self._writer = _Writer(path, self._settings)
        self._relay = _Relay()
        self._relay.failed.connect(self.failed)
        self._number = 0
        self._dirty = False
        self._worker: Any = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_AFTER_MS)
        self._timer.timeout.connect(self._save)

    @property
    def settings(self) -> Settings:
        """The present settings."""
        return self._settings

    def apply(self, transition: Callable[[Settings], Settings]) -> bool:
        """Replace the settings by what a transition makes of them; whether it was possible."""
        before = self._settings
        try:
            after = transition(before)
        except ABDiffuserError as error:
            self.failed.emit(str(error))
            return False
        if after != before:
            self._settings = after
            self._dirty = True
            self._timer.start()
            self.changed.emit(after, before)
        return True

    def cleanup(self) -> None:
        """Write what is not yet written, at once; without Qt, which may have been faster."""
        if self._dirty:
            self._dirty = False
            self._number += 1
            self._writer.write(self._settings, self._number)

    def _save(self) -> None:
        self._dirty = False
        self._number += 1
        writer, relay, settings, number = self._writer, self._relay, self._settings, self._number

        def write() -> None:
            fault = writer.write(settings, number)
            if fault:
                relay.failed.emit(fault)

        self._worker = FunctionWorker(write)  # not in napari's list of tasks: it is no task
        self._worker.start()
