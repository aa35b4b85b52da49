"""Plain names of colours, for captions and new classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.colors import RGB, parse_color
from napari_abdiffuser.imaging.conversion import srgb_to_lab

__all__ = ["GRAY_CHROMA", "NAMES", "plain_name", "plain_names"]

GRAY_CHROMA = 6.0
"""Below this CIELAB chroma a colour is called black, gray or white."""

# Words that a reader of a caption knows, each with examples; a colour is called what the nearest
# example is called. Our own choice, at the chroma that false colours have.
NAMES: dict[str, tuple[str, ...]] = {
    "red": ("#e6194b", "#c8463f", "#ee3322", "#cc2222", "#d05068"),
    "dark red": ("#8b1a1a", "#6e1423", "#882255"),
    "orange": ("#f58231", "#dd7f35", "#ff9800", "#d55e00"),
    "gold": ("#d9a441", "#ffc61a", "#daa520", "#e69f00", "#ffd700"),
    "yellow": ("#ffe119", "#e0cf4f", "#f0e442", "#ccbb44"),
    "olive": ("#97a03d", "#808000", "#999933", "#aaaa00", "#bbbb30"),
    "light green": ("#8fd18f", "#a4d65e", "#99e699"),
    "green": ("#3cb44b", "#4f9a52", "#228833"),
    "dark green": ("#1e5e2a", "#0b4f25"),
    "teal": ("#009e8a", "#3fa388", "#008080", "#44aa99"),
    "turquoise": ("#40d9cf", "#33cccc"),
    "light blue": ("#87c8ee", "#52b2d2", "#99ddff"),
    "blue": ("#2f6fd0", "#4483cb", "#0072b2", "#1f4fe0", "#0000ff"),
    "dark blue": ("#1b2a6b", "#332288", "#101f80"),
    "violet": ("#7b4fd0", "#5560bd", "#8a2be2"),
    "purple": ("#8357b5", "#7d2a8f", "#911eb4", "#aa3377"),
    "magenta": ("#d62ad0", "#b8529a", "#ee22aa"),
    "pink": ("#f29db8", "#dd8fa6", "#ff9ec7", "#cc79a7"),
    "salmon": ("#ee8866", "#f0907a"),
    "brown": ("#7a4a24", "#94643f", "#5f3a1c", "#a5502b", "#b06f42", "#a24f3c"),
    "tan": ("#cbb694", "#c8a878", "#b89a6a", "#d8c49a"),
    "blue gray": ("#6f86a3", "#708090"),
    "cream": ("#f5e6c0", "#eedd88"),
}


def plain_name(color: Sequence[float]) -> str:
    """Return the plain word that comes nearest to an sRGB colour, [0, 1]: 'gold'."""
    lab = srgb_to_lab(np.asarray(color, np.float64))
    chroma = float(np.hypot(lab[1], lab[2]))
    if chroma < GRAY_CHROMA:
        lightness = float(lab[0])
        return "black" if lightness < 12.0 else "white" if lightness > 95.0 else "gray"
    words, examples = _examples()
    difference = examples - lab
    # Lightness is the picture's own, so hue and chroma count for more.
    difference[:, 0] *= 0.6
    return words[int(np.argmin((difference**2).sum(axis=1)))]


def plain_names(colors: Sequence[RGB]) -> list[str]:
    """Return a name for each colour, no two the same: 'blue', 'gold', 'blue 2'."""
    names: list[str] = []
    for color in colors:
        word = plain_name(color)
        name, number = word, 2
        while name in names:
            name, number = f"{word} {number}", number + 1
        names.append(name)
    return names


@lru_cache(maxsize=1)
def _examples() -> tuple[list[str], NDArray[np.float64]]:
    words = [word for word, examples in NAMES.items() for _ in examples]
    colors = [parse_color(text) for examples in NAMES.values() for text in examples]
    return words, srgb_to_lab(np.array(colors))
