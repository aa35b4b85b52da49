"""Saturation: one slider for everything, one for the chosen class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QWidget,
)

from napari_abdiffuser.widgets.correct import texts

if TYPE_CHECKING:
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.hint_class import HintClass
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["SaturationBar"]

_FULL = 200  # per cent
_DEBOUNCE_MS = 50
_SEAL_MS = 900  # keys and the wheel have no release: a pause ends their step of undo


class _Percent(QWidget):
    """A slider in per cent whose drags arrive calmed down, as one step of undo each."""

    moved = Signal(float)
    ended = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName(name)
        self.slider.setRange(0, _FULL)
        self.slider.setValue(100)
        self.slider.setPageStep(10)
        self.number = QLabel("100 %", self)
        self.number.setMinimumWidth(self.number.fontMetrics().horizontalAdvance("200 %"))
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        self._calm = self._timer(_DEBOUNCE_MS, self._tell)
        self._pause = self._timer(_SEAL_MS, self._end)
        self.slider.valueChanged.connect(self._on_value)
        self.slider.sliderReleased.connect(self._end)

    @property
    def busy(self) -> bool:
        """Whether it is being moved."""
        return self.slider.isSliderDown() or self._calm.isActive()

    def show_value(self, factor: float) -> None:
        """Show a factor without telling anybody."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(100 * factor))
        self.number.setText(f"{self.slider.value()} %")

    def allow(self, allowed: bool, tip: str) -> None:
        """Switch it on or off and say why."""
        self.slider.setEnabled(allowed)
        self.number.setEnabled(allowed)
        self.slider.setToolTip(tip)

    def _timer(self, interval: int, action: Any) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(interval)
        made.timeout.connect(action)
        return made

    def _on_value(self, value: int) -> None:
        self.number.setText(f"{value} %")
        if not self._calm.isActive():
            self._calm.start()  # not started anew: a long drag is followed, not only its end

    def _tell(self) -> None:
        self.moved.emit(self.slider.value() / 100)
        if not self.slider.isSliderDown():
            self._pause.start()

    def _end(self) -> None:
        if self._calm.isActive():
            self._calm.stop()
            self.moved.emit(self.slider.value() / 100)
        self.ended.emit()


class SaturationBar(QWidget):
    """The two sliders, the class that the second is for, and a way back.

    Parameters
    ----------
    store
        Holds the corrections.
    """

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.whole = _Percent("correct_saturation", self)
        self.one = _Percent("correct_class_saturation", self)
        self.class_field = QComboBox(self)
        self.class_field.setObjectName("correct_class")
        self.class_field.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.class_field.setMinimumContentsLength(8)
        self.reset_button = QPushButton(texts.RESET, self)
        self.reset_button.setObjectName("correct_reset")
        heading = QLabel(texts.SATURATION, self)
        heading.setObjectName("abdiffuser_heading")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(heading, 0, 0)
        grid.addWidget(self.whole, 0, 1)
        grid.addWidget(self.class_field, 1, 0)
        grid.addWidget(self.one, 1, 1)
        grid.addWidget(self.reset_button, 2, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(1, 1)
        self.whole.moved.connect(self._on_whole)
        self.one.moved.connect(self._on_one)
        for slider in (self.whole, self.one):
            slider.ended.connect(self._on_end)
        self.class_field.activated.connect(self._on_class)
        self.reset_button.clicked.connect(lambda *_: store.apply(lambda s: s.reset_saturation()))
        store.changed.connect(self._on_state)
        self._refresh(store.state)

    def _chosen(self) -> str | None:
        name = self.class_field.currentData()
        return None if name is None else str(name)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if (
            new.legend is not old.legend
            or new.active != old.active
            or new.corrections is not old.corrections
        ):
            self._refresh(new)

    def _refresh(self, state: StudioState) -> None:
        """Show the state; a slider that is being moved is left alone."""
        classes = [entry for entry in state.legend if entry is not state.legend.gray]
        self._offer(classes, state.active)
        if not self.whole.busy:
            self.whole.show_value(state.corrections.saturation)
        self.whole.allow(True, texts.SATURATION_TIP)
        name = self._chosen()
        entry = None if name is None else state.legend[name]
        if not self.one.busy:
            self.one.show_value(state.corrections.by_class.get(name or "", 1.0))
        why = texts.WHY_LOCKED if entry is not None and entry.locked else texts.WHY_NO_CLASS
        usable = entry is not None and not entry.locked
        self.one.allow(usable, texts.CLASS_SATURATION_TIP if usable else why)
        neutral = state.corrections.neutral
        self.reset_button.setEnabled(not neutral)
        self.reset_button.setToolTip(texts.WHY_NO_RESET if neutral else texts.RESET_TIP)

    def _offer(self, classes: list[HintClass], active: str) -> None:
        """Offer these classes; the active one is chosen, or, if it is gray, the one before."""
        names = [entry.name for entry in classes]
        before = self._chosen()
        with QSignalBlocker(self.class_field):
            self.class_field.clear()
            for name in names:
                self.class_field.addItem(name, name)
            if not names:
                self.class_field.addItem(texts.NO_CLASS, None)
            wanted = active if active in names else before
            self.class_field.setCurrentIndex(names.index(wanted) if wanted in names else 0)
        self.class_field.setEnabled(bool(names))
        self.class_field.setToolTip(texts.CLASS_TIP if names else texts.WHY_NO_CLASS)

    def _on_class(self, _index: int) -> None:
        name = self._chosen()
        if name is not None:
            self._store.apply(lambda s: s.choose(name))
            self._refresh(self._store.state)

    def _on_whole(self, factor: float) -> None:
        self._store.apply(lambda s: s.set_saturation(factor, drag="saturation"))

    def _on_one(self, factor: float) -> None:
        name = self._chosen()
        if name is not None:
            self._store.apply(lambda s: s.set_saturation(factor, name, ("saturation", name)))

    def _on_end(self) -> None:
        self._store.apply(lambda s: s.end_drag())
