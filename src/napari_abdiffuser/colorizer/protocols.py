"""What layers and widgets need of a colorizer, so that tests can hand them a small one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_abdiffuser.imaging.hints import Hints

__all__ = ["ColorizerLike", "PictureLike", "ResultLike"]


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


class PictureLike(Protocol):
    """A picture that a colorizer has read: see ``napari_abdiffuser.colorizer.OpenPicture``."""

    def paint(
        self,
        hints: Hints | None = None,
        *,
        n_outputs: int = 1,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> ResultLike:
        """Colorize the picture."""
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
        image: Any,
        contrast_limits: tuple[float, float] | None = None,
        exclude: NDArray[np.bool_] | None = None,
    ) -> PictureLike:
        """Read a picture once, to be painted any number of times."""
        ...
