"""State of the studio: picture, document with history, and gallery.

Widgets hold a `StudioState`, show it, and replace it by what a transition gives back. Transitions
never wait: whatever takes time (painting, encoding) happens elsewhere and comes in as a value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.hard_regions import hardened
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.document import result_steps
from napari_abdiffuser.studio.document.document import Corrections, Document, lightened, weigh
from napari_abdiffuser.studio.document.history import History
from napari_abdiffuser.studio.gallery import Gallery
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.region_fix import RegionFix
from napari_abdiffuser.studio.slices import Index

__all__ = ["PictureIdentity", "StudioState"]


@dataclass(frozen=True)
class PictureIdentity:
    """Which picture is worked on.

    Attributes
    ----------
    key : hashable
        Tells one picture from another for as long as the program runs: id of the layer.
    name : str
        Of the layer.
    shape : (int, int)
        Height and width in pixels.
    leading : tuple of int
        Lengths of a stack's leading axes; empty for a single picture.
    pixel_size : (float, float) or None
        Height and width of a pixel in `unit`.
    unit : str
        Of length, 'µm'; empty where unknown.
    """

    key: Hashable
    name: str
    shape: tuple[int, int]
    leading: tuple[int, ...] = ()
    pixel_size: tuple[float, float] | None = None
    unit: str = ""


def _fresh(document: Document) -> History[Document]:
    return History.start(document, weigh=weigh, lighten=lightened)


@dataclass(frozen=True)
class StudioState:
    """Everything that the studio shows for one picture; every transition gives a new state.

    Attributes
    ----------
    picture : PictureIdentity or None
        None until one is chosen.
    history : History of Document
    gallery : Gallery
    active : str
        The class that the next hint gets.
    index : tuple of int
        The slice that is worked on.
    revision : int
        Grows whenever hints, colours or corrections change: a preview of an older one is stale.
    """

    picture: PictureIdentity | None = None
    history: History[Document] = field(default_factory=lambda: _fresh(Document()))
    gallery: Gallery = field(default_factory=Gallery)
    active: str = "gray"
    index: Index = ()
    revision: int = 0

    # --- what is there ---

    @property
    def document(self) -> Document:
        """The present document."""
        return self.history.present

    @property
    def legend(self) -> Legend:
        """The present classes."""
        return self.document.legend

    @property
    def hints(self) -> Hints:
        """Hints of the slice that is worked on."""
        return self.document.hints(self.index)

    @property
    def corrections(self) -> Corrections:
        """The present corrections."""
        return self.document.corrections

    @property
    def fixes(self) -> tuple[RegionFix, ...]:
        """Region fixes of the slice that is worked on."""
        return self.document.fixes.get(self.index, ())

    # --- pictures ---

    def open(self, picture: PictureIdentity, hints: Hints | None = None) -> StudioState:
        """Begin with another picture: same classes and corrections, no hints but those given.

        A gallery and a history belong to their picture; keep the old state to come back to it.
        """
        document = Document(legend=self.legend, corrections=self.corrections)
        index = (0,) * len(picture.leading)
        if hints is not None:
            document = document.set_hints(hints, index)
        fresh = replace(
            self, picture=picture, history=_fresh(document), gallery=Gallery(index=index)
        )
        return replace(fresh, index=index, revision=self.revision + 1)._checked_active()

    def at(self, index: Index) -> StudioState:
        """Work on another slice of the stack.

        Raises
        ------
        InvalidRequest
            There is no such slice.
        """
        if not self.has_slice(index):
            leading = self.picture.leading if self.picture else ()
            raise InvalidRequest(f"The stack {leading} has no slice {index}: move the slider.")
        if index == self.index:
            return self
        gallery = self.gallery.at(index)
        return replace(self, index=index, gallery=gallery, revision=self.revision + 1)

    # --- hints ---

    def set_hints(
        self, hints: Hints, label: str = "Change hints", drag: Hashable | None = None
    ) -> StudioState:
        """Exchange the hints of this slice.

        Parameters
        ----------
        hints
            Of the whole slice. Hints of unknown classes or colours add classes.
        label
            For the menu: 'Move hint'.
        drag
            The same value in every step of one drag, which is then one step of undo.
        """
        return self.commit(self.document.set_hints(hints, self.index), label, drag)

    def set_hard_edges(self, hard: bool) -> StudioState:
        """Give whole regions hard edges or soft ones, in all slices; strokes stay as they are."""
        slices = {i: hardened(h, hard=hard) for i, h in self.document.slices.items()}
        if all(slices[index] is hints for index, hints in self.document.slices.items()):
            return self
        label = "Hard edges" if hard else "Soft edges"
        return self.commit(replace(self.document, slices=slices), label)

    def end_drag(self) -> StudioState:
        """Let the next change be a step of undo of its own."""
        return replace(self, history=self.history.seal())

    # --- classes ---

    def choose(self, name: str) -> StudioState:
        """Choose the class of the next hint; no step of undo.

        Raises
        ------
        InvalidRequest
            There is none of this name.
        """
        return replace(self, active=self.legend[name].name)

    def press(self, key: int) -> StudioState:
        """Choose a class by its number key; a key without a class changes nothing."""
        entry = self.legend.with_key(key)
        return self if entry is None else replace(self, active=entry.name)

    def add_class(self, name: str | None = None, color: Any = "gold") -> StudioState:
        """Add a class and choose it."""
        document = self.document.add_class(name, color)
        added = self.commit(document, "Add class")
        return replace(added, active=document.legend.names[-1])

    def rename_class(self, name: str, new: str) -> StudioState:
        """Rename a class everywhere."""
        position = self.legend.names.index(self.legend[name].name)
        renamed = self.commit(self.document.rename_class(name, new), f"Rename {name}")
        if self.active != name:
            return renamed
        return replace(renamed, active=renamed.legend.names[position])

    def recolor_class(self, name: str, color: Any, drag: Hashable | None = None) -> StudioState:
        """Recolour a class and its hints; `drag` as for `set_hints`."""
        return self.commit(self.document.recolor_class(name, color), f"Recolour {name}", drag)

    def merge_classes(self, source: str, target: str) -> StudioState:
        """Make the hints of one class hints of another."""
        return self.commit(
            self.document.merge_classes(source, target), f"Merge {source} into {target}"
        )

    def remove_class(self, name: str) -> StudioState:
        """Remove a class with its hints."""
        return self.commit(self.document.remove_class(name), f"Remove {name}")

    def lock_class(self, name: str, locked: bool = True) -> StudioState:
        """Protect a class, or no longer."""
        label = f"{'Lock' if locked else 'Unlock'} {name}"
        return self.set_legend(self.legend.lock(name, locked), label)

    def set_legend(self, legend: Legend, label: str = "Change classes") -> StudioState:
        """Take another legend: a palette's colours, other keys, another order."""
        return self.commit(self.document.with_legend(legend), label)

    # --- corrections and results ---

    def set_saturation(
        self, value: float, class_name: str | None = None, drag: Hashable | None = None
    ) -> StudioState:
        """Strengthen or soften colours everywhere, or of a class; `drag` as for `set_hints`.

        Locked classes stay as they are.

        Raises
        ------
        InvalidRequest
            It is not in [0, 2], or the class is locked.
        """
        locked = [entry.name for entry in self.legend if entry.locked]
        if class_name in locked:
            raise InvalidRequest(f"The class {class_name!r} is locked: unlock it to change it.")
        corrections = self.corrections.hold(locked).with_saturation(value, class_name)
        label = "Saturation" if class_name is None else f"Saturation of {class_name}"
        return self.commit(replace(self.document, corrections=corrections), label, drag)

    def reset_saturation(self) -> StudioState:
        """Take all saturations back to 1, but for those of locked classes."""
        locked = [entry.name for entry in self.legend if entry.locked]
        corrections = self.corrections.hold(locked)
        corrections = replace(corrections, saturation=1.0, by_class={})
        return self.commit(replace(self.document, corrections=corrections), "Reset saturation")

    def set_background(self, background: Background) -> StudioState:
        """Choose what pixels become that no hint claims."""
        corrections = replace(self.corrections, background=background)
        return self.commit(replace(self.document, corrections=corrections), "Highlighting")

    def deliver(
        self, add: Callable[[Gallery], Gallery], label: str, *, seen: bool = True
    ) -> StudioState:
        """Take results into the gallery; undo shows what was shown before, and loses none.

        See `result_steps.entered` for `label` and `seen`.
        """
        history, gallery = result_steps.entered(
            self.history, self.gallery, add(self.gallery), label, seen=seen
        )
        return replace(self, gallery=gallery)._moved(history)

    def discard(self, numbers: Iterable[int]) -> StudioState:
        """Discard colourings and show one that is left; undo brings them back."""
        history, gallery = result_steps.discarded(self.history, self.gallery, numbers)
        return replace(self, gallery=gallery)._moved(history)

    def with_gallery(self, change: Callable[[Gallery], Gallery]) -> StudioState:
        """Change the gallery: ``state.with_gallery(lambda g: g.star(3))``; no step of undo.

        Of a corrected region that has variations, the one shown is what later colourings get.
        """
        gallery = change(self.gallery)
        moved = replace(self, gallery=gallery)
        fix = None if gallery.shown is None else gallery[gallery.shown].fix
        others = [each for each in self.fixes if fix is not None and each.group == fix.group]
        if fix is None or not others or fix in others:
            return moved
        document = self.document.with_fix(self.index, fix)
        return moved._moved(self.history.amend(document))

    def remove_fixes(self) -> StudioState:
        """Let later colourings of this slice be as they come; one step of undo."""
        if not self.fixes:
            return self
        return self.commit(self.document.without_fixes(self.index), "Remove region fixes")

    # --- undo ---

    def undo(self) -> StudioState:
        """Take the last change of hints, classes, corrections or results back."""
        return self._went(self.history.undo())

    def redo(self) -> StudioState:
        """Do again what was taken back."""
        return self._went(self.history.redo())

    # --- used by the above, and by what is built on states ---

    def has_slice(self, index: Index) -> bool:
        """Whether the picture has this slice."""
        leading = self.picture.leading if self.picture else ()
        return len(index) == len(leading) and all(
            0 <= i < n for i, n in zip(index, leading, strict=True)
        )

    def commit(self, document: Document, label: str, drag: Hashable | None = None) -> StudioState:
        """Make a document the present one, as a step of undo unless nothing changes."""
        if document == self.document:
            return self
        return self._moved(self.history.push(document, label, drag))

    def _went(self, history: History[Document]) -> StudioState:
        moved = self._moved(history)
        gallery = result_steps.followed(self.gallery, self.document, moved.document)
        return moved if gallery is self.gallery else replace(moved, gallery=gallery)

    def _moved(self, history: History[Document]) -> StudioState:
        if history is self.history:
            return self
        moved = replace(self, history=history, revision=self.revision + 1)
        return moved._checked_active()

    def _checked_active(self) -> StudioState:
        return self if self.active in self.legend else replace(self, active=self.legend.gray.name)
