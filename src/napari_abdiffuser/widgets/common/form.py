"""Fields, forms and pages that several rooms use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from magicgui.widgets import create_widget
from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_abdiffuser.options import OPTIONS, RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "allow",
    "combo",
    "form",
    "heading",
    "number_field",
    "option_field",
    "page",
    "push_button",
    "spin_box",
]

_MAX_SPIN = 2**31 - 1  # the largest number of Qt's spin boxes

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


def push_button(name: str, text: str, action: Callable[[], object]) -> QPushButton:
    """Make a button with an object name that calls `action` when it is clicked."""
    button = QPushButton(text)
    button.setObjectName(name)
    button.clicked.connect(lambda *_: action())
    return button


def allow(widget: QWidget, allowed: bool, tip: str, why_not: str) -> None:
    """Switch a control on or off; its tooltip is `tip`, or the reason why it is off."""
    widget.setEnabled(allowed)
    widget.setToolTip(tip if allowed else why_not)


def combo() -> QComboBox:
    """Make a combo box that a narrow dock can shrink."""
    return _let_shrink(QComboBox())


def _let_shrink(box: QComboBox) -> QComboBox:
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


def number_field(name: str, object_name: str) -> QSpinBox:
    """Make the field of a whole number from its description in `OPTIONS`.

    Qt's own spin box, because magicgui's has no text for a special value.
    """
    option, default = OPTIONS[name], getattr(RunOptions, name)
    low, high = option.range or (0, _MAX_SPIN)
    value = (option.unset or 0) if default is None else default
    box = spin_box(low, min(high, _MAX_SPIN), value, option.help)
    box.setObjectName(object_name)
    return box


def option_field(name: str, object_name: str) -> ValueWidget[Any]:
    """Make the field of an option that is no number from its description in `OPTIONS`."""
    option, value = OPTIONS[name], getattr(RunOptions, name)
    details: dict[str, Any] = {"tooltip": option.help}
    if option.choices:
        details["choices"] = [(text, str(data)) for data, text in option.choices.items()]
    elif option.examples:
        details["choices"] = option.examples
    else:
        details["label"] = option.label
    made = cast("ValueWidget[Any]", create_widget(value, name=name, options=details))
    made.native.setObjectName(object_name)
    if isinstance(made.native, QComboBox):
        _let_shrink(made.native)
        made.native.setEditable(bool(option.examples))
    return made


def heading(text: str) -> QLabel:
    """Make the heading of a section."""
    made = QLabel(text)
    made.setObjectName("abdiffuser_heading")
    return made


class _Page(QScrollArea):
    """A scroll area that is never narrower than what is in it: texts are cut nowhere."""

    def minimumSizeHint(self) -> QSize:
        """Return the width of the content and of a scroll bar."""
        content, bar = self.widget(), self.verticalScrollBar()
        hint = super().minimumSizeHint()
        if content is None or bar is None:
            return hint
        return QSize(content.minimumSizeHint().width() + bar.sizeHint().width(), hint.height())


def page(*parts: QWidget) -> QScrollArea:
    """Make a page of parts one below the other; a dock that is too low scrolls it."""
    inside = QWidget()
    inside.setObjectName("abdiffuser_controls")
    column = QVBoxLayout(inside)
    column.setContentsMargins(10, 8, 10, 8)
    column.setSpacing(8)
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    scroll = _Page()
    scroll.setObjectName("abdiffuser_scroll")
    scroll.setWidgetResizable(True)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes to what is in it
    scroll.setWidget(inside)
    return scroll
