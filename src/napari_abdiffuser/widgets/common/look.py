"""How the dock widget looks: its style sheet, in the colours of napari's theme, and its lines."""

from __future__ import annotations

from napari.utils.theme import get_theme
from qtpy.QtWidgets import QFrame

__all__ = ["line", "style_sheet"]

_ACCENT = "#3d7edb"
_ACCENT_HOVER = "#5591e6"
_ACCENT_PRESSED = "#2f68bb"

_SHEET = """
QPushButton#colorize_button {{
    font-weight: 600; padding: 7px; border-radius: 4px; border: none;
    background-color: {accent}; color: white;
}}
QPushButton#colorize_button:hover {{ background-color: {accent_hover}; }}
QPushButton#colorize_button:pressed {{ background-color: {accent_pressed}; }}
QPushButton#colorize_button[busy="true"] {{
    background-color: transparent; color: {text}; border: 1px solid {primary};
}}
QPushButton#colorize_button[busy="true"]:hover {{ background-color: {foreground}; }}
QPushButton#colorize_button:disabled {{ background-color: {foreground}; color: {dim}; }}
QProgressBar#colorize_progress {{
    border: none; border-radius: 3px; background-color: {foreground};
}}
QProgressBar#colorize_progress::chunk {{ border-radius: 3px; background-color: {accent}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QAbstractSpinBox:focus, QCheckBox:focus,
QLineEdit:focus, QSlider:focus, QAbstractItemView:focus, QPushButton#colorize_button:focus {{
    border: 2px solid {focus};
}}
QLabel#colorize_status[failure="true"] {{ color: {failure}; }}
QLabel#colorize_device, QLabel#abdiffuser_info {{ color: {dim}; }}
QLabel#abdiffuser_heading {{ font-weight: 600; }}
QHeaderView#legend_head::section {{
    background: transparent; border: none; padding: 2px 3px; font-weight: 600;
}}
QPushButton#tool_points:checked, QPushButton#tool_strokes:checked, QPushButton#tool_lasso:checked,
QPushButton#tool_erase:checked, QPushButton#measure_bar:checked,
QPushButton#suggest_colors:checked {{ background-color: {accent}; color: white; }}
QPushButton[slim="true"] {{ padding: 4px 3px; }}
QPushButton[symbol="true"] {{ padding: 3px 6px; min-width: 14px; font-size: 15px; }}
QPushButton#studio_menu:checked {{ background-color: {accent}; color: white; }}
QLabel#legend_vision {{ color: {warning}; font-size: 15px; }}
QScrollArea#abdiffuser_scroll, QWidget#abdiffuser_controls {{
    border: none; background: transparent;
}}
QFrame#abdiffuser_line {{ background-color: {foreground}; border: none; }}
"""


def style_sheet(theme_id: str) -> str:
    """Return the style sheet for one of napari's themes.

    Parameters
    ----------
    theme_id
        Such as ``'dark'`` or ``'light'``.
    """
    theme = get_theme(theme_id)
    dark = theme.type == "dark"
    return _SHEET.format(
        accent=_ACCENT,
        accent_hover=_ACCENT_HOVER,
        accent_pressed=_ACCENT_PRESSED,
        text=theme.text.as_hex(),
        primary=theme.primary.as_hex(),
        foreground=theme.foreground.as_hex(),
        dim="#a9adb5" if dark else "#62666d",
        focus="#7fb2ff" if dark else "#1a5fc4",
        failure="#ff8f7a" if dark else "#b3261e",
        warning="#ffb74d" if dark else "#a05a00",
    )


def line() -> QFrame:
    """Make a thin line between sections."""
    made = QFrame()
    made.setObjectName("abdiffuser_line")
    made.setFixedHeight(1)
    return made
