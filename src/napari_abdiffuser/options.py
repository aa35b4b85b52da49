"""Options of a colouring, described once for forms, command line, settings and checks."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Annotated, Any, Self, get_type_hints

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["OPTIONS", "Background", "Option", "PaintOptions", "RunOptions", "checked"]


class Background(StrEnum):
    """What pixels become that no hint claims."""

    AUTO = "auto"
    """Coloured automatically."""

    GRAY = "gray"
    """Gray, also called highlighting."""

    @classmethod
    def parse(cls, value: object) -> Background:
        """Return the background of this name; raises InvalidRequest if there is none."""
        if isinstance(value, str) and value in tuple(cls):
            return cls(value)
        known = " or ".join(repr(member.value) for member in cls)
        raise InvalidRequest(f"background is {known}, not {value!r}.")

    @classmethod
    def of(cls, *, gray: bool) -> Background:
        """Return the background of a switch that is on where it is gray."""
        return cls.GRAY if gray else cls.AUTO

    @property
    def gray(self) -> bool:
        """Whether unclaimed pixels are gray."""
        return self is Background.GRAY


@dataclass(frozen=True)
class Option:
    """Description of one option.

    Attributes
    ----------
    label : str
        Name in a form.
    help : str
        Sentences for a tooltip and the command line.
    minimum, maximum : int or None
        Range of a whole number.
    unset : int or None
        Number that stands for None where there is only room for numbers: in forms and settings.
    choices : mapping of str to str
        Values that are possible, and their names in a form; empty if any is.
    examples : tuple of str
        Values that a form offers beside any other.
    """

    label: str
    help: str
    minimum: int | None = None
    maximum: int | None = None
    unset: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    @property
    def range(self) -> tuple[int, int] | None:
        """Smallest and largest number in forms and settings; None if it is no number."""
        if self.minimum is None or self.maximum is None:
            return None
        return (self.minimum if self.unset is None else self.unset), self.maximum


@dataclass(frozen=True)
class PaintOptions:
    """Options of painting a picture, checked when they are made.

    Attributes
    ----------
    n_outputs : int
        Variations, 0 … 64.
    steps : int or None
        Denoising steps of a variation, 1 … 1000; None for the model's default.
    seed : int
        0 … 2**63 - 1.
    background : Background
        What pixels become that no hint claims; a str is converted.

    Raises
    ------
    InvalidRequest
        A value is of another type or out of its range.
    """

    n_outputs: Annotated[
        int,
        Option(
            "Variations",
            "How many different colourings to make besides the most probable one.",
            0,
            64,
        ),
    ] = 1
    steps: Annotated[
        int | None,
        Option("Steps", "Denoising steps for each variation; more take longer.", 1, 1000, unset=0),
    ] = None
    seed: Annotated[
        int, Option("Seed", "The same seed gives the same variations again.", 0, 2**63 - 1)
    ] = 0
    background: Annotated[
        Background,
        Option(
            "Background",
            "Coloured: parts without hints get the most probable colours.\n"
            "Gray unless hinted: what no hint claims stays gray, so that the rest stands out.",
            choices={"auto": "Coloured", "gray": "Gray unless hinted"},
        ),
    ] = Background.AUTO

    def __post_init__(self) -> None:
        for item in fields(self):
            if item.name in OPTIONS:
                object.__setattr__(self, item.name, checked(item.name, getattr(self, item.name)))

    def with_steps(self, default: int) -> Self:
        """Return the same options with this many steps where none are asked for."""
        return self if self.steps is not None else replace(self, steps=default)

    def painting(self) -> dict[str, Any]:
        """Return the keyword arguments of `Picture.paint`."""
        return {f.name: getattr(self, f.name) for f in fields(PaintOptions)}


@dataclass(frozen=True)
class RunOptions(PaintOptions):
    """Options of a run: those of painting, and with what and from where.

    Attributes
    ----------
    model : str
        A registry name or a path.
    device : str
        'auto', 'cpu', 'cuda', 'cuda:1', 'mps'.
    data_bar : bool
        Whether the instrument's data bar is looked for and left gray.
    """

    model: Annotated[str, Option("Model", "Name of a model, or path of a .safetensors file.")] = (
        "default"
    )
    device: Annotated[
        str, Option("Device", "Where the model runs.", examples=("auto", "cpu", "cuda", "mps"))
    ] = "auto"
    data_bar: Annotated[
        bool,
        Option(
            "Keep the data bar gray",
            "Find the instrument's bar at the foot of the picture: it stays gray and steers no "
            "colours. Switch this off where specimen is taken for a bar.",
        ),
    ] = True


OPTIONS: dict[str, Option] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(RunOptions, include_extras=True).items()
}
"""The description of each option of a run, by the name of its field."""


def checked(name: str, value: Any) -> Any:
    """Return the value of an option in its own type.

    Raises
    ------
    InvalidRequest
        It is of another type or out of range; the message says what to give.
    """
    option = OPTIONS[name]
    if option.choices:
        return Background.parse(value)
    if option.minimum is None or option.maximum is None:
        return value
    if value is None and option.unset is not None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InvalidRequest(f"{name} is a whole number, not {value!r}.")
    if not option.minimum <= int(value) <= option.maximum:
        raise InvalidRequest(
            f"{name} is between {option.minimum} and {option.maximum}, not {value}."
        )
    return int(value)
