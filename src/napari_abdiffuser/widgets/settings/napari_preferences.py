"""napari's own Preferences window: the settings that it shows of this plugin, where it can."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.widgets.common.connections import Connections

if TYPE_CHECKING:
    from napari_abdiffuser.studio.settings.settings import Settings

__all__ = ["NAMES", "NapariPreferences"]

NAMES = {
    "device": "device",
    "n_outputs": "n_outputs",
    "live": "live",
    "highlight": "gray_unless_hinted",  # napari cannot show a plugin's property named 'highlight'
    "data_bar": "data_bar",
    "cache": "cache",
}
"""Preferences, and what they are called in napari.yaml under ``configurations: studio``."""

_PLUGIN = "napari-abdiffuser"
_SEEN = "napari"


class _Property:
    """One property of napari's settings, connected; bound methods of it can be held weakly."""

    def __init__(self, name: str, tell: Any) -> None:
        self.name = name
        self._tell = tell

    def on_event(self, event: Any) -> None:
        """Hand the new value on."""
        self._tell(self.name, event.value)


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
        self._properties: list[_Property] = []
        if self._page is None:
            return
        for name, shown in NAMES.items():
            prop = _Property(name, self._on_napari)
            self._properties.append(prop)
            self._connections.connect(getattr(self._page.events, shown), prop.on_event)

    @property
    def available(self) -> bool:
        """Whether napari has a page for this plugin."""
        return self._page is not None

    def values(self) -> dict[str, Any]:
        """Return what the page holds."""
        page = self._page
        return {} if page is None else {name: getattr(page, n) for name, n in NAMES.items()}

    def merged_into(self, settings: Settings) -> Settings:
        """Return settings with what was changed on the page while no studio was open."""
        seen = settings.window.get(_SEEN, {})
        for name, value in self.values().items():
            if isinstance(seen, dict) and name in seen and seen[name] != value:
                try:
                    settings = settings.change(**{name: value})
                except InvalidRequest:
                    continue  # the page takes more than the studio can do with
        return settings

    def write(self, settings: Settings) -> None:
        """Show the settings on the page, from where napari saves them."""
        page = self._page
        if page is None:
            return
        self._writing = True
        try:
            for name, shown in NAMES.items():
                value = getattr(settings.preferences, name)
                if getattr(page, shown) != value:
                    setattr(page, shown, value)
        finally:
            self._writing = False

    def seen(self, settings: Settings) -> Settings:
        """Return settings that remember what the page held last."""
        if self._page is None:
            return settings
        held = {name: asdict(settings.preferences)[name] for name in NAMES}
        return settings.remember(_SEEN, held)

    def cleanup(self) -> None:
        """Cut all connections; without Qt."""
        self._connections.cleanup()

    def _on_napari(self, name: str, value: Any) -> None:
        if not self._writing:
            self.changed.emit(name, value)


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
    return page if all(hasattr(page, shown) for shown in NAMES.values()) else None
