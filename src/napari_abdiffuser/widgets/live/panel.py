"""The live preview: every hint shows its colours at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_abdiffuser.jobs.live import LivePainter, Painted, same_look
from napari_abdiffuser.studio.settings.settings import load_settings
from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.live import texts
from napari_abdiffuser.widgets.live.one_frame import OneFrame
from napari_abdiffuser.widgets.session.panel import Context, Panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.workbench import Job, Opened

__all__ = ["LivePanel"]

_KEY = "live preview"


class LivePanel(Panel):
    """The switch, and what follows from it.

    One job is in flight at most. What changes meanwhile is done next, in one go; a whole picture
    that follows its small preview is given up for it.
    """

    title = texts.TITLE

    updated = Signal(object)
    """Emitted with `Painted` when the layer shows it; with None when no hint is left."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._painter = LivePainter()
        self._preview = context.preview
        self._frame = OneFrame(self)
        self._job: Job | None = None
        self._stale = self._refining = False
        self._painting = context.store.state
        self._painted: Painted | None = None
        # The layer list is not to be changed while it tells of a change.
        self._tidy = QTimer(self)
        self._tidy.setSingleShot(True)
        self._tidy.setInterval(0)
        self._tidy.timeout.connect(self._on_tidy)
        self.switch = QCheckBox(texts.LIVE, self)
        self.switch.setObjectName("live_switch")
        self.switch.setToolTip(texts.LIVE_TIP)
        self.switch.setChecked(load_settings()[0].preferences.live)
        self.status = Sentence("live_status", self)
        self.column.addWidget(self.switch)
        self.column.addWidget(self.status)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._on_hints)
        self.switch.toggled.connect(self._on_switch)
        bench = context.bench
        bench.ready.connect(self._on_ready)
        bench.lost.connect(self._on_lost)
        bench.placed.connect(self._on_placed)
        bench.failed.connect(self._on_not_opened)
        context.sources.image_chosen.connect(self._say)
        context.results.delivered.connect(self._on_delivered)
        context.store.changed.connect(self._on_state)
        self.connections.connect(context.viewer.layers.events.removed, self._on_removed)
        self._say()

    @property
    def live(self) -> bool:
        """Whether the preview follows the hints."""
        return bool(self.switch.isChecked())

    @property
    def layer(self) -> Any:
        """The preview's layer, or None."""
        return self._preview.layer

    @property
    def busy(self) -> bool:
        """Whether an update is under way."""
        return self._job is not None

    def cleanup(self) -> None:
        """Cut all connections and stop work."""
        super().cleanup()
        self._frame.release()
        self._job = None
        self._painter = LivePainter()

    # --- what happens outside ---

    def _on_hints(self) -> None:
        opened = self.context.bench.current
        if not self.live or opened is None:
            return
        if self._job is not None:
            self._stale = True
            if self._refining:
                self._job.cancel()
            return
        self._begin(opened)

    def _follow(self, new: StudioState, old: StudioState) -> None:
        """Paint the hints that have changed: now, or after what is under way."""
        same = new.picture == old.picture and new.index == old.index
        if same and len(new.hints):
            # Not in the next turn of the event loop: napari draws before that, which takes as long
            # as painting does, and both go at the same time.
            idle = self.context.bench.idle
            self._on_hints()
            if idle and self._job is not None:  # else the colours take longer
                self._frame.hold()
        else:
            # The bench has yet to hear of another picture; and no layer is hidden while others
            # still tell of the change.
            self._soon.start()

    def _on_ready(self, opened: Opened) -> None:
        self._on_hints()
        self._say()

    def _on_lost(self) -> None:
        """Forget the picture; the bench has stopped its job."""
        self._painter = LivePainter()  # a worker may still use the one before
        self._painted = None
        self._preview.hide()
        self._say()

    def _on_placed(self, opened: Opened) -> None:
        self._preview.place(opened)

    def _on_not_opened(self, message: str) -> None:
        self._say()
        self.status.setText(message)

    def _on_switch(self, on: bool) -> None:
        if on:
            self._on_hints()
        else:
            if self._job is not None:
                self._job.cancel()
            self._preview.remove()
            self._painted = None
        self._say()

    def _on_removed(self, event: Any = None) -> None:
        if self._preview.orphaned:
            self._tidy.start()

    def _on_tidy(self) -> None:
        """Go with the image. A preview that the user has removed comes with the next hint."""
        if self._preview.orphaned:
            self._preview.remove()

    def _on_delivered(self) -> None:
        self._preview.hide()

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        """Follow the hints, and step back for a colouring that the user wants to see."""
        shown, kept = new.gallery.shown, new.document.colouring
        fixed = new.fixes is not old.fixes and new.index == old.index
        chosen = shown != old.gallery.shown or kept is not old.document.colouring
        seen = self._preview.visible
        undone = kept is None and old.document.colouring is not None
        if (
            (_wanted(new) != _wanted(old) and (seen or not _looks_same(new, old)))
            or (seen and new.corrections != old.corrections)
            or (undone and new.picture == old.picture)
            or (fixed and not chosen and new.picture == old.picture)
        ):
            self._follow(new, old)
        if (shown is not None and shown != old.gallery.shown) or (
            kept is not None and kept is not old.document.colouring
        ):
            self._preview.hide()

    # --- updates ---

    def _begin(self, opened: Opened) -> None:
        """Read the hints and have them painted."""
        self._stale = False
        if opened.picture.guided is None:
            return
        state = self.context.store.state
        if state.index != tuple(at for at in opened.index if at is not None):
            return  # the sliders move: the hints of this slice come in a moment
        if not len(state.hints):
            self._show_none()
            return
        painter, self._painting = self._painter, state
        self._start(lambda opened, cancelled: painter.first(opened, state, cancelled))

    def _show_none(self) -> None:
        """Show nothing where there is no hint; the automatic colouring is there for the asking."""
        self._preview.hide()
        had, self._painted = self._painted, None
        self._say()
        if had is not None:
            self.updated.emit(None)

    def _start(self, work: Callable[[Opened, Callable[[], bool]], Painted]) -> None:
        self._job = self.context.bench.run(
            work,
            self._on_painted,
            key=_KEY,
            failed=self._on_failed,
            stopped=self._on_stopped,
            urgent=True,
        )

    def _on_painted(self, painted: Painted) -> None:
        self._frame.release()
        self._job, self._refining = None, False
        opened = self.context.bench.current
        if opened is None or not self.live:
            return
        if self._stale:
            self._begin(opened)  # in its thread while this one is drawn
            if self._job is None:
                return  # no hint is left: these colours come too late
        elif not painted.whole:
            self._refining, painter, state = True, self._painter, self._painting
            self._start(lambda opened, cancelled: painter.whole(opened, state, cancelled))
        self._painted = painted
        self._preview.show(painted, opened)
        self._say()
        self.updated.emit(painted)

    def _on_failed(self, message: str) -> None:
        self._frame.release()
        self._job, self._refining = None, False
        self.failed.emit(message)
        self._go_on()

    def _on_stopped(self) -> None:
        self._frame.release()
        self._job, self._refining = None, False
        self._go_on()

    def _go_on(self) -> None:
        opened = self.context.bench.current
        if self._stale and self.live and opened is not None:
            self._begin(opened)

    def _say(self, _: Any = None) -> None:
        self.status.setText(self._sentence())

    def _sentence(self) -> str:
        opened = self.context.bench.current
        if self.context.sources.image is None:
            return texts.NO_IMAGE
        if not self.live:
            return texts.OFF
        if opened is None:
            return texts.OPENING
        if opened.picture.guided is None:
            return texts.NO_LIVE
        if self._painted is None:
            return texts.WAITING
        if not self._painted.whole:
            return texts.REFINING
        return texts.SHOWN


def _looks_same(new: StudioState, old: StudioState) -> bool:
    """Whether two states of one slice are painted alike: names and locks colour nothing."""
    here = (new.picture, new.index, new.corrections.background)
    if here != (old.picture, old.index, old.corrections.background):
        return False
    return bool(len(new.hints)) and same_look(old.hints, new.hints)


def _wanted(state: StudioState) -> tuple[Any, ...]:
    """Return what a preview depends on; hints by identity, since comparing regions takes time."""
    hints = state.document.slices.get(state.index)
    return state.picture, state.index, id(hints), state.corrections.background
