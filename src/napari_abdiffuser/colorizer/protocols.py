"""Protocols of models, pictures and results, shared by all packages above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from napari_abdiffuser.errors import InvalidRequest

if TYPE_CHECKING:  # the protocols themselves load no torch
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from napari_abdiffuser.imaging.colors import RGB
    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.imaging.lightness import Lightness

__all__ = [
    "ClassMapLike",
    "ColorizerLike",
    "GuidedPicture",
    "Picture",
    "PreviewLike",
    "ResultLike",
    "SpreadLike",
    "with_guide",
]


class ResultLike(Protocol):
    """The pictures of one run: see ``napari_abdiffuser.colorizer.Result``."""

    @property
    def best(self) -> NDArray[np.uint8]:
        """The most probable colouring, (H, W, 3)."""
        ...

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The variations, (n, H, W, 3)."""
        ...

    @property
    def provenance(self) -> dict[str, Any]:
        """What made them, JSON-serializable."""
        ...


class PreviewLike(Protocol):
    """A smaller colouring: see ``napari_abdiffuser.colorizer.Preview``."""

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """(h, w, 3)."""
        ...

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the picture to a pixel of it, along rows and columns."""
        ...


class ClassMapLike(Protocol):
    """The class of every pixel: see ``napari_abdiffuser.colorizer.ClassMap``."""

    @property
    def labels(self) -> NDArray[np.uint16]:
        """(H, W): 0, or the number of the class in `names`, from 1."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        ...

    @property
    def colors(self) -> tuple[RGB, ...]:
        """Of the classes, sRGB in [0, 1]."""
        ...

    @property
    def fractions(self) -> tuple[float, ...]:
        """Share of the picture that each class owns."""
        ...

    def per_class(self, values: Mapping[str, float], default: float = 1.0) -> NDArray[np.float32]:
        """Map a number for each class to its pixels, (H, W)."""
        ...


class SpreadLike(Protocol):
    """Hints at fixed places: see ``napari_abdiffuser.colorizer.Spread``."""

    @property
    def hints(self) -> Hints:
        """The hints whose places are fixed."""
        ...

    def recolor(self, colors: Mapping[str, Any]) -> ResultLike:
        """Paint with other colours, without running a network."""
        ...


class Picture(Protocol):
    """A picture that any model can paint."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        ...

    @property
    def lightness(self) -> Lightness:
        """Of the picture."""
        ...

    @property
    def guided(self) -> GuidedPicture | None:
        """The same picture with everything that a guide makes possible; None without a guide."""
        ...

    def prepare(self, cancel: Callable[[], bool] | None = None) -> None:
        """Compute in advance what the first painting needs."""
        ...

    def paint(
        self,
        hints: Hints | None = None,
        n_outputs: int = 1,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> ResultLike:
        """Colorize the picture; see ``Colorizer.__call__``."""
        ...


class GuidedPicture(Picture, Protocol):
    """A picture that a guide has encoded: see ``napari_abdiffuser.colorizer.OpenPicture``."""

    def spread(self, hints: Hints, background: str = "auto") -> SpreadLike:
        """Fix the places of hints, so that other colours need no network."""
        ...

    def preview(
        self,
        hints: Hints | None = None,
        max_side: int = 1024,
        background: str = "auto",
        saturation: float = 1.0,
    ) -> PreviewLike:
        """Colorize a smaller picture."""
        ...

    def class_map(self, hints: Hints, background: str = "auto") -> ClassMapLike:
        """Assign every pixel to a class."""
        ...

    def uncertainty(
        self,
        hints: Hints | None = None,
        seed: int = 0,
        n_samples: int = 8,
        cancel: Callable[[], bool] | None = None,
    ) -> NDArray[np.float32]:
        """Compute how far variations differ from each other, (H, W)."""
        ...

    def suggest_place(
        self,
        hints: Hints | None = None,
        seed: int = 0,
        cancel: Callable[[], bool] | None = None,
    ) -> tuple[int, int]:
        """Find where a hint would reduce the uncertainty most: row and column."""
        ...

    def suggest_colors(
        self, y: float, x: float, n: int = 5, hints: Hints | None = None, seed: int = 0
    ) -> tuple[RGB, ...]:
        """List the probable colours of a place."""
        ...

    def inpaint(
        self,
        rgb: ArrayLike,
        mask: ArrayLike,
        hints: Hints | None = None,
        n_outputs: int = 1,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> ResultLike:
        """Recolour inside a region."""
        ...

    def more_like(
        self,
        rgb: ArrayLike,
        hints: Hints | None = None,
        n_outputs: int = 4,
        strength: float = 0.5,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> ResultLike:
        """Make variations near a colouring."""
        ...

    def erase(self, rgb: ArrayLike, mask: ArrayLike) -> NDArray[np.uint8]:
        """Make a region gray."""
        ...

    def saturate(self, rgb: ArrayLike, factor: float | NDArray[Any]) -> NDArray[np.uint8]:
        """Strengthen or soften colours."""
        ...


class ColorizerLike(Protocol):
    """A loaded model on a device: see ``napari_abdiffuser.colorizer.Colorizer``."""

    @property
    def device(self) -> str:
        """Where the model runs, such as ``cpu`` or ``cuda:0``."""
        ...

    @property
    def device_reason(self) -> str:
        """Why it runs there, in words."""
        ...

    @property
    def default_steps(self) -> int:
        """Denoising steps taken when none are asked for."""
        ...

    def open(
        self,
        image: ArrayLike,
        contrast_limits: tuple[float, float] | None = None,
        exclude: NDArray[np.bool_] | None = None,
    ) -> Picture:
        """Read a picture once, to be painted any number of times."""
        ...


def with_guide(picture: Picture) -> GuidedPicture:
    """Return the picture with everything that a guide makes possible.

    Raises
    ------
    InvalidRequest
        If its model has no guide.
    """
    if picture.guided is None:
        raise InvalidRequest(
            "A pixel model does not know which pixels belong together, so it has only best and "
            "variations: load a model with a guide, such as 'default', for this."
        )
    return picture.guided
