"""A font that has the letters of a text."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

__all__ = ["font_for"]

# Pillow's own font has ASCII letters alone, and a scale bar needs µ. napari's world brings others:
# (package, file inside it). The last are looked for where the system keeps its fonts.
_PACKAGED = (
    ("vispy", "util/fonts/data/OpenSans-Regular.ttf"),
    ("napari_resources", "resources/fonts/M_PLUS_1p/MPLUS1p-Regular.ttf"),
    ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf"),
)
_SYSTEM = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "Arial Unicode.ttf",
    "arial.ttf",
    "msyh.ttc",
)


def font_for(text: str, size: int) -> tuple[FreeTypeFont | ImageFont, str]:
    """Find a font for a text.

    Parameters
    ----------
    text : str
        What is to be drawn.
    size : int
        Of the letters in pixels.

    Returns
    -------
    (font, str)
        The first font that has all letters, and the text; where none has, Pillow's font and the
        text with 'µ' as 'u'.
    """
    from PIL import ImageFont

    letters = frozenset(text) - {" ", "\n"}
    for path in _candidates():
        if letters <= _letters(path, letters):
            return ImageFont.truetype(path, size), text
    return ImageFont.load_default(size), text.replace("µ", "u").replace("Å", "A")


@lru_cache(maxsize=1)
def _candidates() -> tuple[str, ...]:
    from PIL import ImageFont

    found = [str(path) for package, file in _PACKAGED if (path := _packaged(package, file))]
    for name in _SYSTEM:
        try:
            found.append(str(ImageFont.truetype(name, 10).path))
        except OSError:
            continue
    return tuple(found)


def _packaged(package: str, file: str) -> Path | None:
    # Finding a top-level package does not import it.
    spec = find_spec(package)
    folders = (spec.submodule_search_locations or ()) if spec else ()
    return next((p for p in (Path(folder) / file for folder in folders) if p.is_file()), None)


@lru_cache(maxsize=256)
def _letters(path: str, wanted: frozenset[str]) -> frozenset[str]:
    """Return those of the wanted letters that a font file has."""
    from PIL import ImageFont

    font = ImageFont.truetype(path, 24)

    def drawn(letter: str) -> tuple[tuple[int, int], bytes]:
        mask = font.getmask(letter, mode="L")
        return mask.size, bytes(mask)

    # A letter that a font lacks looks as one that no font has.
    missing = drawn("\U0010fffe")
    return frozenset(letter for letter in wanted if drawn(letter) != missing)
