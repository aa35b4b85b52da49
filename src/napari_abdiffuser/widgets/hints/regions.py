"""'Colour by labels': hints out of any Labels layer, such as a segmentation."""

from __future__ import annotations

from functools import partial
from itertools import chain, cycle
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QCheckBox, QMenu, QPushButton, QWidget

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.colors import to_hex
from napari_abdiffuser.imaging.hints import Hints, RegionHint
from napari_abdiffuser.layers.hints.labels import read_labels
from napari_abdiffuser.studio.legend.region_split import RegionSplit, merged, split
from napari_abdiffuser.widgets.common import texts
from napari_abdiffuser.widgets.common.layer_combo import unwrap
from napari_abdiffuser.widgets.hints import texts as hint_texts
from napari_abdiffuser.widgets.hints.layers import is_own
from napari_abdiffuser.widgets.session.side_jobs import SideJobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_abdiffuser.imaging.colors import RGB
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.classes import Legend
    from napari_abdiffuser.studio.legend.palettes import Palette
    from napari_abdiffuser.widgets.hints.sync import HintSync
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["RegionsMenu"]


class RegionsMenu(QObject):
    """Offers the open Labels layers; their regions become hints of the chosen class, or of many.

    The user's layer stays as it is: the hints are painted on a layer of the plugin. With its
    button comes the switch that gives all whole regions hard edges; it shows those of the picture
    at hand.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    store, sync
        Where the hints go.
    palette
        Gives the palette that new classes take their colours from.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        viewer: Viewer,
        store: Store,
        sync: HintSync,
        palette: Callable[[], Palette],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._store = store
        self._sync = sync
        self._palette = palette
        self._jobs = SideJobs(self)
        self._following = False
        self.button = QPushButton(hint_texts.REGIONS_SHORT, parent)
        self.button.setObjectName("colour_by_labels")
        self.menu_ = QMenu(self.button)
        self.menu_.aboutToShow.connect(self.fill)
        self.button.setMenu(self.menu_)
        self.hard_switch = QCheckBox(hint_texts.HARD_EDGES, parent)
        self.hard_switch.setObjectName("hard_edges_switch")
        self.hard_switch.setToolTip(hint_texts.HARD_EDGES_TIP)
        self.hard_switch.toggled.connect(self._on_switch)
        store.changed.connect(self._on_state)
        self._on_state(store.state)

    def allow(self, why_not: str = "") -> None:
        """Switch the button on, or off for a reason."""
        self.button.setEnabled(not why_not)
        self.button.setToolTip(why_not or hint_texts.REGIONS_TIP)

    def fill(self) -> None:
        """Offer the layers that there are now."""
        self.menu_.clear()
        active = self._store.state.active
        layers = [unwrap(x) for x in self._viewer.layers if isinstance(unwrap(x), Labels)]
        layers = [layer for layer in layers if not is_own(layer)]
        for layer in layers:
            one = hint_texts.REGIONS_ONE.format(name=layer.name, active=active)
            self._add(one, partial(self.take, layer, each=False))
            each = hint_texts.REGIONS_EACH.format(name=layer.name)
            self._add(each, partial(self.take, layer, each=True))
        if not layers:
            self._add(hint_texts.NO_LABELS, lambda: None, enabled=False)

    def take(self, layer: Labels, *, each: bool) -> None:
        """Make hints of a layer's regions.

        Parameters
        ----------
        layer
            Lies anywhere; what of it lies on the picture counts.
        each
            Whether every label gets a class of its own, or a share of the palette's colours where
            there are too many for that; else all get the chosen class.
        """
        place = self._sync.pictures.place()
        if place is None:
            self.failed.emit(texts.WHY_NO_IMAGE)
            return
        source, shape = read_labels(layer, place.image, place.picture, place.dims), place.picture
        name = str(layer.name)
        colors = len(self._palette().colors)

        def done(found: RegionSplit) -> None:
            # The sliders may have moved while the labels were read.
            now = self._sync.pictures.place()
            here = now is not None and now.image is place.image
            if now is None or not here or now.picture.index != place.picture.index:
                self.failed.emit(hint_texts.REGIONS_GONE.format(name=name))
                return
            self._take(found, name, one=None if each else self._store.state.active)

        self._jobs.run(
            "regions",
            lambda _: _split(source.sample(shape.shape), name, each, colors),
            done,
            self.failed.emit,
        )

    def cleanup(self) -> None:
        """Stop what is under way; without Qt."""
        self._jobs.cleanup()

    def _take(self, found: RegionSplit, name: str, one: str | None) -> None:
        palette, hard = self._palette(), self.hard_switch.isChecked()

        def add(state: StudioState) -> StudioState:
            legend, regions = state.legend, list(state.hints.regions)
            colors = _colors(legend, palette)
            for part in found.parts:
                known = one if one is not None else part.name
                if known not in legend:
                    legend = legend.add(known, next(colors))
                entry = legend[known]
                regions.append(RegionHint(part.mask, entry.color, entry.name, hard=hard))
            hints = Hints(state.hints.points, tuple(regions), state.hints.extra)
            document = state.document.with_legend(legend).set_hints(hints, state.index)
            return state.commit(document, hint_texts.REGIONS_LABEL)

        self._store.apply(add)
        if found.shared:
            names = [part.name for part in found.parts]
            self.said.emit(hint_texts.shared(name, found.count, names))

    # --- hard edges ---

    def _on_switch(self, hard: bool) -> None:
        if not self._following:
            self._store.apply(lambda s: s.set_hard_edges(hard))

    def _on_state(self, new: StudioState, _old: StudioState | None = None) -> None:
        """Show what the picture's regions have, if they agree; the preference follows."""
        kinds = {region.hard for region in new.hints.regions} - {None}
        if len(kinds) != 1 or self.hard_switch.isChecked() in kinds:
            return
        self._following = True
        try:
            self.hard_switch.setChecked(bool(kinds.pop()))
        finally:
            self._following = False

    def _add(self, text: str, action: Callable[[], object], *, enabled: bool = True) -> None:
        added: Any = self.menu_.addAction(text)
        added.setEnabled(enabled)
        added.triggered.connect(lambda *_: action())


def _colors(legend: Legend, palette: Palette) -> Iterator[RGB]:
    """Give colours that no class has; when they are used up, the palette's in turn."""
    colors = [entry.color for entry in palette.colors] or [legend.gray.color]
    taken = {entry.hex for entry in legend}
    return chain((c for c in colors if to_hex(c) not in taken), cycle(colors))


def _split(labels: NDArray[Any], name: str, each: bool, colors: int) -> RegionSplit:
    if not labels.any():
        raise InvalidHints(hint_texts.REGIONS_EMPTY.format(name=name))
    return split(labels, name, colors) if each else merged(labels, name)
