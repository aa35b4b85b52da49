"""Settings of a run that files of the plugin bring back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.studio.project.recipe import recipe_of, with_classes
from napari_abdiffuser.weights.registry import load_registry
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.layer_combo import unwrap
from napari_abdiffuser.widgets.settings import texts
from napari_abdiffuser.widgets.settings.models import shown_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from weakref import ReferenceType

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_abdiffuser.studio.project.recipe import Recipe
    from napari_abdiffuser.widgets.session.sources import Sources
    from napari_abdiffuser.widgets.session.store import Store
    from napari_abdiffuser.widgets.settings.options import Options

__all__ = ["Restored"]


class Restored(QObject):
    """Sets the controls as the file of the chosen image says, when it is chosen first.

    What the user changes afterwards stays, also when the image is chosen again.

    Parameters
    ----------
    viewer
        A picture that the plugin wrote is chosen when it is opened.
    sources
        The chosen image.
    store
        Takes the classes.
    options
        Take seed, steps, background and model.
    owner_of
        Returns the image whose hints a layer holds: those of a project say how they were used.
    when_settled
        Calls back when everything that was drawn has become a hint.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        viewer: Viewer,
        sources: Sources,
        store: Store,
        options: Options,
        owner_of: Callable[[Layer], Layer | None],
        when_settled: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__(options)
        self._viewer, self._sources = viewer, sources
        self._store, self._options = store, options
        self._owner_of, self._when_settled = owner_of, when_settled
        self._taken: set[str] = set()
        self._fresh: ReferenceType[Any] | None = None
        self._connections = Connections()
        # A file's layers come one by one, and the state follows the image: wait for all.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._take)
        self._connections.connect(viewer.layers.events.inserted, self._on_inserted)
        sources.image_chosen.connect(self._later)
        self._closed = False
        self._later()

    def cleanup(self) -> None:
        """Cut the connections to the viewer; without Qt."""
        self._closed = True
        self._connections.cleanup()

    def _later(self, _: object = None) -> None:
        self._soon.start()

    def _on_inserted(self, event: Any) -> None:
        layer = unwrap(event.value)
        recipe = recipe_of(layer.metadata)
        if recipe is None or recipe.key in self._taken:
            return  # a copy of a layer brings nothing new
        if isinstance(layer, Image):
            self._fresh = ref(layer)
        self._later()

    def _take(self) -> None:
        if self._closed:
            return
        fresh, self._fresh = self._fresh and self._fresh(), None
        if fresh is not None:
            self._sources.image_field.choose(fresh)
        recipe = self._recipe()
        if recipe is None:
            return
        self._taken.add(recipe.key)
        self._store.apply(lambda s: with_classes(s, recipe.legend))
        # After the file's hints were read, which says how many there are in the same place.
        self._when_settled(lambda: self._show(recipe))

    def _recipe(self) -> Recipe | None:
        """Return the newest recipe of the chosen image's file or of its hints, or None."""
        image = self._sources.image
        if image is None or self._store.state.picture is None:
            return None
        layers = [unwrap(layer) for layer in self._viewer.layers]
        hints = [layer for layer in layers if self._owner_of(layer) is image]
        found = (recipe_of(layer.metadata) for layer in (*reversed(hints), image))
        return next((r for r in found if r is not None and r.key not in self._taken), None)

    def _show(self, recipe: Recipe) -> None:
        options, troubles = self._options, []
        seed = recipe.seed
        fits = seed is not None and seed <= options.seed_field.maximum()
        if seed is not None and fits:
            options.seed_field.setValue(seed)
        elif seed is not None:
            troubles.append(texts.SEED_TOO_LARGE.format(seed=seed))
        if recipe.steps is not None:
            options.steps_field.setValue(min(recipe.steps, options.steps_field.maximum()))
        if recipe.background is not None:
            field = options.background_field
            field.setCurrentIndex(field.findData(str(recipe.background)))
        there = recipe.model is not None and _is_here(recipe.model)
        if recipe.model is not None:
            if there:
                options.model_row.take(recipe.model)
            troubles.extend(self._model_troubles(recipe, there=there))
        sentence = texts.taken(recipe, seed=fits, model=there)
        if troubles:
            self.failed.emit(" ".join(filter(None, [sentence, *troubles])))
        elif sentence:
            self.said.emit(sentence)

    def _model_troubles(self, recipe: Recipe, *, there: bool) -> list[str]:
        name = shown_name(str(recipe.model))
        if not there:
            used = shown_name(self._options.model_row.wanted)
            return [texts.MODEL_GONE.format(model=name, used=used)]
        entry = load_registry().find(str(recipe.model))
        known = None if entry is None else entry.sha256
        if known and recipe.model_sha256 and known != recipe.model_sha256:
            return [texts.MODEL_CHANGED.format(model=name)]
        return []


def _is_here(model: str) -> bool:
    """Whether a model is here; loading it checks whether it is sound."""
    if load_registry().find(model) is not None:
        return True
    try:
        return Path(model).is_file()
    except (OSError, ValueError):
        return False
