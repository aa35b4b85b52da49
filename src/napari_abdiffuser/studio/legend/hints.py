"""Classes and colours of hints in a legend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from napari_abdiffuser.imaging.colors import RGB
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.kinds import Hint
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.legend.color_names import plain_name

__all__ = [
    "adopt",
    "counts",
    "reassigned",
    "renamed",
    "without_class",
]


def adopt(legend: Legend, hints: Hints) -> tuple[Legend, Hints]:
    """Give every hint a class.

    Parameters
    ----------
    legend
        Its classes keep their colours: a hint of a known class takes the class's colour.
    hints
        A hint of an unknown class adds that class with the hint's colour. A hint without a class
        joins the class of its colour, or a new one that has the colour's plain name.

    Returns
    -------
    (Legend, Hints)
        With as many hints in the same order, each with a class of the legend and its colour.
    """
    for hint in _all(hints):
        color = _clipped(hint.color)
        if hint.class_name is not None and hint.class_name not in legend:
            legend = legend.add(hint.class_name, color)
        elif hint.class_name is None and len(set(color)) > 1 and not legend.with_color(color):
            legend = legend.add(plain_name(color), color)

    def named(hint: Hint) -> dict[str, Any]:
        name = hint.class_name
        if name is None:
            known = legend.with_color(_clipped(hint.color)) or legend.gray
            name = known.name
        return {"class_name": name, "color": legend[name].color}

    return legend, _each(hints, named)


def renamed(hints: Hints, name: str, new: str) -> Hints:
    """Rename a class in hints; their colours stay."""
    return _each(hints, lambda h: {"class_name": new} if h.class_name == name else {})


def reassigned(hints: Hints, source: str, target: str, legend: Legend) -> Hints:
    """Make hints of one class hints of another, in its colour: what merging does."""
    change = {"class_name": target, "color": legend[target].color}
    return _each(hints, lambda h: change if h.class_name == source else {})


def without_class(hints: Hints, name: str) -> Hints:
    """Return the hints of all other classes."""
    return _only(hints, lambda h: h.class_name != name)


def counts(hints: Hints) -> dict[str | None, int]:
    """Count the hints of every class."""
    found: dict[str | None, int] = {}
    for hint in _all(hints):
        found[hint.class_name] = found.get(hint.class_name, 0) + 1
    return found


def _all(hints: Hints) -> tuple[Hint, ...]:
    return (*hints.points, *hints.regions)


def _each(hints: Hints, change: Callable[[Hint], dict[str, Any]]) -> Hints:
    return replace(
        hints,
        points=tuple(_changed(p, change(p)) for p in hints.points),
        regions=tuple(_changed(r, change(r)) for r in hints.regions),
    )


def _changed(hint: Any, change: dict[str, Any]) -> Any:
    # The same object where nothing changes: a region's mask is copied by `replace`.
    if all(getattr(hint, name) == value for name, value in change.items()):
        return hint
    return replace(hint, **change)


def _only(hints: Hints, keep: Callable[[Hint], bool]) -> Hints:
    return replace(
        hints,
        points=tuple(p for p in hints.points if keep(p)),
        regions=tuple(r for r in hints.regions if keep(r)),
    )


def _clipped(color: RGB) -> RGB:
    red, green, blue = (min(max(float(v), 0.0), 1.0) for v in color)
    return red, green, blue
