"""The dock widget: from an image and a few coloured clicks to coloured layers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from napari.utils.notifications import show_error
from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.jobs import texts as jobs_texts
from napari_abdiffuser.jobs.events import Failed, Finished, Progress, Ready, RunRequest, Stopped
from napari_abdiffuser.jobs.run import Models
from napari_abdiffuser.layers.hints.new import default_patch_size
from napari_abdiffuser.layers.images import image_array, read_image
from napari_abdiffuser.options import OPTIONS
from napari_abdiffuser.widgets.color_tools import HintTools
from napari_abdiffuser.widgets.common import texts
from napari_abdiffuser.widgets.common.connections import CleanupStack
from napari_abdiffuser.widgets.common.footer import ActionWatch, Footer
from napari_abdiffuser.widgets.common.form import heading, page
from napari_abdiffuser.widgets.common.keyboard import add_shortcut
from napari_abdiffuser.widgets.common.layer_combo import unwrap
from napari_abdiffuser.widgets.common.look import line, style_sheet
from napari_abdiffuser.widgets.correct.highlight import HighlightSync
from napari_abdiffuser.widgets.correct.panel import CorrectPanel
from napari_abdiffuser.widgets.correct.undo import UndoBar
from napari_abdiffuser.widgets.figure.panel import FigurePanel
from napari_abdiffuser.widgets.gallery.panel import GalleryPanel
from napari_abdiffuser.widgets.header import Header
from napari_abdiffuser.widgets.hints.sync import HintSync
from napari_abdiffuser.widgets.hints.texts import crowd
from napari_abdiffuser.widgets.live.panel import LivePanel
from napari_abdiffuser.widgets.measure.panel import MeasurePanel
from napari_abdiffuser.widgets.scale.panel import PixelSize
from napari_abdiffuser.widgets.series.panel import SeriesPanel
from napari_abdiffuser.widgets.session.followers import Followers
from napari_abdiffuser.widgets.session.on_screen import locked_screen
from napari_abdiffuser.widgets.session.panel import Context, Panel
from napari_abdiffuser.widgets.session.preview_layer import PreviewLayer
from napari_abdiffuser.widgets.session.results import Results
from napari_abdiffuser.widgets.session.run import RunController
from napari_abdiffuser.widgets.session.sources import Sources
from napari_abdiffuser.widgets.session.store import Store
from napari_abdiffuser.widgets.session.workbench import Workbench
from napari_abdiffuser.widgets.settings.binder import SettingsBinder, Welcome
from napari_abdiffuser.widgets.settings.models import ModelChoice
from napari_abdiffuser.widgets.settings.options import Options
from napari_abdiffuser.widgets.settings.restored import Restored

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from qtpy.QtGui import QShowEvent

    from napari_abdiffuser.jobs.events import Event

__all__ = ["ColorizeWidget", "Studio"]

_STEPS = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}

_studios: WeakSet[ColorizeWidget] = WeakSet()


class Studio:
    """What napari makes the dock widget with: the one that the viewer has already, if it has."""

    def __new__(cls, napari_viewer: Viewer) -> Any:  # noqa: D102
        wanted = unwrap(napari_viewer)
        known = (each for each in _studios if unwrap(each.viewer) is wanted)
        return next(known, None) or ColorizeWidget(napari_viewer)

    def __init__(self, napari_viewer: Viewer) -> None:
        """Say to napari that a viewer is wanted."""


class ColorizeWidget(QWidget):
    """Colorize the image on screen.

    Parameters
    ----------
    napari_viewer
        The viewer that the widget belongs to.
    models
        Where colorizers come from; tests hand in their own.
    """

    def __init__(self, napari_viewer: Viewer, models: Models | None = None) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self.sources = Sources(napari_viewer, self)
        self.options = Options(self)
        self.welcome = Welcome(self)
        self.footer = Footer(self)
        ActionWatch(self, self.footer.user_acts)
        models = Models() if models is None else models
        self.runs = RunController(self, models)
        self.store = Store(parent=self)
        self.sync = HintSync(napari_viewer, self.sources, self.store, self)
        self.tools = HintTools(self.store, self.sync, self.options.background_field, self)
        self.undo_bar = UndoBar(self.store, self)
        self.header = Header(self.sources, self.undo_bar, self)
        self.bench = Workbench(napari_viewer, self.sources, models, self)
        preview = PreviewLayer(napari_viewer, self)
        self.results = Results(napari_viewer, self.store, self.sync.pictures, preview, self)
        self.context = Context(
            viewer=napari_viewer,
            store=self.store,
            sources=self.sources,
            models=models,
            bench=self.bench,
            results=self.results,
            hints=self.sync,
            preview=preview,
        )
        self.tools.serve(self.context)
        self.live = LivePanel(self.context)
        self.gallery = GalleryPanel(self.context)
        self.correct = CorrectPanel(self.context)
        self.figure = FigurePanel(self.context)
        self.measure = MeasurePanel(self.context)
        self.series = SeriesPanel(self.context)
        self.pixel_size = PixelSize(self.context)
        self.header.add(self.pixel_size)
        self.followers = Followers(
            napari_viewer,
            self.sources,
            lambda layer: self.sync.owners.get(layer) or self.results.source_of(layer),
            self.sync.writer.writing,
        )
        self.panels: tuple[Panel, ...] = (
            self.live, self.gallery, self.correct, self.figure, self.measure, self.series,
            self.pixel_size,
        )  # fmt: skip
        self.highlight_sync = HighlightSync(self.store, self.options.background_field, self)
        self._pending_text = ""
        self._source: Any = None
        self._running = False
        self._cleanups = CleanupStack(
            self.sources.cleanup,
            self.tools.cleanup,
            self.sync.cleanup,
            self.runs.abandon,
            self.bench.cleanup,
            self.results.cleanup,
            self.followers.cleanup,
            *(panel.cleanup for panel in self.panels),
        )
        self._docked = False
        self._window: QWidget | None = None
        self._build()
        self.binder = SettingsBinder(self, self.options, self.welcome, self.footer)
        self.tools.legend.palettes.remember(self.binder.keeper)
        self._cleanups.add(self.binder.cleanup)
        self.models = ModelChoice(
            self.options.model_row, self.options.device, self.runs, self.bench, self
        )
        self.restored = Restored(
            napari_viewer,
            self.sources,
            self.store,
            self.options,
            self.sync.owners.get,
            self.sync.when_settled,
        )
        self._cleanups.add(self.restored.cleanup)
        self._connect()
        self._on_theme()
        self._show_page()
        self._on_tab()
        self._on_image(self.sources.image)
        self.tools.set_layer(self.sources.hints)
        self.bench.set_data_bar(self.options.data_bar_switch.isChecked())
        self._on_device(self.options.device())
        _studios.add(self)
        for notice in self.binder.notices:
            self._on_refused(notice)

    def run(self) -> None:
        """Colorize the chosen image, unless a run is on."""
        if not self.footer.busy:
            self._on_colorize()

    def run_or_cancel(self) -> None:
        """Do what the button says."""
        if self.footer.busy:
            self._on_cancel()
        elif self.sources.image is None:
            self._on_refused(texts.WHY_NO_IMAGE)
        else:
            self._on_colorize()

    def take_keyboard(self) -> None:
        """Put the focus on the first steps, the first tool, or the menu: what there is."""
        tool = self.tools.tools.buttons["points"]
        for button in (self.welcome.button, tool, self.header.menu_button):
            if button.isEnabled() and button.isVisibleTo(self):
                button.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return

    def cleanup(self) -> None:
        """Stop work and cut all connections, for a widget that is not used any more."""
        _studios.discard(self)
        self._cleanups.close()

    @property
    def viewer(self) -> Viewer:
        """The viewer, or its proxy."""
        return self._viewer

    def changeEvent(self, event: QEvent | None) -> None:
        """Wait in the window, unseen, when napari takes the widget out of its dock.

        Work is cancelled, as nobody is left to see it; what is done stays for reopening.
        """
        if event is not None and event.type() == QEvent.Type.ParentChange:
            docked, self._docked = self._docked, self.parent() is not None
            if docked and not self._docked:
                self._on_cancel()
                self.hide()
                self.setParent(self._window)  # which deletes it when it closes
            elif isinstance(self.parent(), QDockWidget):
                self.show()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Remember the window, which a dock that floats is no part of."""
        super().showEvent(event)
        above = self.parent()
        while above is not None and not isinstance(above, QMainWindow):
            above = above.parent()
        self._window = above

    def _build(self) -> None:
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("studio_tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setToolTip(texts.TABS_TIP)
        self.tab_pages = (
            page(self.tools),
            page(self.gallery, line(), self.correct),
            page(self.figure, line(), heading(self.measure.title), self.measure),
        )
        titles = (texts.COLOUR, texts.RESULTS, texts.OUTPUT)
        for content, title in zip(self.tab_pages, titles, strict=True):
            self.tabs.addTab(content, title)
        self.menu_page = page(
            self.series.files, self.sources.of_hints, line(), self.live, self.options
        )
        self.pages = QStackedWidget(self)
        for part in (self.tabs, self.menu_page, page(self.welcome)):
            self.pages.addWidget(part)
        self.footer.add_choice(self.options.outputs_field, OPTIONS["n_outputs"].label)
        self.footer.add_choice(self.series)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.pages, 1)
        layout.addWidget(line())
        layout.addWidget(self.footer)
        self.setMinimumWidth(340)

    def bring_forward(self, part: QWidget) -> None:
        """Show the tab, or the page of the menu, that a part of the studio is on."""
        self.header.menu_button.setChecked(self.menu_page.isAncestorOf(part))
        for content in self.tab_pages:
            if content.isAncestorOf(part):
                self.tabs.setCurrentWidget(content)

    def _show_page(self, *_: object) -> None:
        """Show the menu if it is open, else the first steps until they are dismissed, else tabs."""
        menu = self.header.menu_button.isChecked()
        first = self.binder.keeper.settings.preferences.welcome
        self.pages.setCurrentIndex(1 if menu else 2 if first else 0)

    def _on_tab(self, _index: int = 0) -> None:
        front = self.tab_pages[self.tabs.currentIndex()]
        for panel in self.panels:
            panel.come_forward(front.isAncestorOf(panel))

    def _connect(self) -> None:
        self.sources.image_chosen.connect(self._on_image)
        self.sources.hints_chosen.connect(self.tools.set_layer)
        self.sources.new_button.clicked.connect(self._on_new_hints)
        self.tools.changed.connect(self._on_ready_to_run)
        self.options.device_chosen.connect(self._on_device)
        self.header.menu_button.toggled.connect(self._show_page)
        self.welcome.dismissed.connect(self._show_page)
        self.options.welcome_button.clicked.connect(self._on_first_steps)
        self.tabs.currentChanged.connect(self._on_tab)
        self.series.changed.connect(self._show_action)
        self.bench.asked_changed.connect(self._show_busy)
        self.series.changed.connect(self._show_busy)
        self.footer.colorize_pressed.connect(self._on_colorize)
        self.sync.run_asked.connect(self.run)
        add_shortcut(self, "Ctrl+Z", self.sync.undo)
        add_shortcut(self, "Ctrl+Shift+Z", self.sync.redo)
        add_shortcut(self, "Alt+Return", self.sync.place_hint)
        for key, step in _STEPS.items():
            add_shortcut(self, f"Ctrl+Shift+{key}", partial(self.sync.move_hint, *step))
        self.footer.cancel_pressed.connect(self._on_cancel)
        self.runs.happened.connect(self._on_event)
        self.models.device_said.connect(self._say_device)
        self.store.refused.connect(self._on_refused)
        self.options.data_bar_switch.toggled.connect(self.bench.set_data_bar)
        parts: list[Panel | SettingsBinder | HintTools | ModelChoice | Restored] = [*self.panels]
        for part in [*parts, self.binder, self.tools, self.models, self.restored]:
            part.failed.connect(self._on_refused)
            part.said.connect(self.footer.say)
        for section in self.panels:
            section.progressed.connect(self._on_progress)
        self._cleanups.connections.connect(self._viewer.events.theme, self._on_theme)
        self.destroyed.connect(self._cleanups.close)
        self.results.delivered.connect(self._on_delivered)

    def _on_first_steps(self) -> None:
        self.header.menu_button.setChecked(False)
        self._show_page()

    def _on_progress(self, done: int, total: int) -> None:
        if total:
            self._show_busy()
            self.footer.show_progress(done, total)

    def _show_busy(self) -> None:
        """Let the button cancel while anything is under way that the user has asked for."""
        busy = self._running or self.series.busy or self.bench.asked
        self.footer.set_busy(busy)
        self._show_action()

    def _on_theme(self, event: Any = None) -> None:
        self.setStyleSheet(style_sheet(str(self._viewer.theme)))

    def _on_refused(self, message: str) -> None:
        self.footer.say(message, failure=True)

    def _on_image(self, image: Any) -> None:
        self.tools.set_image(image)
        if image is not None:
            self.tools.suggest_size(default_patch_size(image_array(image).shape[: image.ndim]))
        self._on_ready_to_run()

    def _on_ready_to_run(self, _: Any = None) -> None:
        """Say whether a run can start, unless one is on."""
        if self.footer.busy:
            return
        self._show_action()
        has_image = self.sources.image is not None
        self.footer.invite(self._invitation() if has_image else texts.WHY_NO_IMAGE)

    def _show_action(self) -> None:
        """Say on the button what it does, and let it be pressed where that is possible."""
        image, action = self.sources.image, texts.COLORIZE
        if image is not None:
            this = texts.COLORIZE_SLICE if image.ndim > 2 else texts.COLORIZE_THIS
            action = self.series.chosen or this.format(name=image.name)
        self.footer.set_ready(image is not None, texts.WHY_NO_IMAGE)
        self.footer.set_action(action)

    def _invitation(self) -> str:
        counts = self.tools.counts()
        if counts is not None and counts[0]:
            crowds = [crowd(*found) for found in self.sync.links.crowds()]
            return " ".join([texts.ready_with_hints(*counts), *crowds])
        if counts is not None:
            return texts.READY_TO_CLICK
        return texts.READY_NO_HINTS if self.sources.hints is None else texts.READY

    def _on_new_hints(self) -> None:
        self.sources.add_hints_layer(self.tools.color, self.tools.patch_size)

    def _on_device(self, device: str) -> None:
        self._say_device(texts.DEVICE_UNKNOWN)
        self.bench.set_device(device)
        self.models.load()

    def _say_device(self, text: str) -> None:
        self.options.device_state.setText(text)

    def _on_colorize(self) -> None:
        """Start what the button says, as soon as everything that was drawn has become a hint."""
        if self.series.chosen:
            self.series.start()
        else:
            self.sync.when_settled(self._run)

    def _run(self) -> None:
        """Read layers and controls here, in the GUI thread, and start a run."""
        image = self.sources.image
        if image is None:
            return
        try:
            picture = read_image(image, self._viewer.dims)
            hints = self.sync.hints()
        except ABDiffuserError as error:
            self._fail(str(error))
            return
        options = replace(self.options.values, data_bar=self.bench.watch.data_bar)
        self._source = image
        self._running = True
        self._show_busy()
        self.footer.say(jobs_texts.LOADING_MODEL)
        self.runs.start(
            RunRequest(
                picture=picture,
                hints=hints,
                options=options,
                keep=locked_screen(self.context, picture),
                fixes=self.store.state.fixes,
                opened=self.bench.encoded(image, picture.index, options.model, options.device),
            )
        )

    def _on_cancel(self) -> None:
        """Cancel everything."""
        if self.bench.asked:
            self.footer.say(texts.CANCELLED)
        if self.results.stop() and self._running:
            self._end(texts.CANCELLED)
        self.runs.cancel()
        self.series.cancel()
        self.bench.cancel_asked()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.footer.show_progress(event.done, event.total)
            self.footer.say(event.text)
        elif isinstance(event, Ready):
            self._say_device(texts.RUNS_ON.format(device=event.device, reason=event.reason))
            self.options.show_default_steps(event.default_steps)
        elif isinstance(event, Finished):
            self._take(event)
        elif isinstance(event, Failed):
            self._fail(event.message)
        elif isinstance(event, Stopped):
            self._end(texts.CANCELLED)

    def _fail(self, message: str) -> None:
        self._end(message, failure=True)
        show_error(message)

    def _end(self, text: str, *, failure: bool = False) -> None:
        """Become idle and say how it went."""
        self.results.stop()
        self._source = None
        self._running = False
        self._show_busy()
        self._on_ready_to_run()
        self.footer.say(text, failure=failure)

    def _take(self, event: Finished) -> None:
        """Hand the outputs on to the layer list and the gallery."""
        where = self.results.deliver(event.outputs, self._source)
        made = event.outputs
        self._pending_text = texts.finished(
            len(made.pictures) - 1, made.lead, event.left_out.sentence(), where
        )

    def _on_delivered(self) -> None:
        if self._running and not self.runs.busy:
            self._end(self._pending_text)
            self.bring_forward(self.gallery)
