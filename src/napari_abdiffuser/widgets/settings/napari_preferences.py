"""Page of the plugin in napari's own Preferences window, where napari has one."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.studio.settings.settings import from_stored, to_stored
from napari_abdiffuser.widgets.common.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.settings.settings import Settings

__all__ = ["NapariPreferences"]

_NAMES = {
    "device": "device",
    "n_outputs": "n_outputs",
    "live": "live",
    "highlight": "gray_unless_hinted",  # napari cannot show a plugin's property named 'highlight'
    "data_bar": "data_bar",
    "cache": "cache",
}
"""Stored preferences, and their names in napari.yaml under ``configurations: studio``."""

_PLUGIN = "napari-abdiffuser"
_SEEN = "napari"


class _Property:
    """One property of the page; unlike a closure, its bound method can be held weakly."""

    def __init__(self, name: str, changed: Callable[[str, Any], None]) -> None:
        self._name = name
        self._changed = changed

    def on_event(self, event: Any) -> None:
        """Pass the new value on."""
        self._changed(self._name, event.value)


class NapariPreferences(QObject):
    """Keeps the plugin's page of napari's Preferences and the studio's settings the same.

    napari has such pages from 0.9 on; before, everything here does nothing.
    """

    changed = Signal(str, object)
    """Emitted with a preference and its new value when it was changed in napari's window."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._page = _find_page()
        self._connections = Connections()
        self._writing = False
        self._properties = [_Property(name, self._on_page) for name in _NAMES]
        if self._page is None:
            return
        for shown, prop in zip(_NAMES.values(), self._properties, strict=True):
            self._connections.connect(getattr(self._page.events, shown), prop.on_event)

    def merged_into(self, settings: Settings) -> Settings:
        """Return settings with what was changed on the page while no studio was open."""
        seen = settings.window.get(_SEEN, {})
        if self._page is None or not isinstance(seen, dict):
            return settings
        for name, shown in _NAMES.items():
            value = getattr(self._page, shown)
            if name in seen and seen[name] != value:
                try:
                    settings = settings.change(**from_stored({name: value}))
                except InvalidRequest:
                    continue  # the page takes values that the studio does not
        return settings

    def write(self, settings: Settings) -> None:
        """Show the settings on the page, from where napari saves them."""
        page = self._page
        if page is None:
            return
        self._writing = True
        try:
            for name, value in _held(settings).items():
                if getattr(page, _NAMES[name]) != value:
                    setattr(page, _NAMES[name], value)
        finally:
            self._writing = False

    def seen(self, settings: Settings) -> Settings:
        """Return settings that remember the values that the page held last."""
        return settings if self._page is None else settings.remember(_SEEN, _held(settings))

    def cleanup(self) -> None:
        """Cut all connections; without Qt."""
        self._connections.cleanup()

    def _on_page(self, name: str, value: Any) -> None:
        if not self._writing:
            for changed, new in from_stored({name: value}).items():
                self.changed.emit(changed, new)


def _held(settings: Settings) -> dict[str, Any]:
    stored = to_stored(asdict(settings.preferences))
    return {name: stored[name] for name in _NAMES}


def _find_page() -> Any:
    """Return napari's evented model of the plugin's preferences, or None."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:  # before napari 0.9
        return None
    try:
        page = get_plugin_settings(_PLUGIN).studio
    except (KeyError, AttributeError):  # not registered: the widget was made by hand
        return None
    return page if all(hasattr(page, shown) for shown in _NAMES.values()) else None
