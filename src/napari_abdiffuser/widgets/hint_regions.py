"""'Colour by labels': hints out of any Labels layer, such as a segmentation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QMenu, QPushButton, QWidget

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.hints import Hints, RegionHint
from napari_abdiffuser.layers.labels import read_labels
from napari_abdiffuser.widgets import texts_legend as texts
from napari_abdiffuser.widgets.hint_layers import is_own
from napari_abdiffuser.widgets.layer_combo import unwrap
from napari_abdiffuser.widgets.side_jobs import SideJobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_abdiffuser.studio.palettes import Palette
    from napari_abdiffuser.studio.state import StudioState
    from napari_abdiffuser.widgets.hint_sync import HintSync
    from napari_abdiffuser.widgets.store import Store

__all__ = ["RegionsButton"]

_MOST = 24  # classes that a legend can show


class RegionsButton(QPushButton):
    """Offers the open Labels layers; their regions become hints of the chosen class, or of many.

    The user's layer stays as it is: the hints are painted on a layer of the plugin.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    store, sync
        Where the hints go.
    palette
        Gives the palette that new classes take their colours from.
    """

    failed = Signal(str)

    def __init__(
        self,
        viewer: Viewer,
        store: Store,
        sync: HintSync,
        palette: Callable[[], Palette],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(texts.REGIONS, parent)
        self.setObjectName("colour_by_labels")
        self._viewer = viewer
        self._store = store
        self._sync = sync
        self._palette = palette
        self._jobs = SideJobs(self)
        self.menu_ = QMenu(self)
        self.menu_.aboutToShow.connect(self.fill)
        self.setMenu(self.menu_)

    def fill(self) -> None:
        """Offer the layers that there are now."""
        self.menu_.clear()
        active = self._store.state.active
        layers = [unwrap(x) for x in self._viewer.layers if isinstance(unwrap(x), Labels)]
        layers = [layer for layer in layers if not is_own(layer)]
        for layer in layers:
            one = texts.REGIONS_ONE.format(name=layer.name, active=active)
            self._add(one, partial(self.take, layer, each=False))
            each = texts.REGIONS_EACH.format(name=layer.name)
            self._add(each, partial(self.take, layer, each=True))
        if not layers:
            self._add(texts.NO_LABELS, lambda: None, enabled=False)

    def take(self, layer: Labels, *, each: bool) -> None:
        """Make hints of a layer's regions.

        Parameters
        ----------
        layer
            Lies anywhere; what of it lies on the picture counts.
        each
            Whether every label gets a class of its own; else all get the chosen class.
        """
        place = self._sync.pictures.place()
        if place is None:
            return
        source, shape = read_labels(layer, place.image, place.picture, place.dims), place.picture
        name = str(layer.name)
        self._jobs.run(
            "regions",
            lambda _: _masks(source.sample(shape.shape), name, each),
            self._on_masks,
            self.failed.emit,
        )

    def cleanup(self) -> None:
        """Stop what is under way; without Qt."""
        self._jobs.cleanup()

    def _on_masks(self, found: list[tuple[str, NDArray[np.bool_]]]) -> None:
        palette = self._palette()

        def add(state: StudioState) -> StudioState:
            legend, regions = state.legend, list(state.hints.regions)
            for name, mask in found:
                entry = legend[state.active]
                if name:
                    legend = legend.add(name, legend.free_color(palette))
                    entry = legend.classes[-1]
                regions.append(RegionHint(mask, entry.color, entry.name))
            hints = Hints(state.hints.points, tuple(regions), state.hints.extra)
            return state.set_hints(hints, texts.REGIONS_LABEL)

        self._store.apply(add)

    def _add(self, text: str, action: Callable[[], object], *, enabled: bool = True) -> None:
        added: Any = self.menu_.addAction(text)
        added.setEnabled(enabled)
        added.triggered.connect(lambda *_: action())


def _masks(labels: NDArray[Any], name: str, each: bool) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return names of new classes, or '' for the chosen one, and what is of them."""
    if not labels.any():
        raise InvalidHints(texts.REGIONS_EMPTY.format(name=name))
    if not each:
        return [("", labels != 0)]
    values = [int(v) for v in np.unique(labels[labels != 0])]
    if len(values) > _MOST:
        raise InvalidHints(texts.REGIONS_MANY.format(name=name, count=len(values)))
    return [(f"{name} {value}", labels == value) for value in values]
