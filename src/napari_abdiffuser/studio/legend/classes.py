"""Legend: named classes with colours and number keys, gray always among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from napari_abdiffuser.errors import ABDiffuserError, InvalidFile, InvalidRequest
from napari_abdiffuser.imaging.colors import RGB, parse_color, to_hex
from napari_abdiffuser.studio.legend.color_names import plain_name
from napari_abdiffuser.studio.legend.hint_class import HintClass, checked_color, checked_name
from napari_abdiffuser.studio.legend.palettes import GRAY, Palette

__all__ = ["HintClass", "Legend"]

_KEYS = range(1, 10)


_GRAY_CLASS = HintClass("gray", parse_color(GRAY), 0)


@dataclass(frozen=True)
class Legend:
    """The classes of one specimen, gray first; every operation gives a new legend.

    Attributes
    ----------
    classes : tuple of HintClass
        The first is gray: it may be renamed, but not removed, merged away or coloured.

    Raises
    ------
    InvalidRequest
        Two classes have one name or one key.
    """

    classes: tuple[HintClass, ...] = (_GRAY_CLASS,)

    def __post_init__(self) -> None:
        if not self.classes or len(set(self.classes[0].color)) != 1:
            object.__setattr__(self, "classes", (_GRAY_CLASS, *self.classes))
        names = [entry.name for entry in self.classes]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise InvalidRequest(
                f"Two classes are called {sorted(doubled)[0]!r}: give one another name, or merge "
                "them."
            )
        keys = [entry.key for entry in self.classes if entry.key is not None]
        if len(keys) != len(set(keys)):
            raise InvalidRequest("Two classes have the same number key: give one another key.")

    @classmethod
    def of(cls, classes: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Legend:
        """Make a legend of names and colours ('gold', '#rrggbb', sRGB floats), with keys 1–9."""
        legend = cls()
        for name, color in classes.items() if isinstance(classes, Mapping) else classes:
            legend = legend.add(name, color)
        return legend

    def __iter__(self) -> Iterator[HintClass]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    def __contains__(self, name: object) -> bool:
        return any(entry.name == name for entry in self.classes)

    def __getitem__(self, name: str) -> HintClass:
        """Give the class of this name.

        Raises
        ------
        InvalidRequest
            There is none.
        """
        for entry in self.classes:
            if entry.name == name:
                return entry
        raise InvalidRequest(f"There is no class {name!r}: choose one of {', '.join(self.names)}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order, gray's first."""
        return tuple(entry.name for entry in self.classes)

    @property
    def gray(self) -> HintClass:
        """The class whose hints keep things gray."""
        return self.classes[0]

    @property
    def colors(self) -> dict[str, RGB]:
        """Colours by name."""
        return {entry.name: entry.color for entry in self.classes}

    def with_key(self, key: int) -> HintClass | None:
        """Return the class that a number key chooses, or None."""
        return next((entry for entry in self.classes if entry.key == key), None)

    def with_color(self, color: RGB) -> HintClass | None:
        """Return the first class of this 8-bit colour, or None."""
        wanted = to_hex(color)
        return next((entry for entry in self.classes if entry.hex == wanted), None)

    def add(self, name: str | None = None, color: Any = "gold") -> Legend:
        """Add a class at the end, with the first free number key.

        Parameters
        ----------
        name
            By default the plain name of its colour. A name that is taken gets a number.
        color
            A CSS name, '#rrggbb' or sRGB floats.
        """
        rgb = checked_color(color)
        key = next((k for k in _KEYS if self.with_key(k) is None), None)
        entry = HintClass(self.free_name(name or plain_name(rgb)), rgb, key)
        return replace(self, classes=(*self.classes, entry))

    def rename(self, name: str, new: str) -> Legend:
        """Give a class another name.

        Raises
        ------
        InvalidRequest
            The new name is empty or taken (merge instead), or the class is locked.
        """
        self._unlocked(name)
        new = checked_name(new)
        if new != name and new in self:
            raise InvalidRequest(
                f"There is a class {new!r} already: choose another name, or merge the two."
            )
        return self._exchange(name, name=new)

    def recolor(self, name: str, color: Any) -> Legend:
        """Give a class another colour.

        Raises
        ------
        InvalidRequest
            The class is locked, or it is gray and the colour is not.
        """
        self._unlocked(name)
        rgb = checked_color(color)
        if name == self.gray.name and len(set(rgb)) != 1:
            raise InvalidRequest(
                f"The class {name!r} keeps things gray: add a class for another colour."
            )
        return self._exchange(name, color=rgb)

    def lock(self, name: str, locked: bool = True) -> Legend:
        """Protect a class from changes, or allow them again."""
        return self._exchange(name, locked=locked)

    def merge(self, source: str, target: str) -> Legend:
        """Let one class become part of another, which keeps name, colour and key.

        Raises
        ------
        InvalidRequest
            One of them is locked, they are the same, or the source is gray.
        """
        self._unlocked(target)
        if source == target:
            raise InvalidRequest(f"{source!r} cannot be merged with itself: choose another class.")
        return self.remove(source)

    def remove(self, name: str) -> Legend:
        """Take a class away.

        Raises
        ------
        InvalidRequest
            It is locked or gray.
        """
        self._unlocked(name)
        if name == self.gray.name:
            raise InvalidRequest("Gray is always there: it cannot be removed or merged away.")
        return replace(self, classes=tuple(c for c in self.classes if c.name != name))

    def move(self, name: str, position: int) -> Legend:
        """Put a class at a position, 1 being the first after gray."""
        entry = self[name]
        if name == self.gray.name:
            return self
        others = [c for c in self.classes if c.name != name]
        others.insert(min(max(position, 1), len(others)), entry)
        return replace(self, classes=tuple(others))

    def with_palette(self, palette: Palette) -> Legend:
        """Recolour classes in order with a palette's colours; locked ones and gray stay.

        Where the palette has fewer colours than there are classes, the last classes stay.
        """
        colors = iter(entry.color for entry in palette.colors)
        classes = [self.gray]
        for entry in self.classes[1:]:
            color = entry.color if entry.locked else next(colors, entry.color)
            classes.append(replace(entry, color=color))
        return replace(self, classes=tuple(classes))

    def free_color(self, palette: Palette) -> RGB:
        """Return the palette's first colour that no class has, else its first; gray if empty."""
        free = [c.color for c in palette.colors if self.with_color(c.color) is None]
        return next(iter(free or [c.color for c in palette.colors]), self.gray.color)

    def free_name(self, name: str) -> str:
        """Return a name that is not taken: 'bacteria', 'bacteria 2' and so on."""
        name = checked_name(name)
        candidate, number = name, 2
        while candidate in self:
            candidate, number = f"{name} {number}", number + 1
        return candidate

    def to_list(self) -> list[dict[str, Any]]:
        """Return all classes as JSON-serializable values, gray first."""
        return [c.to_dict() for c in self.classes]

    @classmethod
    def from_list(cls, items: Any) -> Legend:
        """Read what `to_list` gave.

        Raises
        ------
        InvalidFile
            It does not follow the format.
        """
        try:
            return cls(tuple(HintClass.from_dict(dict(item)) for item in items))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidFile(f"The classes are malformed ({error}): save them again.") from error

    @classmethod
    def recovered(cls, items: Any) -> Legend:
        """Read what `to_list` gave; gray alone where that is missing, malformed or too new."""
        try:
            return cls.from_list(items) if items else cls()
        except ABDiffuserError:
            return cls()

    def _unlocked(self, name: str) -> None:
        if self[name].locked:
            raise InvalidRequest(f"The class {name!r} is locked: unlock it to change it.")

    def _exchange(self, old: str, /, **changes: Any) -> Legend:
        changed = replace(self[old], **changes)
        return replace(self, classes=tuple(changed if c.name == old else c for c in self.classes))
