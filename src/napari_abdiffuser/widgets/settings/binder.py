"""What the dock widget remembers: preferences, presets, open sections, the first-use hint."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.studio.settings.settings import Preferences
from napari_abdiffuser.weights import use_cache_folder
from napari_abdiffuser.widgets.common.footer import Footer
from napari_abdiffuser.widgets.common.form import Fold
from napari_abdiffuser.widgets.common.keyboard import add_shortcut, set_tab_order
from napari_abdiffuser.widgets.session.settings_keeper import SettingsKeeper
from napari_abdiffuser.widgets.settings import texts
from napari_abdiffuser.widgets.settings.bound_controls import find_controls
from napari_abdiffuser.widgets.settings.napari_preferences import NapariPreferences
from napari_abdiffuser.widgets.settings.options import Options
from napari_abdiffuser.widgets.settings.welcome import Welcome

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_abdiffuser.studio.settings.settings import Settings

__all__ = ["SettingsBinder"]

_FOLDS = "open"


class SettingsBinder(QObject):
    """Shows the kept settings in the controls, and keeps what the user changes there.

    Parameters
    ----------
    root
        The dock widget, with all its controls.
    options
        Where presets and the cache folder are.
    welcome
        The hint for first use.
    footer
        Where the button that starts and cancels is.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, root: QWidget, options: Options, welcome: Welcome, footer: Footer) -> None:
        super().__init__(root)
        self.keeper = SettingsKeeper(self)
        self.napari = NapariPreferences(self)
        self._options = options
        self._welcome = welcome
        self._footer = footer
        self._controls = find_controls(root)
        self._folds = {fold.key: fold for fold in root.findChildren(Fold)}
        self._showing = False
        self.keeper.apply(lambda s: self.napari.seen(self.napari.merged_into(s)))
        self._show(self.keeper.settings)
        for key, opened in self.keeper.settings.window.get(_FOLDS, {}).items():
            if key in self._folds:
                self._folds[key].header.setChecked(bool(opened))
        self._connect()
        self.napari.write(self.keeper.settings)
        set_tab_order(root)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            add_shortcut(root, keys, self._run)
        add_shortcut(root, "Esc", self._cancel)

    @property
    def notices(self) -> tuple[str, ...]:
        """What was wrong with the settings file, in sentences."""
        return self.keeper.notices

    def cleanup(self) -> None:
        """Save what is not yet saved and cut all connections; works when Qt was faster."""
        self.keeper.cleanup()
        self.napari.cleanup()

    def _connect(self) -> None:
        for control in self._controls.values():
            control.on_change(partial(self._on_control, control.name))
        for key, fold in self._folds.items():
            fold.header.toggled.connect(partial(self._on_fold, key))
        presets = self._options.presets
        presets.used.connect(self._use_preset)
        presets.saved.connect(self._save_preset)
        presets.deleted.connect(self._delete_preset)
        self._options.model_row.chosen.connect(lambda model: self._set("model", str(model)))
        self._options.cache_row.chosen.connect(lambda folder: self._set("cache", str(folder)))
        self._options.welcome_button.clicked.connect(lambda *_: self._set("welcome", True))
        self._welcome.dismissed.connect(lambda: self._set("welcome", False))
        self.keeper.changed.connect(self._on_settings)
        self.keeper.failed.connect(self.failed)
        self.napari.changed.connect(self._set)

    def _run(self) -> None:
        if not self._footer.busy:
            self._footer.button.click()

    def _cancel(self) -> None:
        if self._footer.busy:
            self._footer.button.click()

    # --- from the window to the settings ---

    def _on_control(self, name: str, *_: Any) -> None:
        if not self._showing:
            self._set(name, self._controls[name].value())

    def _set(self, name: str, value: Any) -> None:
        self.keeper.apply(lambda s: s.change(**{name: value}))

    def _on_fold(self, key: str, opened: bool) -> None:
        self.keeper.apply(lambda s: s.remember(_FOLDS, {**s.window.get(_FOLDS, {}), key: opened}))

    def _use_preset(self, name: str) -> None:
        def use(settings: Settings) -> Settings:
            if name:
                return settings.use_preset(name)
            values = asdict(Preferences())
            # Neither what the user has read nor where files are is a matter of taste.
            return settings.change(
                **{k: v for k, v in values.items() if k not in ("welcome", "cache")}
            )

        if self.keeper.apply(use):
            self.said.emit(texts.USED.format(name=name or texts.ORIGINAL))

    def _save_preset(self, name: str) -> None:
        names = (*(n for n in self._controls if n in asdict(Preferences())), "model")
        if self.keeper.apply(lambda s: s.keep_preset(name, *names)):
            self.said.emit(texts.SAVED.format(name=name))

    def _delete_preset(self, name: str) -> None:
        if self.keeper.apply(lambda s: s.drop_preset(name)):
            self.said.emit(texts.DELETED.format(name=name))

    # --- from the settings to the window ---

    def _on_settings(self, new: Settings, old: Settings) -> None:
        self._show(new)
        if new.preferences != old.preferences:
            self.napari.write(new)
            self.keeper.apply(self.napari.seen)

    def _show(self, settings: Settings) -> None:
        preferences = settings.preferences
        self._showing = True
        try:
            for name, control in self._controls.items():
                control.show(getattr(preferences, name))
        finally:
            self._showing = False
        self._options.presets.show_names([preset.name for preset in settings.presets])
        use_cache_folder(preferences.cache)
        self._options.model_row.prefer(preferences.model)
        self._options.cache_row.refresh()
        self._welcome.setVisible(preferences.welcome)
        self._options.welcome_button.setEnabled(not preferences.welcome)
        tip = texts.WHY_WELCOME_SHOWN if preferences.welcome else texts.SHOW_WELCOME_TIP
        self._options.welcome_button.setToolTip(tip)
