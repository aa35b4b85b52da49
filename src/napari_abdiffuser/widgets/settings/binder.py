"""Binding of the kept settings to the window: controls, presets, first steps."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFrame,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.settings.settings import Preferences
from napari_abdiffuser.weights import use_cache_folder
from napari_abdiffuser.widgets.common.footer import Footer, Sentence
from napari_abdiffuser.widgets.common.keyboard import add_shortcut, set_tab_order
from napari_abdiffuser.widgets.session.settings_keeper import SettingsKeeper
from napari_abdiffuser.widgets.settings import texts
from napari_abdiffuser.widgets.settings.napari_preferences import NapariPreferences
from napari_abdiffuser.widgets.settings.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.settings.settings import Settings

__all__ = ["BoundControl", "SettingsBinder", "Welcome"]

_CONTROLS = {
    "n_outputs": "outputs_field",
    "steps": "steps_field",
    "device": "device_field",
    "live": "live_switch",
    "background": "background_field",
    "data_bar": "data_bar_switch",
    "hard_edges": "hard_edges_switch",
    "legend": "figure_legend",
    "scale_bar": "figure_scale_bar",
    "original": "figure_original",
    "letters": "figure_letters",
    "figure_dpi": "figure_dpi",
}
"""Preference: object name of the control that holds it."""

# Choices of where something goes; the preference says whether it is there at all.
_PLACES = ("legend", "scale_bar")


class BoundControl:
    """One control and the preference that it holds.

    Parameters
    ----------
    name
        Of the preference.
    control
        A number field, a switch or a choice.
    """

    def __init__(self, name: str, control: QWidget) -> None:
        self.name = name
        self._control = control

    def value(self) -> Any:
        """Return what the control shows, in the preference's own type."""
        control = self._control
        if isinstance(control, QSpinBox):
            return int(control.value())
        if isinstance(control, QAbstractButton):
            return bool(control.isChecked())
        if isinstance(control, QComboBox):
            data = control.currentData()
            if self.name == "background":
                return Background(data)
            if self.name in _PLACES:
                return data != "none"
            return str(control.currentText()).strip() or "auto"
        raise TypeError(f"{control!r} holds no preference.")

    def show(self, value: Any) -> None:
        """Show a value; the control emits its signals as for a user's choice."""
        control = self._control
        if value == self.value():
            return
        if isinstance(control, QSpinBox):
            control.setValue(value)
        elif isinstance(control, QAbstractButton):
            control.setChecked(value)
        elif isinstance(control, QComboBox):
            if self.name == "background":
                control.setCurrentIndex(control.findData(str(value)))
            elif self.name in _PLACES:
                control.setCurrentIndex(0 if value else control.findData("none"))
            else:
                self._choose_text(control, value)

    def on_change(self, slot: Callable[..., object]) -> None:
        """Connect a slot to the user's and the program's changes."""
        control = self._control
        if isinstance(control, QSpinBox):
            control.valueChanged.connect(slot)
        elif isinstance(control, QAbstractButton):
            control.toggled.connect(slot)
        elif isinstance(control, QComboBox):
            control.currentIndexChanged.connect(slot)
            line = control.lineEdit()
            if line is not None:
                line.editingFinished.connect(slot)

    def _choose_text(self, control: QComboBox, text: str) -> None:
        found = control.findText(text)
        if found >= 0:
            control.setCurrentIndex(found)
        control.setEditText(text)
        # What was typed counts when it is finished, and a program never presses Enter.
        line = control.lineEdit()
        if isinstance(line, QLineEdit):
            line.editingFinished.emit()


def _find_controls(root: QWidget) -> dict[str, BoundControl]:
    found = {name: root.findChild(QWidget, shown) for name, shown in _CONTROLS.items()}
    return {name: BoundControl(name, control) for name, control in found.items() if control}


class Welcome(QFrame):
    """Three lines for first use, shown until they are dismissed."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("abdiffuser_welcome")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        for line in texts.WELCOME:
            sentence = Sentence("welcome_line", self)
            sentence.setText(line)
            column.addWidget(sentence)
        self.button = QPushButton(texts.GOT_IT, self)
        self.button.setObjectName("welcome_dismiss")
        self.button.setToolTip(texts.GOT_IT_TIP)
        self.button.clicked.connect(lambda *_: self.dismissed.emit())
        column.addWidget(self.button)


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
        self._controls = _find_controls(root)
        self._showing = False
        self.keeper.apply(lambda s: self.napari.seen(self.napari.merged_into(s)))
        self._show(self.keeper.settings)
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
        """Save what is not yet saved and cut all connections, even if Qt has deleted objects."""
        self.keeper.cleanup()
        self.napari.cleanup()

    def _connect(self) -> None:
        for control in self._controls.values():
            control.on_change(partial(self._on_control, control.name))
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

    def _use_preset(self, name: str) -> None:
        def use(settings: Settings) -> Settings:
            if name:
                return settings.use_preset(name)
            values = asdict(Preferences())
            # A preset changes neither what the user has read nor where files are.
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
        self._options.welcome_button.setEnabled(not preferences.welcome)
        tip = texts.WHY_WELCOME_SHOWN if preferences.welcome else texts.SHOW_WELCOME_TIP
        self._options.welcome_button.setToolTip(tip)
