"""The menu of palettes: shipped ones, the user's, and those taken from pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtGui import QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMenu, QPushButton, QWidget

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.studio.legend.palette_store import (
    delete_palette,
    find_palette,
    save_palette,
    user_palettes,
)
from napari_abdiffuser.studio.legend.palettes import Palette, shipped_palettes
from napari_abdiffuser.widgets.common.plain import plain_tip
from napari_abdiffuser.widgets.legend import texts
from napari_abdiffuser.widgets.session.side_jobs import SideJobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.settings_keeper import SettingsKeeper
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["PaletteMenu", "palette_of_file"]


def palette_of_file(path: Path) -> Palette:
    """Take the colours of a picture file. Belongs in a worker."""
    from napari_abdiffuser.files.pictures import read
    from napari_abdiffuser.studio.legend.palette_extraction import palette_from_picture

    return palette_from_picture(read(path).pixels, name=path.stem)


class PaletteMenu(QPushButton):
    """Shows the name of the palette at hand; its menu offers others.

    Parameters
    ----------
    store
        Holds the classes.
    pictures
        Gives the open colour pictures: names and arrays.
    """

    chosen = Signal(object)
    """Emitted with the `Palette` at hand."""

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        store: Store,
        pictures: Callable[[], list[tuple[str, Any]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("palette_menu")
        self.setToolTip(texts.PALETTE_TIP)
        self._store = store
        self._pictures = pictures
        self._jobs = SideJobs(self)
        self.palette_at_hand = shipped_palettes()[0]
        self.menu_ = QMenu(self)
        self.menu_.setToolTipsVisible(True)
        self.menu_.aboutToShow.connect(self.fill)
        self.setMenu(self.menu_)
        self._show_name()

    def use(self, palette: Palette) -> None:
        """Take a palette in hand."""
        self.palette_at_hand = palette
        self._show_name()
        self.chosen.emit(palette)

    def remember(self, keeper: SettingsKeeper) -> None:
        """Start with the palette of the preferences, and keep there what is taken in hand."""
        self.use(find_palette(keeper.settings.preferences.palette))
        self.chosen.connect(lambda p: keeper.apply(lambda s: s.change(palette=p.name)))

    def take_file(self, path: Path) -> None:
        """Take the colours of a picture file."""
        self._jobs.run(
            "palette",
            lambda _: palette_of_file(path),
            self._on_taken,
            self.failed.emit,
        )

    def take_array(self, name: str, array: Any) -> None:
        """Take the colours of an open picture."""

        def work(_: Any) -> Palette:
            import numpy as np

            from napari_abdiffuser.studio.legend.palette_extraction import palette_from_picture

            pixels = np.asarray(array)
            return palette_from_picture(pixels.reshape(-1, *pixels.shape[-2:]), name=name)

        self._jobs.run("palette", work, self._on_taken, self.failed.emit)

    def save_as(self, name: str) -> None:
        """Keep the classes, all but gray, as a palette of the user's."""
        legend = self._store.state.legend
        try:
            palette = Palette.of(name, [(c.name, c.color) for c in legend.classes[1:]])
            save_palette(palette)
        except ABDiffuserError as error:
            self.failed.emit(str(error))
            return
        self.use(palette)
        self.said.emit(texts.SAVED.format(name=palette.name))

    def cleanup(self) -> None:
        """Stop what is under way; without Qt."""
        self._jobs.cleanup()

    # --- the menu ---

    def fill(self) -> None:
        """Offer what there is now."""
        menu = self.menu_
        menu.clear()
        menu.addSection(texts.SHIPPED)
        for palette in shipped_palettes():
            self._offer(menu, palette)
        own, notices = user_palettes()
        if own:
            menu.addSection(texts.YOURS)
            for palette in own:
                self._offer(menu, palette)
        for notice in notices:
            self.failed.emit(notice)
        menu.addSeparator()
        _add(menu, texts.APPLY, self._apply)
        _add(menu, texts.ADD_ALL, self._add_all)
        menu.addSeparator()
        _add(menu, texts.FROM_FILE, self._ask_file)
        layers = menu.addMenu(texts.FROM_LAYER)
        if layers is not None:
            pictures = self._pictures()
            for name, array in pictures:
                _add(layers, name, partial(self.take_array, name, array))
            if not pictures:
                layers.setEnabled(False)
                layers.setToolTip(texts.NO_LAYERS)
        menu.addSeparator()
        _add(menu, texts.SAVE_AS, self._ask_name, len(self._store.state.legend) > 1)
        name = self.palette_at_hand.name
        if name in {p.name for p in own}:
            _add(menu, texts.DELETE.format(name=name), lambda: self._delete(name))

    def _offer(self, menu: QMenu, palette: Palette) -> None:
        text = texts.SAFE.format(name=palette.name) if palette.safe else palette.name
        action = menu.addAction(_strip(palette), text)
        if action is not None:
            action.setToolTip(plain_tip(palette.note or palette.source))
            action.setCheckable(True)
            action.setChecked(palette.name == self.palette_at_hand.name)
            action.triggered.connect(lambda *_, p=palette: self.use(p))

    def _show_name(self) -> None:
        self.setText(f"{texts.PALETTE}: {self.palette_at_hand.name}")

    def _on_taken(self, palette: Palette) -> None:
        self.use(palette)
        self.said.emit(texts.TAKEN.format(count=len(palette), name=palette.name))

    def _apply(self) -> None:
        palette = self.palette_at_hand

        def recolor(state: StudioState) -> StudioState:
            legend = state.legend.with_palette(palette)
            return state.set_legend(legend, texts.RECOLORED.format(name=palette.name))

        self._store.apply(recolor)

    def _add_all(self) -> None:
        palette = self.palette_at_hand

        def add(state: StudioState) -> StudioState:
            legend = state.legend
            for color in palette.colors:
                if legend.with_color(color.color) is None:
                    legend = legend.add(color.name, color.color)
            return state.set_legend(legend, texts.ADDED_ALL.format(name=palette.name))

        self._store.apply(add)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, texts.FROM_FILE, "", texts.FILTER)
        if path:
            self.take_file(Path(path))

    def _ask_name(self) -> None:
        name, good = QInputDialog.getText(self, texts.SAVE_AS, texts.SAVE_NAME)
        if good:
            self.save_as(name)

    def _delete(self, name: str) -> None:
        try:
            delete_palette(name)
        except ABDiffuserError as error:
            self.failed.emit(str(error))
            return
        self.use(shipped_palettes()[0])


def _add(menu: QMenu, text: str, action: Callable[[], object], enabled: bool = True) -> None:
    added = menu.addAction(text)
    if added is not None:
        added.setEnabled(enabled)
        added.triggered.connect(lambda *_: action())


def _strip(palette: Palette) -> QIcon:
    """Draw the colours of a palette side by side."""
    from qtpy.QtGui import QColor

    picture = QPixmap(32, 32)
    painter = QPainter(picture)
    width = 32 / max(1, len(palette))
    for at, color in enumerate(palette.colors):
        painter.fillRect(int(at * width), 0, int(width) + 2, 32, QColor(color.hex))
    painter.end()
    return QIcon(picture)
