"""Text, fonts, swatches and scale bars drawn on a figure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from napari_abdiffuser.studio.figure.options import Box, Corner
    from napari_abdiffuser.studio.figure.scale_bar import ScaleBar
    from napari_abdiffuser.studio.legend.classes import HintClass

__all__ = ["Pen", "bar_width", "font_for", "legend_size"]

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


_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_SWATCH = 1.0  # side of a swatch, and other lengths, in text sizes
_SPACE = 0.5
_LINE = 1.5


def text_width(text: str, size: int) -> int:
    """Return the width of a text in pixels."""
    font, shown = font_for(text, size)
    return round(font.getlength(shown))


def bar_width(bar: ScaleBar, size: int) -> int:
    """Return the width in pixels of a bar with its text before it."""
    return round(bar.pixels + size / 2) + text_width(bar.text, size)


def legend_size(
    classes: Sequence[HintClass], size: int, place: str, width: int
) -> tuple[int, int, list[list[HintClass]]]:
    """Return height and width in pixels of a legend, and its classes row by row.

    The width is that of the widest row.

    Parameters
    ----------
    classes
        Its entries.
    size
        Of letters in pixels.
    place
        'right': one entry a row; 'below': as many as fit into `width`.
    """
    entries = [(c, _entry_width(c, size)) for c in classes]
    rows: list[list[HintClass]] = []
    used = widest = 0
    for entry, needed in entries:
        if place == "right" or not rows or used + needed > width:
            rows.append([])
            used = 0
        rows[-1].append(entry)
        used += needed
        widest = max(widest, used)
    return round(_LINE * size * len(rows)), widest, rows


def _entry_width(entry: HintClass, size: int) -> int:
    return round((_SWATCH + 2 * _SPACE + 0.5) * size) + text_width(entry.name, size)


class Pen:
    """Draws on a figure in one size of letters.

    Parameters
    ----------
    draw
        Of the figure's picture.
    size
        Of letters in pixels.
    dark
        Whether the figure's background is black.
    """

    def __init__(self, draw: ImageDraw, size: int, dark: bool) -> None:
        self._draw = draw
        self._size = size
        self._ink = _WHITE if dark else _BLACK

    def legend(self, rows: Sequence[Sequence[HintClass]], top: int, left: int) -> None:
        """Draw a legend's rows with its upper left corner there."""
        size = self._size
        for number, row in enumerate(rows):
            x, y = float(left), top + number * _LINE * size + 0.25 * size
            for entry in row:
                side = _SWATCH * size
                box = (x, y, x + side - 1, y + side - 1)
                color = tuple(int(v * 255.0 + 0.5) for v in entry.color)
                outline = max(1, size // 16)
                self._draw.rectangle(box, fill=color, outline=self._ink, width=outline)
                middle = (x + (_SWATCH + _SPACE) * size, y + side / 2)
                self._text(entry.name, middle, "lm")
                x += _entry_width(entry, size)

    def bar_inside(self, bar: ScaleBar, panel: Box, corner: Corner, keep_clear: int) -> None:
        """Draw a scale bar into a corner of a panel: white, with a black rim."""
        size = self._size
        thick, rim, gap = max(2, size // 4), max(1, size // 12), size // 4
        length = round(bar.pixels)
        block = thick + gap + size
        lower, right = corner.startswith("lower"), corner.endswith("right")
        foot = panel.top + panel.height - keep_clear
        top = foot - size - block if lower else panel.top + size
        end = panel.left + panel.width - size
        left = end - length if right else panel.left + size
        line = top + size + gap
        box = (left, line, left + length - 1, line + thick - 1)
        around = (box[0] - rim, box[1] - rim, box[2] + rim, box[3] + rim)
        self._draw.rectangle(around, fill=_BLACK)
        self._draw.rectangle(box, fill=_WHITE)
        # A text that is wider than its bar stays in the picture all the same.
        half = text_width(bar.text, size) / 2 + rim
        inside = panel.left + half, max(panel.left + half, panel.left + panel.width - half)
        middle = min(max(left + length / 2, inside[0]), inside[1])
        self._text(bar.text, (middle, top + size), "mb", _WHITE, rim)

    def bar_below(self, bar: ScaleBar, top: int, right: int) -> None:
        """Draw a scale bar outside the picture, ending at the column `right`."""
        size = self._size
        thick, length = max(2, size // 4), round(bar.pixels)
        middle = top + 0.75 * size
        start = middle - thick / 2
        self._draw.rectangle((right - length, start, right - 1, start + thick - 1), fill=self._ink)
        self._text(bar.text, (right - length - size / 2, middle), "rm")

    def letter(self, letter: str, panel: Box) -> None:
        """Draw a panel's letter into its upper left corner."""
        place = (panel.left + self._size * 0.6, panel.top + self._size * 0.2)
        size = round(self._size * 1.3)
        self._text(letter, place, "la", _WHITE, max(1, size // 10), size)

    def _text(
        self,
        text: str,
        place: tuple[float, float],
        anchor: str,
        ink: tuple[int, int, int] | None = None,
        rim: int = 0,
        size: int | None = None,
    ) -> None:
        font, shown = font_for(text, size or self._size)
        self._draw.text(
            place,
            shown,
            fill=ink or self._ink,
            font=font,
            anchor=anchor,
            stroke_width=rim,
            stroke_fill=_BLACK if rim else None,
        )
