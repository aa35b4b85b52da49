"""What stays in sight below the controls: the button, the progress bar and the status line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_abdiffuser.widgets.common import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QResizeEvent

__all__ = ["ActionWatch", "Footer", "Sentence"]

_ACTS = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.KeyPress)


class Footer(QWidget):
    """One button that starts what it says and cancels everything, and what the work has to say."""

    colorize_pressed = Signal()
    cancel_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QPushButton(texts.COLORIZE, self)
        self.button.setObjectName("colorize_button")
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.bar = QProgressBar(self)
        self.bar.setObjectName("colorize_progress")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps when a run starts
        self.bar.setSizePolicy(policy)
        self.bar.hide()
        self.status = Sentence("colorize_status", self, lines=2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(5)
        self._choices = QHBoxLayout()
        self._choices.setSpacing(6)
        layout.addLayout(self._choices)
        for widget in (self.button, self.bar, self.status):
            layout.addWidget(widget)
        self._busy = self._has_news = False
        self._action = texts.COLORIZE
        self.button.clicked.connect(self._on_click)

    @property
    def busy(self) -> bool:
        """Whether the button cancels."""
        return self._busy

    def add_choice(self, field: QWidget, label: str = "") -> None:
        """Put a field that says what the button does above it."""
        if label:
            self._choices.addWidget(QLabel(label, self), 0, Qt.AlignmentFlag.AlignTop)
        self._choices.addWidget(field, 0 if label else 1, Qt.AlignmentFlag.AlignTop)

    def set_action(self, text: str) -> None:
        """Say on the button what it does."""
        self._action = text
        self._write()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the words on the button to the dock."""
        super().resizeEvent(event)
        self._write()

    def _write(self) -> None:
        text = texts.CANCEL if self._busy else self._action
        room = max(80, self.width() - 48)
        metrics = self.button.fontMetrics()
        self.button.setText(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room))
        self.button.setAccessibleName(text)

    def set_busy(self, busy: bool) -> None:
        """Turn the button into 'Cancel' and back."""
        if busy == self._busy:
            return
        self._busy = busy
        self._write()
        self.button.setProperty("busy", busy)
        _restyle(self.button)
        self.bar.setVisible(busy)
        if busy:
            self.button.setEnabled(True)
            self.button.setToolTip(texts.CANCEL_TIP)
            self.show_progress(0, 0)

    def set_ready(self, ready: bool, why_not: str = "") -> None:
        """Allow a run, or say why there can be none. While busy the button always works."""
        if not self._busy:
            self.button.setEnabled(ready)
            self.button.setToolTip(texts.COLORIZE_TIP if ready else why_not)

    def show_progress(self, done: int, total: int) -> None:
        """Show how much is done; an unknown total keeps the bar moving."""
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def say(self, text: str, *, failure: bool = False) -> None:
        """Show one sentence, until there is another one or the user does something."""
        self._has_news = True
        self._show(text, failure=failure)

    def invite(self, text: str) -> None:
        """Show what can be done next, unless there is news that the user may not have read yet."""
        if not self._has_news:
            self._show(text, failure=False)

    def user_acts(self) -> None:
        """Let the news be replaced: the user has gone on."""
        self._has_news = False

    def _show(self, text: str, *, failure: bool) -> None:
        self.status.setText(text)
        self.status.setProperty("failure", failure)
        _restyle(self.status)

    def _on_click(self) -> None:
        (self.cancel_pressed if self._busy else self.colorize_pressed).emit()


class ActionWatch(QObject):
    """Tells when the user presses a button of the mouse or a key, on the canvas and in menus too.

    Parameters
    ----------
    parent
        Lives as long as this.
    acts
        Called before anybody else hears of it.
    """

    def __init__(self, parent: QWidget, acts: Callable[[], object]) -> None:
        super().__init__(parent)
        self._acts = acts
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Look at every event, and take none."""
        if event is not None and event.type() in _ACTS:
            self._acts()
        return False


class Sentence(QLabel):
    """Text that is wrapped, selectable, wholly visible, and no wider than the dock.

    Parameters
    ----------
    name
        Object name, for the style sheet.
    lines
        Room that is kept for so many lines, so that nothing jumps when the text gets longer.
    """

    def __init__(self, name: str, parent: QWidget | None = None, *, lines: int = 1) -> None:
        super().__init__(parent)
        self._lines = lines
        # A layout that is at work does not hear that another height is wanted.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.updateGeometry)
        self.setObjectName(name)
        self.setWordWrap(True)
        # File names in messages must not be read as markup.
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)

    def setText(self, text: str | None) -> None:
        """Change the text and the height that it needs."""
        super().setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        height = self.minimumHeight()
        self._fit()
        if self.minimumHeight() != height:
            self._soon.start()

    def _fit(self) -> None:
        # Qt's layouts ask for the height at a width only once they are drawn; text that changes
        # while the dock is up would be cut off.
        least = self._lines * self.fontMetrics().lineSpacing()
        self.setMinimumHeight(0)  # else the height asked for never gets less
        self.setFixedHeight(max(least, self.heightForWidth(self.width())))


def _restyle(widget: QWidget) -> None:
    """Let the style sheet see a property that has changed."""
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)
