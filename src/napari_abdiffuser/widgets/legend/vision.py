"""A sign that warns of classes which some people cannot tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QLabel, QWidget

from napari_abdiffuser.widgets.common.plain import plain_tip
from napari_abdiffuser.widgets.legend import texts
from napari_abdiffuser.widgets.session.side_jobs import SideJobs

if TYPE_CHECKING:
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["VisionSign"]

_QUIET_MS = 300
_SIGN = "\N{WARNING SIGN}"


class VisionSign(QLabel):
    """Warns of classes that look alike with a colour-vision deficiency; its tooltip names them.

    It keeps its place when there is nothing to warn of: nothing moves under the mouse.
    """

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("legend_vision")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(_SIGN) + 8)
        self.setToolTip(texts.NONE_ALIKE)
        self._store = store
        self._jobs = SideJobs(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET_MS)
        self._timer.timeout.connect(self._look)
        store.changed.connect(self._on_state)

    @property
    def warns(self) -> bool:
        """Whether classes look alike."""
        return bool(self.text())

    def cleanup(self) -> None:
        """Stop what is under way; without Qt."""
        self._jobs.cleanup()

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.legend is not old.legend:
            self._timer.start()

    def _look(self) -> None:
        colors = dict(self._store.state.legend.colors)

        def work(_: Any) -> list[str]:
            from napari_abdiffuser.studio.legend.color_vision import (
                DEFICIENCIES,
                confusions,
                warnings_of,
            )

            return warnings_of(confusions(colors, DEFICIENCIES))

        self._jobs.run("vision", work, self._show_warnings, lambda _: None)

    def _show_warnings(self, sentences: list[str]) -> None:
        self.setText(_SIGN if sentences else "")
        self.setToolTip(plain_tip("\n".join(sentences)) or texts.NONE_ALIKE)
        self.setAccessibleName(texts.ALIKE if sentences else texts.NONE_ALIKE)
