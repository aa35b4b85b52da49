"""The hint layers of the image at hand: what they hold, and who gets what."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari_abdiffuser.imaging.colors import RGB, parse_color
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.hints.lasso import LassoLink, told_outline
from napari_abdiffuser.layers.hints.new import set_current_size
from napari_abdiffuser.layers.hints.points import PointsLink
from napari_abdiffuser.layers.hints.reading import Home, LeftOut, Place, Reading, merge_readings
from napari_abdiffuser.layers.hints.strokes import StrokesLink
from napari_abdiffuser.widgets.hints.layers import KINDS, link_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from napari_abdiffuser.layers.hints.reading import HintLink
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.classes import HintClass, Legend
    from napari_abdiffuser.widgets.hints.events import HintEvents
    from napari_abdiffuser.widgets.hints.reader import HintReader

    MakeLayer = Callable[[str, Place], Any]
    """Makes a layer of a kind for hints of a slice."""

__all__ = ["Links", "reaches"]


class Links:
    """All hint layers of one image, and what was read of each.

    Parameters
    ----------
    reader
        Knows which layers have changed and are not read yet.
    events
        Listens to them.
    """

    def __init__(self, reader: HintReader, events: HintEvents) -> None:
        self._reader = reader
        self._events = events
        self._links: list[HintLink] = []
        self._readings: dict[int, Reading] = {}
        self._homes: dict[int, tuple[Any, Home]] = {}
        self._spots: dict[tuple[int, int], int] = {}

    def __iter__(self) -> Iterator[HintLink]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)

    @property
    def complete(self) -> bool:
        """Whether every layer has been read for this slice: until then the whole is unknown."""
        return all(id(link) in self._readings for link in self._links)

    def first(self, kind: type[Any], place: Place | None = None) -> HintLink | None:
        """Return the layer of a kind that new hints of a slice go to: never a user's own."""
        fit = [link for link in self._links if isinstance(link.layer, kind)]
        return next((link for link in fit if link.own and reaches(link, place)), None)

    def paints_nothing(self, layer: Any, place: Place) -> bool:
        """Whether a layer with a tool in hand lacks the slice, so that nothing can be drawn."""
        mine = [link for link in self._links if link.layer is layer and link.own]
        return any(not reaches(k, place) and str(layer.mode) != "pan_zoom" for k in mine)

    # --- which layers ---

    def set(self, layers: Sequence[Any], own: Sequence[Any]) -> tuple[list[HintLink], bool]:
        """Follow these layers; return the new links, and whether others with hints went."""
        known = {id(link.layer): link for link in self._links}
        links = [known.get(id(layer)) or link_of(layer, layer in own) for layer in layers]
        new = [link for link in links if id(link.layer) not in known]
        lost = False
        for link in self._links:
            if link not in links:
                self._events.leave(link)
                lost |= _any(self._readings.pop(id(link), None))
        self._links = links
        for link in new:
            self._events.listen(link)
        return new, lost

    def unread(self) -> None:
        """Forget what was read: it was of another slice."""
        self._reader.forget()
        self._readings.clear()

    def clear(self) -> None:
        """Follow no layer."""
        self.unread()
        self.cleanup()

    def cleanup(self) -> None:
        """Cut all connections; without Qt."""
        self._events.cleanup()
        self._links = []
        self._readings.clear()

    # --- what they hold ---

    def take(self, link: HintLink, reading: Reading) -> None:
        """Keep what was read of a layer."""
        if link in self._links:
            self._keep(link, reading)

    def holds(self, link: HintLink, reading: Reading) -> bool:
        """Whether this very reading is what is known of a layer."""
        return self._readings.get(id(link)) is reading

    def hints(self) -> Hints:
        """Return the hints of all layers together."""
        return merge_readings([self._readings.get(id(link), Reading()) for link in self._links])

    def left_out(self) -> LeftOut:
        """Return how many hints of all layers could not be used."""
        found = [r.left_out for r in self._readings.values()]
        return LeftOut(
            sum(f.outside for f in found),
            sum(f.not_finite for f in found),
            sum(f.transparent for f in found),
        )

    def crowds(self) -> list[tuple[str, int]]:
        """Return names of layers, with their numbers of labels, that were taken for one class."""
        read = [(link.layer, self._readings.get(id(link), Reading())) for link in self._links]
        return [(str(layer.name), reading.crowd) for layer, reading in read if reading.crowd]

    def _keep(self, link: HintLink, reading: Reading) -> None:
        self._readings[id(link)] = reading
        self.remember(link, reading)

    def remember(self, link: HintLink, reading: Reading) -> None:
        """Remember that hints came from a layer, of whatever slice they are."""
        homes = self._homes
        for region, home in zip(reading.regions, reading.homes, strict=False):
            key = id(region.mask)
            homes[key] = (ref(region.mask, partial(_forget, homes, key)), home)
        for point in reading.points:
            self._spots[_spot(point)] = id(link.layer)

    # --- writing ---

    def write(self, place: Place, hints: Hints, make: MakeLayer, *, here: bool) -> None:
        """Give every hint to the layer that it came from, or to one that suits it.

        Parameters
        ----------
        place
            The slice that they are of.
        hints
            All of the slice.
        make
            Makes a layer of a kind where none has the slice.
        here
            Whether it is the slice on screen, whose readings are kept.
        """
        given = self._shared(place, hints, make)
        for link in self._links:
            if here and (self._reader.waits(link) or id(link) not in self._readings):
                continue  # what it holds is newer, or not known
            points, regions, homes = given.get(id(link), ([], [], []))
            before = self._readings.get(id(link), Reading())
            kept = (before.left_out, before.crowd)
            reading = Reading(tuple(points), tuple(regions), tuple(homes), *kept)
            if here and _same(before, reading):
                continue
            link.write(place, reading)
            if here:
                self._keep(link, reading)

    def prepare(self, place: Place, hints: Hints, make: MakeLayer) -> None:
        """Make the layers that hints of a slice need, and write nothing yet."""
        self._shared(place, hints, make)

    def outgrown(self, place: Place, slices: Mapping[tuple[int, ...], Hints]) -> PointsLink | None:
        """Return the user's own layer whose points are no longer these hints of slices."""
        for link in self._links:
            if not isinstance(link, PointsLink) or link.own or self._reader.waits(link):
                continue
            read, key = link.slices(place), id(link.layer)
            for index, hints in slices.items():
                mine = [p for p in hints.points if self._spots.get(_spot(p)) == key]
                if not read.at(index).matches(mine):
                    return link
        return None

    def release(self, link: PointsLink) -> None:
        """Let the hints that came from a layer go to another one."""
        self._spots = {at: layer for at, layer in self._spots.items() if layer != id(link.layer)}

    def _shared(
        self, place: Place, hints: Hints, make: MakeLayer
    ) -> dict[int, tuple[list[Any], list[Any], list[Home]]]:
        """Say which layer gets which hints."""
        given: dict[int, tuple[list[Any], list[Any], list[Home]]] = {}
        for point in hints.points:
            link = self._by_layer(place, self._spots.get(_spot(point)), PointsLink, "points", make)
            if link is not None:
                given.setdefault(id(link), ([], [], []))[0].append(point)
        for region in hints.regions:
            home = self._homes.get(id(region.mask), (None, Home(0)))[1]
            if home.outline is None:
                home = replace(home, outline=told_outline(region, place.picture.index))
            if home.outline is None:
                link = self._by_layer(place, home.layer, StrokesLink, "strokes", make)
            else:
                link = self._by_layer(place, home.layer, LassoLink, "lasso", make)
            if link is not None:
                _, regions, homes = given.setdefault(id(link), ([], [], []))
                regions.append(region)
                homes.append(home)
        return given

    def choose(self, legend: Legend, active: str) -> list[HintLink]:
        """Let the next hints be of a class; return links whose selected hints became so, too."""
        return [link for link in self._links if link.choose(legend, active)]

    def set_size(self, size: float) -> None:
        """Let the next clicks and strokes be of a size."""
        for link in self._links:
            if isinstance(link, PointsLink) and link.own:
                set_current_size(link.layer, size)
            elif isinstance(link, StrokesLink) and link.own:
                link.layer.brush_size = size

    def with_color_in_hand(self, state: StudioState) -> StudioState:
        """Choose the class whose colour was taken in hand with napari's own controls."""
        taken = self._color_in_hand(state.legend[state.active])
        known = None if taken is None else state.legend.with_color(taken)
        return state if known is None else state.choose(known.name)

    def _color_in_hand(self, active: HintClass) -> RGB | None:
        """Return the colour of the next click where it is not that of the chosen class."""
        for link in self._links:
            if isinstance(link, PointsLink) and link.own:
                shown = str(link.layer.current_face_color)[:7].lower()
                if shown != active.hex and shown.startswith("#"):
                    return parse_color(shown)
        return None

    def _by_layer(
        self, place: Place, layer: int | None, kind: type[Any], name: str, make: MakeLayer
    ) -> HintLink | None:
        link = next((k for k in self._links if id(k.layer) == layer), None)
        if link is not None and isinstance(link, kind) and reaches(link, place):
            return link
        wanted = KINDS[name][0]
        if self.first(wanted, place) is None:
            make(name, place)
        return self.first(wanted, place)


def reaches(link: HintLink, place: Place | None) -> bool:
    """Whether a layer can hold hints of a slice; a painted one from a file may lack it."""
    return place is None or not isinstance(link, StrokesLink) or link.reaches(place)


def _forget(homes: dict[int, Any], key: int, _: Any) -> None:
    homes.pop(key, None)


def _any(reading: Reading | None) -> bool:
    return reading is not None and bool(reading.points or reading.regions)


def _spot(point: Any) -> tuple[int, int]:
    return round(point.y * 64), round(point.x * 64)


def _same(one: Reading, other: Reading) -> bool:
    """Whether two readings say the same about each hint, comparing masks by identity."""
    if one.points != other.points or len(one.regions) != len(other.regions):
        return False
    return all(
        a is b
        or (a.mask is b.mask and (a.color, a.class_name, a.hard) == (b.color, b.class_name, b.hard))
        for a, b in zip(one.regions, other.regions, strict=True)
    )
