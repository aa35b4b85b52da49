"""Controls that show and set a preference, found by their object names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSpinBox, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CONTROLS", "BoundControl", "find_controls"]

CONTROLS = {
    "n_outputs": "outputs_field",
    "steps": "steps_field",
    "device": "device_field",
    "live": "live_switch",
    "highlight": "background_field",
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
_CHOICES = ("legend", "scale_bar")


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
            if self.name == "highlight":
                return data == "gray"
            if self.name in _CHOICES:
                return data != "none"
            return str(control.currentText()).strip() or "auto"
        raise TypeError(f"{control!r} holds no preference.")

    def show(self, value: Any) -> None:
        """Show a value; those who listen to the control hear of it as of a user's choice."""
        control = self._control
        if value == self.value():
            return
        if isinstance(control, QSpinBox):
            control.setValue(value)
        elif isinstance(control, QAbstractButton):
            control.setChecked(value)
        elif isinstance(control, QComboBox):
            if self.name == "highlight":
                control.setCurrentIndex(control.findData("gray" if value else "auto"))
            elif self.name in _CHOICES:
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


def find_controls(root: QWidget) -> dict[str, BoundControl]:
    """Return the controls that there are below a widget."""
    found = {}
    for name, object_name in CONTROLS.items():
        control = root.findChild(QWidget, object_name)
        if control is not None:
            found[name] = BoundControl(name, control)
    return found
