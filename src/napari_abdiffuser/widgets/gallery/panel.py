"""The gallery: thumbnails of all colourings of a picture; click, keep, discard, compare."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtCore import QItemSelectionModel, Qt, QTimer
from qtpy.QtWidgets import QGridLayout, QLabel, QListWidgetItem, QPushButton, QWidget

from napari_abdiffuser.jobs.locks import result_with_fixes
from napari_abdiffuser.jobs.run import outputs_of
from napari_abdiffuser.layers.images import index_of
from napari_abdiffuser.studio.gallery import thumbnail
from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.common.plain import plain_tip
from napari_abdiffuser.widgets.gallery import texts
from napari_abdiffuser.widgets.gallery.compare import CompareBar
from napari_abdiffuser.widgets.gallery.thumbnail_list import NUMBER, ThumbnailList, icon_of
from napari_abdiffuser.widgets.session import texts as session_texts
from napari_abdiffuser.widgets.session.on_screen import locked_screen
from napari_abdiffuser.widgets.session.panel import Context, Panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.gallery import Gallery, Pixels, Variation

__all__ = ["GalleryPanel"]

_LIKE = 4
_PREVIEW = 0  # instead of a variation's number
_QUIET_MS = 150  # while hints are drawn, the preview's thumbnail follows so often


class GalleryPanel(Panel):
    """Thumbnails of the picture's colourings and what can be done with them.

    Parameters
    ----------
    context
        See `Context`.
    """

    title: ClassVar[str] = texts.TITLE

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.empty = QLabel(texts.EMPTY, self)
        self.empty.setWordWrap(True)
        self.elsewhere = Sentence("abdiffuser_info", self)
        self.list = self._make_list()
        self.star_button = self._button("gallery_star", texts.STAR, self._star)
        self.discard_button = self._button("gallery_discard", texts.DISCARD, self._discard)
        self.rest_button = self._button("gallery_discard_rest", texts.DISCARD_REST, self._rest)
        self.like_button = self._button("gallery_like", texts.LIKE, self._like)
        self.compare_bar = CompareBar(context, self._chosen, self.failed.emit, self)
        grid = QGridLayout()
        grid.setSpacing(6)
        buttons = (self.star_button, self.like_button, self.discard_button, self.rest_button)
        for place, button in enumerate(buttons):
            grid.addWidget(button, place // 2, place % 2)
        self.column.addWidget(self.empty)
        self.column.addWidget(self.list)
        self.column.addWidget(self.elsewhere)
        self.column.addLayout(grid)
        self.column.addWidget(self.compare_bar)
        self._previewed: Any = None
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET_MS)
        self._quiet.timeout.connect(self._show_preview)
        context.preview.changed.connect(self._on_preview)
        self._filling = self._choosing = False
        self._listed: dict[int, Pixels] = {}
        self._shown: int | None = None
        context.store.changed.connect(self._on_state)
        context.bench.ready.connect(self._refresh)
        context.bench.lost.connect(self._refresh)
        self._fill(context.store.state.gallery)
        self._refresh()

    def cleanup(self) -> None:
        """Cut all connections; a second time does nothing."""
        super().cleanup()
        self.compare_bar.cleanup()

    def _make_list(self) -> ThumbnailList:
        made = ThumbnailList(self)
        made.setObjectName("gallery_list")
        made.setToolTip(texts.LIST_TIP)
        made.currentItemChanged.connect(self._on_current)
        made.itemClicked.connect(self._on_clicked)
        made.itemSelectionChanged.connect(self._refresh)
        made.on_key("Space", self._star)
        made.on_key("Delete", self._discard)
        return made

    def _button(self, name: str, text: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.clicked.connect(lambda *_: action())
        return button

    # --- what is chosen ---

    def _numbers(self) -> list[int]:
        """Numbers of the selected thumbnails, the current one first."""
        items = self.list.selectedItems()
        current = self.list.currentItem()
        items.sort(key=lambda item: item is not current)
        return [n for item in items if (n := int(item.data(NUMBER))) != _PREVIEW]

    def _chosen(self) -> tuple[int, ...]:
        return tuple(self._numbers())

    def _first(self) -> Variation | None:
        numbers = self._numbers()
        return self.context.store.state.gallery[numbers[0]] if numbers else None

    # --- following the state ---

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.gallery is not old.gallery:
            self._fill(new.gallery)
            self._refresh()

    def come_forward(self, in_front: bool) -> None:
        """Show the preview of now: nobody has looked meanwhile."""
        super().come_forward(in_front)
        self._on_preview()

    def _on_preview(self) -> None:
        if self.in_front and not self._quiet.isActive():
            self._quiet.start()

    def _show_preview(self) -> None:
        """Let the first thumbnail be the live preview's, and be chosen while that is on screen."""
        self._fill(self.context.store.state.gallery)
        painted, item = self.context.preview.painted, self.list.item(0)
        if painted is not None and painted is not self._previewed and item is not None:
            item.setIcon(icon_of(thumbnail(painted.rgb.reshape(-1, *painted.rgb.shape[-2:]))))
            self._previewed = painted
        self._refresh()

    def _fill(self, gallery: Gallery) -> None:
        """Bring the thumbnails up to date; the selection stays unless another one is shown."""
        visible = gallery.visible
        has_preview = self.context.preview.painted is not None
        on_preview = has_preview and self.context.preview.visible
        now = {v.number: v.thumbnail for v in visible}
        # Another picture has the same numbers for its own colourings.
        same = {number for number, icon in now.items() if self._listed.get(number) is icon}
        chosen = same.intersection(self._numbers())
        if gallery.shown is not None and (gallery.shown != self._shown or not chosen):
            # What the user chose before is not meant by the next Discard.
            chosen = {gallery.shown}
        if on_preview:
            chosen = {_PREVIEW}
        self._shown = gallery.shown
        self._filling = True
        listed = self.list.count() == len(now) + has_preview
        if not (listed and len(same) == len(now) == len(self._listed)):
            self._listed = now
            self.list.clear()
            self._previewed = None
            if has_preview:
                self.list.addItem(self._preview_item())
            for variation in visible:
                self.list.addItem(self._item(variation, gallery))
        current = _PREVIEW if on_preview else gallery.shown
        for item in map(self.list.item, range(self.list.count())):
            if item is None:
                continue
            number = int(item.data(NUMBER))
            if number != _PREVIEW:
                label = gallery.label(number)
                item.setText(f"★ {label}" if gallery[number].starred else label)
            if self._choosing:  # Qt selects in a moment, or Ctrl+click toggles what is selected
                continue
            if number == current:
                self.list.setCurrentItem(item, QItemSelectionModel.SelectionFlag.NoUpdate)
            item.setSelected(number in chosen)
        self._filling = False
        self.empty.setVisible(not visible)
        self.list.setVisible(self.list.count() > 0)
        self.elsewhere.setText(texts.elsewhere(gallery.elsewhere))
        self.elsewhere.setVisible(gallery.elsewhere > 0)
        self.list.fit()

    def _preview_item(self) -> QListWidgetItem:
        item = QListWidgetItem(texts.PREVIEW)
        item.setData(NUMBER, _PREVIEW)
        item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
        item.setToolTip(texts.PREVIEW_TIP)
        return item

    def _item(self, variation: Variation, gallery: Gallery) -> QListWidgetItem:
        item = QListWidgetItem(icon_of(variation.thumbnail), "")
        item.setData(NUMBER, variation.number)
        item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
        label, parent = gallery.label(variation.number), variation.parent
        if parent is None:
            tip = texts.ITEM_TIP.format(label=label, seed=variation.seed)
        else:
            tip = texts.ITEM_LIKE_TIP.format(
                label=label, seed=variation.seed, parent=gallery.label(parent)
            )
        item.setToolTip(plain_tip(tip))
        return item

    def _refresh(self, *_: object) -> None:
        """Switch buttons on and off, and say why."""
        first = self._first()
        starred = first is not None and first.starred
        is_open = self.context.bench.current is not None
        self.star_button.setText(texts.UNSTAR if starred else texts.STAR)
        _allow(self.star_button, first is not None, texts.STAR_TIP, texts.WHY_NONE)
        why = texts.WHY_STARRED if starred else texts.WHY_NONE
        _allow(self.discard_button, first is not None and not starred, texts.DISCARD_TIP, why)
        rest = bool(self.context.store.state.gallery.undecided)
        _allow(self.rest_button, rest, texts.DISCARD_REST_TIP, texts.WHY_NONE)
        why = texts.WHY_NOT_OPEN if first is not None else texts.WHY_NONE
        _allow(self.like_button, first is not None and is_open, texts.LIKE_TIP, why)
        self.compare_bar.refresh()

    # --- what the user does ---

    def _on_current(self, item: QListWidgetItem | None, _: Any = None) -> None:
        if item is None or self._filling:
            return
        number = int(item.data(NUMBER))
        if number == _PREVIEW:
            self.context.preview.bring_up()
            return
        if self.context.store.state.gallery.shown == number:
            return
        self._choosing = True
        try:
            self.context.store.apply(lambda s: s.with_gallery(lambda g: g.show(number)))
        finally:
            self._choosing = False

    def _on_clicked(self, item: QListWidgetItem) -> None:
        """Bring up the colouring that is chosen already: a preview or the user may hide it."""
        number = int(item.data(NUMBER))
        if number == _PREVIEW:
            self.context.preview.bring_up()
        elif self.context.store.state.gallery.shown == number:
            self.context.results.bring_up()

    def _star(self) -> None:
        first = self._first()
        if first is not None:
            number, starred = first.number, not first.starred
            self.context.store.apply(lambda s: s.with_gallery(lambda g: g.star(number, starred)))

    def _discard(self) -> None:
        gallery = self.context.store.state.gallery
        numbers = [n for n in self._numbers() if not gallery[n].starred]
        self.context.store.apply(lambda s: s.discard(numbers))

    def _rest(self) -> None:
        self.context.store.apply(lambda s: s.discard(v.number for v in s.gallery.undecided))

    def _like(self) -> None:
        first, opened = self._first(), self.context.bench.current
        if first is None or first.rgb is None or opened is None:
            return
        if first.index != index_of(opened.source):
            self.failed.emit(session_texts.of_slice(first.index))  # the sliders are on their way
            return
        state, rgb, number = self.context.store.state, first.rgb, first.number
        label = state.gallery.label(number)
        background = state.corrections.background
        seed = first.seed + 1 + len(state.gallery.variations)
        picture, image, hints = opened.source, opened.image, state.hints
        screen, fixes = locked_screen(self.context, picture), state.fixes

        def job(at: Any, cancelled: Callable[[], bool]) -> Any:
            result = at.picture.more_like(
                rgb, hints, _LIKE, seed=seed, background=background, cancel=cancelled
            )
            if screen is not None:
                result = screen.keep(at.picture, result, hints, background)
            result = result_with_fixes(result, fixes)
            return outputs_of(result, picture, seed, number, with_best=False, hints=hints)

        def done(outputs: Any) -> None:
            self.context.results.deliver(replace(outputs, label=texts.LIKE), image)
            self.said.emit(texts.LIKE_DONE.format(label=label))

        self.said.emit(texts.LIKE_RUNNING)
        self.context.bench.run(job, done, key="like", label=texts.LIKE, failed=self.failed.emit)


def _allow(button: QPushButton, allowed: bool, tip: str, why_not: str) -> None:
    button.setEnabled(allowed)
    button.setToolTip(tip if allowed else why_not)
