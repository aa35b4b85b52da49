"""Corrections of a colouring that no hint makes: saturation, whole and by class."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.options import Background

__all__ = ["MOST_SATURATION", "Corrections"]

MOST_SATURATION = 2.0


@dataclass(frozen=True)
class Corrections:
    """How colours are strengthened or softened; every operation gives new corrections.

    Attributes
    ----------
    saturation : float
        Factor of the chroma everywhere, [0, 2]; 1 changes nothing, 0 is gray.
    by_class : mapping of str to float
        A further factor where a class owns the pixels, [0, 2]; classes that are not here have 1.
    background : Background
        What pixels become that no hint claims.
    held : mapping of str to float
        The whole factor of classes that were locked when the saturation changed: what it was.
    """

    saturation: float = 1.0
    by_class: Mapping[str, float] = field(default_factory=dict, hash=False)
    background: Background = Background.AUTO
    held: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for value in (self.saturation, *self.by_class.values()):
            if not (math.isfinite(value) and 0.0 <= value <= MOST_SATURATION):
                raise InvalidRequest(f"A saturation is between 0 and 2, not {value}.")
        for value in self.held.values():
            if not (math.isfinite(value) and 0.0 <= value <= MOST_SATURATION**2):
                raise InvalidRequest(f"The saturation of a locked class cannot be {value}.")

    def factor(self, class_name: str | None = None) -> float:
        """Return the factor of the chroma of a class's pixels, or of pixels of none."""
        held = self.held.get(class_name or "")
        return self.saturation * self.by_class.get(class_name or "", 1.0) if held is None else held

    @property
    def neutral(self) -> bool:
        """Whether they change no colour."""
        values = (self.saturation, *self.by_class.values(), *self.held.values())
        return all(value == 1.0 for value in values)

    def hold(self, names: Iterable[str]) -> Corrections:
        """Keep the factors of these classes as they are, whatever changes; of others no longer."""
        return replace(self, held={name: self.factor(name) for name in names})

    def with_saturation(self, value: float, class_name: str | None = None) -> Corrections:
        """Set the saturation everywhere, or of a class.

        Raises
        ------
        InvalidRequest
            It is not in [0, 2].
        """
        if class_name is None:
            return replace(self, saturation=float(value))
        others = {k: v for k, v in self.by_class.items() if k != class_name}
        changed = others if value == 1.0 else {**others, class_name: float(value)}
        return replace(self, by_class=changed)

    def renamed(self, name: str, new: str) -> Corrections:
        """Follow a class to its new name."""
        return replace(
            self,
            by_class={new if k == name else k: v for k, v in self.by_class.items()},
            held={new if k == name else k: v for k, v in self.held.items()},
        )

    def without(self, name: str) -> Corrections:
        """Forget a class."""
        return replace(
            self,
            by_class={k: v for k, v in self.by_class.items() if k != name},
            held={k: v for k, v in self.held.items() if k != name},
        )

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON-serializable values."""
        return {
            "saturation": self.saturation,
            "by_class": dict(self.by_class),
            "highlight": self.background.gray,
            **({"held": dict(self.held)} if self.held else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Corrections:
        """Read what `to_dict` gave; what is missing has no effect.

        Raises
        ------
        InvalidRequest
            A value cannot be.
        """
        try:
            by_class = {str(k): float(v) for k, v in dict(data.get("by_class", {})).items()}
            held = {str(k): float(v) for k, v in dict(data.get("held", {})).items()}
            saturation = float(data.get("saturation", 1.0))
        except (TypeError, ValueError) as error:
            raise InvalidRequest(f"The corrections are malformed ({error}).") from error
        background = Background.of(gray=bool(data.get("highlight", False)))
        return cls(saturation, by_class, background, held)
