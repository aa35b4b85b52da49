"""Caption of a figure, which declares the colouring."""

from __future__ import annotations

from collections.abc import Sequence

from napari_abdiffuser.imaging.colors import RGB, to_hex
from napari_abdiffuser.studio.legend.classes import HintClass
from napari_abdiffuser.studio.legend.color_names import plain_name

__all__ = ["caption"]


def caption(
    classes: Sequence[HintClass],
    version: str,
    *,
    model: str = "",
    guessed: bool = True,
    edited: bool = False,
    scale_bar: str = "",
    letters: Sequence[str] = (),
) -> str:
    """Write the caption of a figure.

    Parameters
    ----------
    classes
        That occur in the picture; gray ones are not named.
    version
        Of napari-abdiffuser.
    model
        Name of the model; empty is not named.
    guessed
        Whether pixels that no hint claims have colours that the model chose.
    edited
        Whether the lightness was changed after all, by other tools or a burned-in bar, or nothing
        is there to check it by: then it is not called unchanged.
    scale_bar
        Its text, '20 µm', or empty.
    letters
        Of the panels: ``("a", "b")`` when the gray original is beside the coloured picture.

    Returns
    -------
    str
        'False colour: purple, cells; gold, minerals. Colour added with napari-abdiffuser 1.2.0;
        lightness unchanged.'
    """
    named = [c for c in classes if len(set(c.color)) > 1]
    words = _words([c.color for c in named])
    pairs = zip(words, named, strict=True)
    listed = "; ".join(w if w == c.name else f"{w}, {c.name}" for w, c in pairs)
    panels = f"({letters[0]}) Original. ({letters[1]}) " if len(letters) > 1 else ""
    start = f"{panels}False colour{': ' + listed if listed else ''}."
    tool = f"napari-abdiffuser {version}" + (f" (model {model})" if model else "")
    lightness = "" if edited else "; lightness unchanged"
    added = f"Colour added with {tool}{lightness}."
    rest = "Other colours were chosen by the model and carry no meaning." if guessed else ""
    bar = f"Scale bar, {scale_bar}." if scale_bar else ""
    return " ".join(part for part in (start, added, rest, bar) if part)


def _words(colors: Sequence[RGB]) -> list[str]:
    """Return a word for each colour; where two are the same, their codes tell them apart."""
    words = [plain_name(color) for color in colors]
    return [
        f"{word} ({to_hex(color)})" if words.count(word) > 1 else word
        for word, color in zip(words, colors, strict=True)
    ]
