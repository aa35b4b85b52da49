"""The options of a run: variations, background, and those that are seldom changed."""

from __future__ import annotations

import random

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from napari_abdiffuser.options import OPTIONS, Background, RunOptions
from napari_abdiffuser.widgets.common import texts
from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.common.form import form, number_field, option_field
from napari_abdiffuser.widgets.settings import texts as settings_texts
from napari_abdiffuser.widgets.settings.models import CacheRow, ModelRow
from napari_abdiffuser.widgets.settings.presets import PresetRow

__all__ = ["Options"]


class Options(QWidget):
    """Fields whose values a run is asked with.

    Those that are seldom changed are laid out here; `outputs_field` and `background_field` are for
    others to place.
    """

    device_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outputs_field = number_field("n_outputs", "outputs_field")
        self.steps_field = number_field("steps", "steps_field")
        self.seed_field = number_field("seed", "seed_field")
        self._background = option_field("background", "background_field")
        self.background_field: QComboBox = self._background.native
        self.device_field: QComboBox = option_field("device", "device_field").native
        self.data_bar_switch: QCheckBox = option_field("data_bar", "data_bar_switch").native
        self.steps_field.setSpecialValueText(texts.STEPS_DEFAULT)
        self.steps_field.setToolTip(f"{OPTIONS['steps'].help} {texts.STEPS_UNSET}")
        self.device_state = Sentence("colorize_device", self)
        """Where the model runs, and why."""
        self.welcome_button = QPushButton(settings_texts.SHOW_WELCOME, self)
        self.welcome_button.setObjectName("welcome_button")
        self.welcome_button.setToolTip(settings_texts.SHOW_WELCOME_TIP)
        self.model_row = ModelRow(self)
        self.cache_row = CacheRow(self)
        self.presets = PresetRow(self)

        self.setLayout(
            form(
                [
                    ("", self.data_bar_switch),
                    (settings_texts.PRESET, self.presets),
                    (OPTIONS["steps"].label, self.steps_field),
                    (OPTIONS["seed"].label, self._seed_row()),
                    (OPTIONS["device"].label, self.device_field),
                    ("", self.device_state),
                    (OPTIONS["model"].label, self.model_row),
                    (settings_texts.CACHE, self.cache_row),
                    ("", self.welcome_button),
                ]
            )
        )
        self.device_field.activated.connect(self._on_device)
        line = self.device_field.lineEdit()
        if line is not None:
            line.editingFinished.connect(self._on_device)
        self._device = self.device()

    @property
    def values(self) -> RunOptions:
        """What the fields show."""
        return RunOptions(
            n_outputs=self.outputs_field.value(),
            steps=self.steps_field.value() or None,
            seed=self.seed_field.value(),
            background=Background.parse(self._background.value),
            model=self.model_row.model,
            device=self.device(),
            data_bar=self.data_bar_switch.isChecked(),
        )

    def device(self) -> str:
        """Return the device that is chosen or typed."""
        return self.device_field.currentText().strip() or RunOptions.device

    def show_default_steps(self, steps: int) -> None:
        """Say how many steps the model takes when none are asked for."""
        self.steps_field.setSpecialValueText(f"{texts.STEPS_DEFAULT} ({steps})")

    def _seed_row(self) -> QWidget:
        row = QWidget()
        row.setToolTip(OPTIONS["seed"].help)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        self.new_seed_button = QPushButton(texts.NEW_SEED)
        self.new_seed_button.setObjectName("new_seed_button")
        self.new_seed_button.setToolTip(texts.NEW_SEED_TIP)
        self.new_seed_button.clicked.connect(self._new_seed)
        layout.addWidget(self.seed_field, 1)
        layout.addWidget(self.new_seed_button)
        return row

    def _new_seed(self) -> None:
        self.seed_field.setValue(random.randrange(1_000_000))

    def _on_device(self) -> None:
        # Both pressing Enter and leaving the field arrive here.
        device = self.device()
        if device != self._device:
            self._device = device
            self.device_chosen.emit(device)
