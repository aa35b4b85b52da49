"""Keys on the plugin's own hint layers: what hands on the picture need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KEYS", "KeyTarget", "bind_keys"]


class KeyTarget(Protocol):
    """Receiver of the keys."""

    def press(self, key: int) -> object:
        """Choose the class of a number key."""
        ...

    def undo(self) -> object:
        """Take the last change back."""
        ...

    def redo(self) -> object:
        """Do again what was taken back."""
        ...

    def ask_run(self) -> object:
        """Colorize the picture."""
        ...

    def erase_under_mouse(self) -> object:
        """Remove the hint under the mouse."""
        ...

    def hide_hints(self) -> object:
        """Hide all hints of the picture, or show them again."""
        ...

    def place_hint(self) -> object:
        """Place a hint in the middle of the view."""
        ...

    def move_hint(self, down: int, right: int) -> object:
        """Move the latest hint by steps."""
        ...


def _presser(key: int) -> Callable[[KeyTarget], object]:
    return lambda target: target.press(key)


# Bound on single layers, so that napari's keys are what they are on everybody else's. On these
# layers, napari has no use for any of them but Ctrl+Z: there it undoes strokes, and so does this.
KEYS: dict[str, tuple[str, Callable[[KeyTarget], object]]] = {
    "Control-Z": ("Undo in the studio.", lambda t: t.undo()),
    "Control-Shift-Z": ("Redo in the studio.", lambda t: t.redo()),
    "Control-Enter": ("Colorize the chosen image.", lambda t: t.ask_run()),
    "Alt-E": ("Erase the hint under the mouse.", lambda t: t.erase_under_mouse()),
    "Alt-H": ("Hide or show the hints.", lambda t: t.hide_hints()),
    "Alt-Enter": ("Place a hint in the middle of the view.", lambda t: t.place_hint()),
    "Control-Shift-Up": ("Move the latest hint up.", lambda t: t.move_hint(-1, 0)),
    "Control-Shift-Down": ("Move the latest hint down.", lambda t: t.move_hint(1, 0)),
    "Control-Shift-Left": ("Move the latest hint left.", lambda t: t.move_hint(0, -1)),
    "Control-Shift-Right": ("Move the latest hint right.", lambda t: t.move_hint(0, 1)),
    # napari itself chooses tools with 1 to 7, and has no use for them together with Alt.
    **{f"Alt-{key}": (f"Choose the class of key {key}.", _presser(key)) for key in range(10)},
}
"""Keys as napari writes them: what each does in words, and with a target."""


def bind_keys(layer: Any, target: KeyTarget) -> None:
    """Let the keys work while a layer is active; the target is held weakly."""
    owner = ref(target)

    def bound(what: str, act: Callable[[KeyTarget], object]) -> Callable[[Any], None]:
        def press(_layer: Any) -> None:
            alive = owner()
            if alive is not None:
                act(alive)

        press.__doc__ = what
        return press

    for key, (what, act) in KEYS.items():
        layer.bind_key(key, bound(what, act), overwrite=True)
