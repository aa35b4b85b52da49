"""Buttons below the list of classes: add, recolour, merge, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QGridLayout, QMenu, QPushButton, QWidget

from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.legend.hints import counts
from napari_abdiffuser.widgets.legend import texts
from napari_abdiffuser.widgets.legend.class_list import swatch_icon

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.palettes import Palette
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["LegendActions"]

# While a colour is dragged around, the legend follows so often.
_DEBOUNCE_MS = 25


class LegendActions(QWidget):
    """What can be done with the chosen class.

    Parameters
    ----------
    store
        Holds the legend.
    palette
        Gives the palette that new classes take their colours from.
    """

    color_dragged = Signal(str)
    """Emitted with '#rrggbb' while the user looks for a colour."""

    def __init__(
        self, store: Store, palette: Callable[[], Palette], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._palette = palette
        self._color = ""
        self._target = ""
        self._drag: object = None
        self._dialog: QColorDialog | None = None
        self.add_button = self._button("legend_add", texts.ADD, texts.ADD_TIP)
        self.color_button = self._button("legend_color", texts.RECOLOR, texts.RECOLOR_TIP)
        self.merge_button = self._button("legend_merge", texts.MERGE, texts.MERGE_TIP)
        self.remove_button = self._button("legend_remove", texts.REMOVE, texts.REMOVE_TIP)
        self.unused_button = self._button("legend_unused", texts.UNUSED, texts.UNUSED_TIP)
        self.merge_menu = QMenu(self)
        self.merge_menu.aboutToShow.connect(self._fill_merge)
        self.merge_button.setMenu(self.merge_menu)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for column, button in enumerate(
            (
                self.add_button,
                self.color_button,
                self.merge_button,
                self.remove_button,
                self.unused_button,
            )
        ):
            grid.addWidget(button, 0, column)
        self._grid = grid
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DEBOUNCE_MS)
        self._timer.timeout.connect(self._recolor)
        self.add_button.clicked.connect(self.add)
        self.color_button.clicked.connect(self.ask_color)
        self.remove_button.clicked.connect(self.remove)
        self.unused_button.clicked.connect(self.remove_unused)
        store.changed.connect(self._on_state)
        self._refresh(store.state)

    def add_control(self, control: QWidget) -> None:
        """Put another control at the end of the row."""
        self._grid.addWidget(control, 0, self._grid.columnCount())

    def add(self) -> None:
        """Add a class in a free colour of the palette."""
        palette = self._palette()
        color = self._store.state.legend.free_color(palette)
        name = next((c.name for c in palette.colors if c.color == color), None)
        self._store.apply(lambda s: s.add_class(name, color))

    def remove(self) -> None:
        """Remove the chosen class with its hints."""
        name = self._store.state.active
        self._store.apply(lambda s: s.remove_class(name))

    def remove_unused(self) -> None:
        """Remove the classes that no hint of this picture is of, locked ones and gray aside."""
        names = _unused(self._store.state)

        def remove(state: StudioState) -> StudioState:
            kept = [entry for entry in state.legend if entry.name not in names]
            legend = Legend(tuple(kept))
            chosen = state if state.active in legend else state.choose(legend.gray.name)
            return chosen.set_legend(legend, texts.UNUSED_LABEL)

        if names:
            self._store.apply(remove)

    def ask_color(self) -> None:
        """Let the user look for a colour; hints follow at once."""
        state = self._store.state
        self._target, self._drag = state.active, object()
        dialog = QColorDialog(QColor(state.legend[self._target].hex), self)
        dialog.setObjectName("legend_color_dialog")
        dialog.currentColorChanged.connect(lambda color: self.drag_color(color.name()))
        before = state.legend[self._target].hex
        dialog.rejected.connect(lambda: self.drag_color(before))
        dialog.finished.connect(lambda _: self._end_drag())
        self._dialog = dialog
        dialog.open()

    def drag_color(self, color: str) -> None:
        """Give the chosen class a colour in a moment, unless another one follows."""
        self._color = color
        if not self._timer.isActive():
            self._timer.start()

    def _recolor(self) -> None:
        name, color, drag = self._target, self._color, self._drag
        if name in self._store.state.legend:
            self._store.apply(lambda s: s.recolor_class(name, color, drag=drag))

    def _end_drag(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self._recolor()
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _fill_merge(self) -> None:
        """Offer the other classes."""
        self.merge_menu.clear()
        active = self._store.state.active
        for entry in self._store.state.legend:
            if entry.name != active:
                action = self.merge_menu.addAction(swatch_icon(entry.hex), entry.name)
                if action is not None:
                    action.triggered.connect(lambda *_, into=entry.name: self._merge(active, into))

    def _merge(self, source: str, target: str) -> None:
        self._store.apply(lambda s: s.merge_classes(source, target).choose(target))

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.legend is not old.legend or new.active != old.active or new.hints is not old.hints:
            self._refresh(new)

    def _refresh(self, state: StudioState) -> None:
        """Switch buttons on and off, and say why."""
        entry = state.legend[state.active]
        why = texts.WHY_GRAY if entry == state.legend.gray else ""
        why = texts.WHY_LOCKED if entry.locked else why
        alone = texts.WHY_ALONE if len(state.legend) < 2 else ""
        _allow(self.color_button, texts.RECOLOR_TIP, why)
        _allow(self.remove_button, texts.REMOVE_TIP, why)
        _allow(self.merge_button, texts.MERGE_TIP, why or alone)
        _allow(self.unused_button, texts.UNUSED_TIP, "" if _unused(state) else texts.WHY_ALL_USED)

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setToolTip(tip)
        button.setProperty("slim", True)
        return button


def _unused(state: StudioState) -> set[str]:
    """Return the classes that no hint, of any slice, is of; gray and locked ones are wanted."""
    used = {name for hints in state.document.slices.values() for name in counts(hints)}
    return {
        entry.name
        for entry in state.legend
        if entry.name not in used and not entry.locked and entry != state.legend.gray
    }


def _allow(button: QPushButton, tip: str, why_not: str) -> None:
    button.setEnabled(not why_not)
    button.setToolTip(why_not or tip)
