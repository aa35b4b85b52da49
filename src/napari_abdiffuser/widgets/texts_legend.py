"""What the legend and the hint tools say."""

from __future__ import annotations

ADDED = "Add hint"
REMOVED = "Remove hint"
MOVED = "Move hint"
CHANGED = "Change hint"
PAINTED = "Paint hint"
LAYERS_CHANGED = "Change hint layers"

CLICK = "Click"
CLICK_TIP = "Place hints by clicking: each one is a small square of the chosen class"
BRUSH = "Brush"
BRUSH_TIP = "Paint strokes of the chosen class on the image"
LASSO = "Lasso"
LASSO_TIP = "Draw around something: all of it is of the chosen class"
UNREADABLE = "The layer '{name}' cannot be read: {error}. Choose another layer for hints."
