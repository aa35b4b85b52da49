"""From colour to numbers: the class map as a layer, and a table of areas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.files.atomic import write_bytes
from napari_abdiffuser.jobs.measure import Measured, measured
from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.common.form import form, push_button, spin_box
from napari_abdiffuser.widgets.measure import texts
from napari_abdiffuser.widgets.measure.layer import ClassLayer
from napari_abdiffuser.widgets.measure.table import AreaView
from napari_abdiffuser.widgets.session.panel import Context, Panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.document.state import StudioState

__all__ = ["MeasurePanel"]

_MIN, _MOST = 1, 100_000
_LEAST_AT_FIRST = 9  # a speck of three pixels across


class MeasurePanel(Panel):
    """Makes the class map and shows what it adds up to.

    Parameters
    ----------
    context
        See `Context`.
    """

    title: ClassVar[str] = texts.TITLE

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.class_layer = ClassLayer(context.viewer)
        self._found: Measured | None = None
        self.map_button = push_button("measure_map", texts.MAP, self.measure)
        self.least_field = spin_box(_MIN, _MOST, _LEAST_AT_FIRST, texts.LEAST_TIP, " px")
        self.least_field.setObjectName("measure_least")
        self.note = Sentence("abdiffuser_info", self, lines=2)
        self.table = AreaView(self)
        self.copy_button = push_button("measure_copy", texts.COPY, self.copy)
        self.save_button = push_button("measure_save", texts.SAVE, self.save)
        row = QHBoxLayout()
        row.addWidget(self.copy_button, 1)
        row.addWidget(self.save_button, 1)
        self.column.addLayout(form([(texts.LEAST, self.least_field)]))
        self.column.addWidget(self.map_button)
        self.column.addWidget(self.table)
        self.column.addWidget(self.note)
        self.column.addLayout(row)
        context.store.changed.connect(self._on_state)
        context.bench.ready.connect(self._refresh)
        context.bench.lost.connect(self._on_lost)
        self._refresh()

    def cleanup(self) -> None:
        """Cut all connections; a second time does nothing."""
        super().cleanup()
        self.class_layer.forget()

    # --- what the user does ---

    def measure(self) -> None:
        """Make the class map and the table in a worker."""
        state, least = self.context.store.state, self.least_field.value()
        hints, background = state.hints, state.corrections.background

        def job(opened: Any, _cancelled: Callable[[], bool]) -> Measured:
            return measured(opened, hints, background, least)

        self.said.emit(texts.RUNNING)
        self.context.bench.run(
            job, self._show, key="measure", label=texts.MAP, failed=self.failed.emit
        )

    def copy(self) -> None:
        """Put the table into the clipboard."""
        self.table.copy()
        self.said.emit(texts.COPIED)

    def save(self) -> None:
        """Ask for a file and write the table into it."""
        opened = self.context.bench.current
        name = "table" if opened is None else texts.LAYER.format(name=opened.source.name)
        path, _ = QFileDialog.getSaveFileName(
            self, texts.SAVE_CAPTION, f"{name}.csv", texts.SAVE_FILTER
        )
        if path:
            self.save_to(Path(path))

    def save_to(self, path: Path) -> None:
        """Write the table as a CSV file; without a suffix it gets one."""
        path = path if path.suffix else path.with_suffix(".csv")
        try:
            # With a mark of its encoding: spreadsheets would read 'µm²' wrongly without.
            write_bytes(path, self.table.csv().encode("utf-8-sig"), "table")
        except ABDiffuserError as error:
            self.failed.emit(str(error))
            return
        self.said.emit(texts.SAVED.format(path=path))

    # --- what comes of it ---

    def _show(self, found: Measured) -> None:
        opened = self.context.bench.current
        if opened is None:
            return
        self._found = found
        layer = self.class_layer.show(found, opened)
        self.table.show_measured(found)
        self._refresh()
        self.said.emit(texts.DONE.format(classes=texts.classes(len(found.names)), layer=layer.name))

    def _on_lost(self) -> None:
        """Forget numbers that are of another picture; the layer stays."""
        self._found = None
        self.class_layer.forget()
        self._refresh()

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.document is not old.document or new.index != old.index:
            self._refresh()

    def _refresh(self, *_: object) -> None:
        """Switch buttons on and off, and say why."""
        found, why = self._found, self._why_not()
        self.map_button.setEnabled(not why)
        self.map_button.setToolTip(why or texts.MAP_TIP)
        self.map_button.setText(texts.MAP if found is None else texts.MAP_AGAIN)
        self.table.setVisible(found is not None)
        for button, tip in ((self.copy_button, texts.COPY_TIP), (self.save_button, texts.SAVE_TIP)):
            button.setEnabled(found is not None)
            button.setToolTip(tip if found is not None else texts.WHY_NO_TABLE)
        self.note.setVisible(found is not None)
        self.note.setText("" if found is None else self._note(found))

    def _note(self, found: Measured) -> str:
        state = self.context.store.state
        if found.hints != state.hints or found.background != state.corrections.background:
            return texts.STALE.format(button=texts.MAP_AGAIN)
        counted = texts.LEFT_OUT if found.bar else texts.COUNTED
        note = counted.format(pixels=f"{found.table.total_pixels:,}".replace(",", "\u202f"))
        return note if found.table.unit else f"{note} {texts.NO_SCALE}"

    def _why_not(self) -> str:
        if self.context.sources.image is None:
            return texts.WHY_NO_IMAGE
        if self.context.bench.current is None:
            return texts.WHY_NOT_OPEN
        return "" if len(self.context.store.state.hints) else texts.WHY_NO_HINTS
