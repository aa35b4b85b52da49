"""Models as protocols see them: lightness and hint map in, chroma out.

Protocols know no `Colorizer` and no network: they call the two methods of a `Model`. Another kind
of model joins by a class with these methods and a branch in `open_model`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdiffuser.imaging.colorspace import lab_to_srgb, render, srgb_to_lab
from napari_abdiffuser.weights import read, resolve
from napari_abdiffuser.weights.networks import is_pixel

__all__ = ["ColorizerModel", "Model", "displayable_color", "open_model", "patches"]


class Model(Protocol):
    """What protocols ask of a model.

    Lightness is (H, W) float32, L* in [0, 100]. The hint map is (3, H, W) float32: a*, b* in
    CIELAB units and the mask; all zero without hints. Chroma is a* and b*, float32, gamut-mapped
    or not: protocols render it with the picture's own lightness. Calls for one picture follow
    each other and hand over the same lightness array, so that it can be encoded once.
    """

    @property
    def sha256(self) -> str:
        """Hash of the model's file, for the report."""

    @property
    def backgrounds(self) -> tuple[str, ...]:
        """Backgrounds that it can paint, of 'auto' and 'gray'."""

    def best(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        background: str | None = None,
    ) -> NDArray[np.float32]:
        """Chroma (H, W, 2) of the deterministic colouring; None: as it was opened."""

    def samples(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        n: int,
        steps: int | None = None,
        seed: int | None = None,
    ) -> NDArray[np.float32]:
        """Chroma (n, H, W, 2) of `n` samples.

        Sample `i` depends on the seed and on `i`, never on `n`. ``steps=None`` takes the model's
        own number of denoising steps, ``seed=None`` the seed it was opened with.
        """


def open_model(model: str, device: str = "auto", seed: int = 0, background: str = "auto") -> Model:
    """Load a model for measuring.

    Parameters
    ----------
    model : str
        A registry name or the path of a ``.safetensors`` file.
    device : str
        See `napari_abdiffuser.Colorizer.load`.
    seed : int
        Of its samples.
    background : {'auto', 'gray'}
        What becomes of what no hint claims; pixel models know only 'auto'.

    Returns
    -------
    Model

    Raises
    ------
    ModelNotFound, ModelCorrupt, DeviceUnavailable
        As from `napari_abdiffuser.Colorizer.load`.
    """
    file = resolve(model)
    tensors, metadata = read(file.path)
    if is_pixel(metadata):
        from abdiffuser_training.evaluate.subjects.pixel_model import PixelModel

        return PixelModel(file, tensors, metadata, device, seed)
    return ColorizerModel(model, device, seed, background)


def displayable_color(chroma: NDArray[np.float32], lightness: float) -> tuple[float, float, float]:
    """Find an sRGB colour with a given a* and b*: at a lightness where sRGB has one.

    Parameters
    ----------
    chroma : (2,)
        a* and b*.
    lightness : float
        L* to stay close to, [0, 100].

    Returns
    -------
    tuple of float
        R, G and B in [0, 1].
    """
    levels = np.arange(2.0, 99.0, 0.5)
    lab = np.column_stack([levels, np.broadcast_to(chroma, (levels.size, 2))])
    rgb = lab_to_srgb(lab)
    outside = np.maximum(rgb - 1, -rgb).max(axis=1).clip(0)
    best = np.lexsort((np.abs(levels - lightness), outside))[0]
    red, green, blue = (float(v) for v in rgb[best].clip(0, 1))
    return red, green, blue


def patches(hint_map: NDArray[np.float32]) -> list[tuple[float, float, int, tuple[float, float]]]:
    """Take the patches of a hint map apart again.

    Parameters
    ----------
    hint_map : ndarray
        (3, H, W): a*, b* and mask. Patches are told apart by their colours and by gaps; a patch
        that another one covers in part comes back as the largest square about its visible part's
        middle.

    Returns
    -------
    list of tuple
        Centre row, centre column (pixel centres at integers), side in pixels, (a*, b*).
    """
    mask = hint_map[2] > 0
    found = []
    colors = np.unique(hint_map[:2, mask], axis=1).T if mask.any() else np.zeros((0, 2))
    for a, b in colors:
        own = mask & (hint_map[0] == a) & (hint_map[1] == b)
        labels, _ = ndimage.label(own)
        for rows, columns in ndimage.find_objects(labels):
            side = min(rows.stop - rows.start, columns.stop - columns.start)
            centre = (rows.start + rows.stop - 1) / 2, (columns.start + columns.stop - 1) / 2
            found.append((*centre, side, (float(a), float(b))))
    return found


class ColorizerModel:
    """A model through the product's `Colorizer`, exactly as users get it.

    Parameters
    ----------
    model, device, seed, background
        See `open_model`.
    """

    def __init__(
        self, model: str, device: str = "auto", seed: int = 0, background: str = "auto"
    ) -> None:
        from napari_abdiffuser.colorizer import Colorizer

        self._colorizer = Colorizer.load(model, device=device)
        self._seed = seed
        self._background = background
        self._opened: tuple[NDArray[np.float32], Any] | None = None

    @property
    def sha256(self) -> str:
        """Hash of the model's file."""
        return str(self._colorizer.describe()["model"]["sha256"])

    @property
    def backgrounds(self) -> tuple[str, ...]:
        """Both."""
        return "auto", "gray"

    def best(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        background: str | None = None,
    ) -> NDArray[np.float32]:
        """Chroma (H, W, 2) of the deterministic colouring."""
        result = self._paint(lightness, hint_map, 0, None, None, background)
        chroma: NDArray[np.float32] = srgb_to_lab(result.best / 255)[..., 1:].astype(np.float32)
        return chroma

    def samples(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        n: int,
        steps: int | None = None,
        seed: int | None = None,
    ) -> NDArray[np.float32]:
        """Chroma (n, H, W, 2) of samples as displayed."""
        chroma: NDArray[np.float32] = self._paint(lightness, hint_map, n, steps, seed).chroma
        return chroma

    def _paint(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        n: int,
        steps: int | None,
        seed: int | None,
        background: str | None = None,
    ) -> Any:
        if self._opened is None or self._opened[0] is not lightness:
            gray = render(lightness, np.zeros((*lightness.shape, 2), np.float32))[0][..., 0]
            self._opened = (lightness, self._colorizer.open(gray))
        seed = self._seed if seed is None else seed
        return self._opened[1].paint(
            _as_hints(lightness, hint_map),
            n_outputs=n,
            steps=steps,
            seed=seed,
            background=background or self._background,
        )


def _as_hints(lightness: NDArray[np.float32], hint_map: NDArray[np.float32]) -> Any:
    from napari_abdiffuser.imaging.hints import Hints

    points = patches(hint_map)
    if not points:
        return None
    rows, columns, sizes, colors = zip(*points, strict=True)
    level = lightness[np.round(rows).astype(int), np.round(columns).astype(int)]
    return Hints.from_points(
        np.column_stack([rows, columns]),
        [
            displayable_color(np.array(color, np.float32), float(at))
            for color, at in zip(colors, level, strict=True)
        ],
        sizes=np.array(sizes),
    )
