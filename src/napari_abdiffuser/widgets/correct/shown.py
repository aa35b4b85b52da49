"""The colouring shown, with the corrections of the moment: always made from its own pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.layers import Image
from qtpy.QtCore import QObject

from napari_abdiffuser.jobs.corrections import saturation_factors
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.widgets.session.on_screen import correction_base

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.document.document import Corrections
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.panel import Context

__all__ = ["CorrectedView"]

_KEY = "corrections"


class CorrectedView(QObject):
    """Keeps the layer of the colouring shown at the present saturations.

    The gallery keeps uncorrected pixels, so that corrections never add up.

    Parameters
    ----------
    context
        See `Context`.
    failed
        Told why it did not work.
    """

    def __init__(
        self, context: Context, failed: Callable[[str], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._failed = failed
        # What each layer was last given.
        self._given: WeakKeyDictionary[Any, tuple[Corrections, Any]] = WeakKeyDictionary()
        context.store.changed.connect(self._on_state)
        context.results.delivered.connect(self._update)
        context.bench.ready.connect(self._update)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if (
            new.corrections is not old.corrections
            or new.gallery.shown != old.gallery.shown
            or (new.hints is not old.hints and new.corrections.by_class)
        ):
            self._update()

    def _update(self, *_: object) -> None:
        """Bring the layer shown up to date, in a worker."""
        context = self._context
        base = correction_base(context)
        layer = None if base.number is None else context.results.layer_of(base.number)
        if not isinstance(layer, Image) or base.rgb is None:
            return
        corrections, rgb = base.state.corrections, base.rgb
        # Where classes are depends on the hints, but only matters where classes differ.
        wanted = corrections, base.state.hints if corrections.by_class or corrections.held else None
        given = self._given.get(layer)
        if given == wanted or (given is None and corrections.neutral):
            return

        def job(opened: Any, _cancelled: Callable[[], bool]) -> Any:
            if corrections.neutral:
                return opened.source.restack(rgb)
            factors = saturation_factors(opened.picture, base.state, base.background)
            return opened.source.restack(opened.picture.saturate(rgb, factors))

        def done(pixels: Any) -> None:
            if layer not in context.viewer.layers:
                return
            layer.data = pixels
            self._given[layer] = wanted
            told = {k: v for k, v in layer.metadata[PROVENANCE_KEY].items() if k != _KEY}
            if not corrections.neutral:
                told[_KEY] = corrections.to_dict()
            layer.metadata = {**layer.metadata, PROVENANCE_KEY: told}

        context.bench.run(job, done, key="saturation", failed=self._failed)
