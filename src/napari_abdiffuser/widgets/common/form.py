"""Fields, forms and foldable sections that several rooms use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFormLayout, QSpinBox, QToolButton, QVBoxLayout, QWidget

from napari_abdiffuser.widgets.common import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Fold", "combo", "form", "spin_box"]

_LABEL_WIDTH = 90


def spin_box(minimum: int, maximum: int, value: int, tip: str, suffix: str = "") -> QSpinBox:
    """Make a number field."""
    box = QSpinBox()
    box.setRange(minimum, maximum)
    box.setValue(value)
    box.setSuffix(suffix)
    box.setToolTip(tip)
    box.setAlignment(Qt.AlignmentFlag.AlignLeft)
    return box


def form(rows: Sequence[tuple[str, QWidget]]) -> QFormLayout:
    """Lay out labelled fields, with labels of one width so that forms line up."""
    layout = QFormLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(10)
    layout.setVerticalSpacing(6)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for text, field in rows:
        layout.addRow(text, field)
        label = layout.labelForField(field)
        if label is not None:
            label.setMinimumWidth(_LABEL_WIDTH)
            label.setToolTip(field.toolTip())
    return layout


def combo() -> QComboBox:
    """Make a combo box that a narrow dock can shrink."""
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


class Fold(QWidget):
    """A header that shows and hides what is below it; folded unless `opened`."""

    def __init__(
        self, title: str, content: QWidget, parent: QWidget | None = None, *, opened: bool = False
    ) -> None:
        super().__init__(parent)
        self.header = QToolButton(self)
        self.header.setText(title)
        self.header.setToolTip(texts.FOLD_TIP.format(title=title))
        self.header.setCheckable(True)
        self.header.setAutoRaise(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setCursor(Qt.CursorShape.PointingHandCursor)
        self.header.setObjectName("abdiffuser_fold")
        self.content = content
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.header, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(content)
        self.header.toggled.connect(self._show)
        self._show(opened)
        self.header.setChecked(opened)

    @property
    def key(self) -> str:
        """A name for the content that is the same in every session."""
        return str(self.content.objectName()) or type(self.content).__name__

    def _show(self, open_: bool) -> None:
        self.header.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self.content.setVisible(open_)
