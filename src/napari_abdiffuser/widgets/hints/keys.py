"""Number keys on the plugin's own hint layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["bind_keys"]

# napari itself chooses tools with 1 to 7, on Points, Labels and Shapes layers alike: those stay
# what they are. It has no use for them together with Alt.
_MODIFIER = "Alt"


class KeyTarget(Protocol):
    """Receiver of class keys."""

    def press(self, key: int) -> object:
        """Choose the class of a key."""
        ...


def bind_keys(layer: Any, target: KeyTarget) -> None:
    """Let Alt+1 … Alt+9 and Alt+0 choose classes while a layer is active."""
    owner = ref(target)

    def chooser(key: int) -> Callable[[Any], None]:
        def press(_layer: Any) -> None:
            alive = owner()
            if alive is not None:
                alive.press(key)

        press.__doc__ = f"Choose the class of key {key}."
        return press

    for key in range(10):
        layer.bind_key(f"{_MODIFIER}-{key}", chooser(key), overwrite=True)
