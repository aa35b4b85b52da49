"""The options of a run: variations, background and, folded away, steps, seed and device."""

from __future__ import annotations

import random

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_abdiffuser.widgets.common import texts
from napari_abdiffuser.widgets.common.form import Fold, combo, form, spin_box
from napari_abdiffuser.widgets.settings import texts as texts_settings
from napari_abdiffuser.widgets.settings.cache_row import CacheRow
from napari_abdiffuser.widgets.settings.model_row import ModelRow
from napari_abdiffuser.widgets.settings.presets import PresetRow

__all__ = ["Options"]

DEVICES = ("auto", "cpu", "cuda", "mps")
MAX_OUTPUTS = 64
MAX_STEPS = 1000
MAX_SEED = 2**31 - 1
_NAMED = (
    "outputs_field", "background_field", "steps_field", "seed_field", "device_field",
    "data_bar_switch", "welcome_button",
)  # fmt: skip


class Options(QWidget):
    """Fields whose values a run is asked with."""

    device_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outputs_field = spin_box(0, MAX_OUTPUTS, 3, texts.OUTPUTS_TIP)
        self.background_field = combo()
        for value, text in texts.BACKGROUNDS.items():
            self.background_field.addItem(text, value)
        self.background_field.setToolTip(texts.BACKGROUND_TIP)
        self.steps_field = spin_box(0, MAX_STEPS, 0, texts.STEPS_TIP)
        self.steps_field.setSpecialValueText(texts.STEPS_DEFAULT)
        self.seed_field = spin_box(0, MAX_SEED, 0, texts.SEED_TIP)
        self.device_field = combo()
        self.device_field.addItems(DEVICES)
        # 'cuda:1' and its like can be typed.
        self.device_field.setEditable(True)
        self.device_field.setToolTip(texts.DEVICE_TIP)
        self.data_bar_switch = QCheckBox(texts_settings.DATA_BAR, self)
        self.data_bar_switch.setChecked(True)
        self.data_bar_switch.setToolTip(texts_settings.DATA_BAR_TIP)
        self.welcome_button = QPushButton(texts_settings.SHOW_WELCOME, self)
        self.welcome_button.setToolTip(texts_settings.SHOW_WELCOME_TIP)
        self.model_row = ModelRow(self)
        self.cache_row = CacheRow(self)
        self.presets = PresetRow(self)
        for name in _NAMED:
            getattr(self, name).setObjectName(name)

        advanced = QWidget(self)
        advanced.setObjectName("advanced")
        advanced.setLayout(
            form(
                [
                    (texts.STEPS, self.steps_field),
                    (texts.SEED, self._seed_row()),
                    (texts.DEVICE, self.device_field),
                    ("", self.data_bar_switch),
                    (texts_settings.MODEL, self.model_row),
                    (texts_settings.CACHE, self.cache_row),
                    (texts_settings.PRESET, self.presets),
                    ("", self.welcome_button),
                ]
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(
            form(
                [
                    (texts.OUTPUTS, self.outputs_field),
                    (texts.BACKGROUND, self.background_field),
                ]
            )
        )
        self.advanced = Fold(texts.ADVANCED, advanced, self)
        layout.addWidget(self.advanced)
        self.device_field.activated.connect(self._on_device)
        line = self.device_field.lineEdit()
        if line is not None:
            line.editingFinished.connect(self._on_device)
        self._device = self.device

    @property
    def n_outputs(self) -> int:
        """Number of variations."""
        return int(self.outputs_field.value())

    @property
    def background(self) -> str:
        """``'auto'`` or ``'gray'``."""
        return str(self.background_field.currentData())

    @property
    def steps(self) -> int | None:
        """Denoising steps, or None for the model's default."""
        return int(self.steps_field.value()) or None

    @property
    def seed(self) -> int:
        """The random seed."""
        return int(self.seed_field.value())

    @property
    def model(self) -> str:
        """The model in use: a registry name or a path."""
        return self.model_row.model

    @property
    def device(self) -> str:
        """The device asked for."""
        return str(self.device_field.currentText()).strip() or "auto"

    def show_default_steps(self, steps: int) -> None:
        """Say how many steps the model takes when none are asked for."""
        self.steps_field.setSpecialValueText(f"{texts.STEPS_DEFAULT} ({steps})")

    def _seed_row(self) -> QWidget:
        row = QWidget()
        row.setToolTip(texts.SEED_TIP)
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
        if self.device != self._device:
            self._device = self.device
            self.device_chosen.emit(self._device)
