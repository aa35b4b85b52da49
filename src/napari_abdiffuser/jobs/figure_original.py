"""The open picture that a colouring was made of, found by its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.imaging.lightness import lightness_digest, to_lightness
from napari_abdiffuser.studio.figure.panels import colored_panel, gray_panel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.layers.shown import Shown

__all__ = ["Original", "Originals", "edited"]

# 8-bit grays and 8-bit colours are each half a step from the lightness they stand for.
_SAME_LIGHTNESS = 1.5
_Limits = tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class Original:
    """The picture that was colorized.

    Attributes
    ----------
    source
        Where it is.
    pixels
        As they were loaded.
    limits
        Contrast limits that it had when it was colorized, whatever the layer has now.
    """

    source: PictureSource
    pixels: NDArray[Any]
    limits: _Limits


class Originals:
    """Finds originals, and remembers which pictures are those of which colourings.

    To be used by one worker at a time; `known` may be asked in another thread.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], tuple[Any, bool]] = {}

    def known(self, shown: Shown) -> bool:
        """Whether there is an original, as far as was found out; else whether there may be one."""
        return any(self._verdict(shown, source) is not False for source in shown.candidates)

    def find(self, shown: Shown, rgb: NDArray[Any]) -> Original | None:
        """Load the original.

        Parameters
        ----------
        shown
            A colouring, whose provenance has the digest of the lightness that it was given.
        rgb
            Its pixels: where no digest is given, their lightness has to be that of the original.

        Returns
        -------
        Original or None
            None if no open picture is the one that was colorized.
        """
        for source in shown.candidates:
            verdict = self._verdict(shown, source)
            if verdict is False:
                continue
            pixels, limits = source.load(), _limits(shown, source)
            if verdict is None:
                verdict = _is_original(shown, rgb, pixels, limits)
                self._remember(shown, source, verdict)
            if verdict:
                return Original(source, pixels, limits)
        return None

    def _verdict(self, shown: Shown, source: PictureSource) -> bool | None:
        there, verdict = self._known.get(_key(shown, source), (None, False))
        # The number of an array that is gone may be another one's now.
        return verdict if there is not None and there() is source.array else None

    def _remember(self, shown: Shown, source: PictureSource, verdict: bool) -> None:
        if _digest(shown) is None:
            return  # another tool's change to the colouring would not be seen
        try:
            there = ref(source.array)
        except TypeError:  # some kinds of arrays have no references of this kind
            return
        kept = {k: v for k, v in self._known.items() if v[0]() is not None}
        self._known = {**kept, _key(shown, source): (there, verdict)}


def _key(shown: Shown, source: PictureSource) -> tuple[Any, ...]:
    return id(source.array), source.index, _limits(shown, source), _digest(shown)


def _input(shown: Shown) -> Mapping[str, Any]:
    described = shown.provenance.get("input")
    return described if isinstance(described, dict) else {}


def _digest(shown: Shown) -> str | None:
    """Return the digest of what was colorized; of a stack in one layer it is another slice's."""
    place = shown.provenance.get("source")
    if isinstance(place, dict) and "first" in place:
        return None
    digest = _input(shown).get("lightness_sha256")
    return digest if isinstance(digest, str) else None


def _limits(shown: Shown, source: PictureSource) -> _Limits:
    """Return the contrast limits at the time of the colouring."""
    described = _input(shown)
    if _digest(shown) is None or "mapping" not in described:
        return source.contrast_limits
    limits = described.get("limits")
    if described["mapping"] != "contrast_limits" or not isinstance(limits, list | tuple):
        return None
    return float(limits[0]), float(limits[1])


def _is_original(shown: Shown, rgb: NDArray[Any], pixels: NDArray[Any], limits: _Limits) -> bool:
    wanted = _digest(shown)
    try:
        if wanted is not None:
            return lightness_digest(pixels, limits) == wanted
        # Other tools may have changed some pixels, and burned something in.
        return float(np.median(_off(rgb, pixels, limits))) <= _SAME_LIGHTNESS
    except ABDiffuserError:  # it cannot even be colorized
        return False


def edited(rgb: NDArray[Any], original: Original) -> bool:
    """Whether the lightness of some pixels is not the original's, as other tools leave it.

    Pixels on a grid are looked at, so that it takes no time.

    Parameters
    ----------
    rgb
        The colouring.
    original
        As large, or the part of it that lies under `rgb`.
    """
    try:
        return bool(_off(rgb, original.pixels, original.limits).max() > _SAME_LIGHTNESS)
    except ABDiffuserError:
        return True  # nothing to compare: nothing to claim


def _off(rgb: NDArray[Any], pixels: NDArray[Any], limits: _Limits) -> NDArray[Any]:
    """Return how far the lightness of a colouring is from that of a picture, on a grid."""
    step = max(1, max(rgb.shape[:2]) // 512)
    grays = gray_panel(pixels[::step, ::step], limits)
    colors = colored_panel(rgb[::step, ::step])
    off: NDArray[Any] = np.abs(to_lightness(colors).display - to_lightness(grays).display)
    return off
