"""Preferences and presets, and their file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from napari_abdiffuser.errors import InvalidFile, InvalidRequest
from napari_abdiffuser.files.atomic import config_folder, read_json, write_json
from napari_abdiffuser.options import OPTIONS, Background

__all__ = [
    "MAX_DPI",
    "Preferences",
    "Preset",
    "Settings",
    "from_stored",
    "load_settings",
    "merge",
    "save_settings",
    "settings_path",
    "to_stored",
]

MAX_DPI = 2400
_FORMAT, _VERSION = "abdiffuser-settings", 1
_KEYS = ("format", "version", "preferences", "presets", "window")


@dataclass(frozen=True)
class Preferences:
    """Values that the studio starts with; those that a run has are named as in `RunOptions`.

    Attributes
    ----------
    model : str
        A registry name or a path.
    device : str
        'auto', 'cpu', 'cuda', 'cuda:0', 'mps'.
    cache : str
        Folder of downloaded models; empty for the package's own choice.
    n_outputs : int
        Variations of a run, 0 … 64.
    steps : int
        Denoising steps, 1 … 1000; 0 for the model's default.
    palette : str
        Name of the palette that new classes take their colours from.
    live : bool
        Whether the preview follows the hints at once.
    background : Background
        What pixels become that no hint claims.
    data_bar : bool
        Whether the instrument's data bar is looked for and left gray.
    hard_edges : bool
        Whether whole regions are filled exactly to their edges.
    legend, scale_bar, original, letters : bool
        What an exported figure has.
    figure_dpi : int
        Of exported figures, 0 … 2400; 0: TIFFs have the size of a pixel in its place.
    welcome : bool
        Whether the hint for first use is shown.
    """

    model: str = "default"
    device: str = "auto"
    cache: str = ""
    n_outputs: int = 3
    steps: int = 0
    palette: str = "Classic"
    live: bool = True
    background: Background = Background.AUTO
    data_bar: bool = True
    hard_edges: bool = False
    legend: bool = True
    scale_bar: bool = True
    original: bool = False
    letters: bool = False
    figure_dpi: int = 300
    welcome: bool = True

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            fault = _fault(name, value)
            if fault:
                raise InvalidRequest(fault)


@dataclass(frozen=True)
class Preset:
    """A named set of preferences that a user comes back to.

    Attributes
    ----------
    name : str
    values : mapping
        Some or all of the fields of `Preferences`.
    """

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Settings:
    """All that the settings file holds; every operation gives new settings.

    Attributes
    ----------
    preferences : Preferences
    presets : tuple of Preset
    window : mapping
        What the window remembers by itself, as JSON values: which sections are open.
    extra : mapping
        Keys of the file that this version does not know; they are written back.
    """

    preferences: Preferences = field(default_factory=Preferences)
    presets: tuple[Preset, ...] = ()
    window: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def change(self, **values: Any) -> Settings:
        """Change preferences.

        Raises
        ------
        InvalidRequest
            There is no such preference, or its value cannot be.
        """
        unknown = sorted(set(values) - set(_names()))
        if unknown:
            raise InvalidRequest(f"There is no preference {unknown[0]!r}: update the plugin.")
        return replace(self, preferences=replace(self.preferences, **values))

    def keep_preset(self, name: str, *names: str) -> Settings:
        """Keep the present preferences, or those of these names, under a name.

        Raises
        ------
        InvalidRequest
            The name is empty.
        """
        name = name.strip()
        if not name:
            raise InvalidRequest("A preset needs a name: type one.")
        values = {k: v for k, v in asdict(self.preferences).items() if not names or k in names}
        others = tuple(preset for preset in self.presets if preset.name != name)
        return replace(self, presets=(*others, Preset(name, values)))

    def use_preset(self, name: str) -> Settings:
        """Set the preferences that a preset holds; others stay.

        Raises
        ------
        InvalidRequest
            There is no such preset.
        """
        for preset in self.presets:
            if preset.name == name:
                return self.change(**preset.values)
        raise InvalidRequest(f"There is no preset {name!r}: choose another.")

    def drop_preset(self, name: str) -> Settings:
        """Forget a preset."""
        return replace(self, presets=tuple(p for p in self.presets if p.name != name))

    def remember(self, key: str, value: Any) -> Settings:
        """Keep something about the window, as JSON values."""
        return replace(self, window={**self.window, key: value})

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-serializable values."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            **self.extra,
            "preferences": {
                **self.extra.get("preferences", {}),
                **to_stored(asdict(self.preferences)),
            },
            "presets": [{"name": p.name, "values": to_stored(p.values)} for p in self.presets],
            "window": dict(self.window),
        }


def to_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return preferences as files have them: the background as the switch ``highlight``."""
    stored = dict(values)
    if "background" in stored:
        stored["highlight"] = stored.pop("background") == Background.GRAY
    return stored


def from_stored(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return preferences that `to_stored` gave; a value that cannot be stays as it is."""
    values = dict(stored)
    if "highlight" in values:
        gray = values.pop("highlight")
        values["background"] = Background.of(gray=gray) if isinstance(gray, bool) else gray
    return values


def merge(base: Settings, ours: Settings, theirs: Settings) -> Settings:
    """Return `theirs` with everything that `ours` has changed since `base`.

    Parameters
    ----------
    base : Settings
        What two windows began with.
    ours : Settings
        Wins where both changed the same.
    theirs : Settings
        What the file holds now.
    """
    if theirs == base:
        return ours
    parts = [
        (asdict(s.preferences), {preset.name: preset for preset in s.presets}, s.window)
        for s in (base, ours, theirs)
    ]
    preferences, presets, window = map(_merged, *parts)
    return replace(
        theirs,
        preferences=Preferences(**preferences),
        presets=tuple(presets.values()),
        window=window,
    )


def _merged(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any]:
    made = {key: value for key, value in theirs.items() if key in ours or key not in base}
    changed = {k: v for k, v in ours.items() if k not in base or v != base[k]}
    return {**made, **changed}


def settings_path() -> Path:
    """Return where the settings are, whether or not the file exists."""
    return config_folder() / "settings.json"


def load_settings(path: str | os.PathLike[str] | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Read the settings.

    Returns
    -------
    (Settings, notices)
        Defaults for what is missing or cannot be; a notice for each thing that was wrong. A
        broken file is kept beside, under another name, before anything overwrites it.
    """
    file = settings_path() if path is None else Path(path)
    if not file.exists():
        return Settings(), ()
    try:
        data = read_json(file, "settings file")
        if data.get("format") != _FORMAT or not isinstance(data.get("version"), int):
            raise InvalidFile(f'{file} is not a settings file: it lacks "format": "{_FORMAT}".')
        settings, faults = _decoded(data)
    except InvalidFile as error:
        settings, faults = Settings(), [str(error)]
    if not faults:
        return settings, ()
    kept = _put_aside(file)
    where = f" The old file is kept as {kept}." if kept else ""
    return settings, tuple(f"{fault} The default is used.{where}" for fault in faults)


def save_settings(settings: Settings, path: str | os.PathLike[str] | None = None) -> None:
    """Write the settings: completely, or not at all.

    Raises
    ------
    InvalidFile
        They cannot be written.
    """
    target = settings_path() if path is None else Path(path)
    write_json(target, settings.to_dict(), "settings file")


def _decoded(data: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    faults: list[str] = []
    stored = data.get("preferences", {})
    if not isinstance(stored, Mapping):
        stored, faults = {}, ["The preferences are no JSON object."]
    values, unknown = _known(stored)
    faults += [fault for fault in map(_fault, values, values.values()) if fault]
    good = {k: v for k, v in values.items() if not _fault(k, v)}
    presets: dict[str, Preset] = {}
    items = data.get("presets", [])
    for item in items if isinstance(items, list) else [items]:
        try:
            values, _ = _known(item["values"])
            wrong = next(filter(None, map(_fault, values, values.values())), None)
            if wrong:
                raise ValueError(wrong)
            presets[str(item["name"])] = Preset(str(item["name"]), values)
        except (KeyError, TypeError, ValueError) as error:
            faults.append(f"A preset is malformed ({error}).")
    window = data.get("window", {})
    window = dict(window) if isinstance(window, Mapping) else {}  # nothing worth a notice
    extra = {k: v for k, v in data.items() if k not in _KEYS}
    if unknown:
        extra["preferences"] = unknown
    return Settings(Preferences(**good), tuple(presets.values()), window, extra), faults


def _names() -> tuple[str, ...]:
    return tuple(f.name for f in fields(Preferences))


def _known(stored: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part stored values in preferences and what this version does not know."""
    values = from_stored(dict(stored))
    known = {k: v for k, v in values.items() if k in _names()}
    return known, {k: v for k, v in values.items() if k not in known}


def _fault(name: str, value: Any) -> str | None:
    """Return why a value cannot be, or None."""
    default: Any = Preferences.__dataclass_fields__[name].default
    if type(value) is not type(default):
        return f"The preference {name} is {value!r}: give a {type(default).__name__}."
    limits = (0, MAX_DPI) if name == "figure_dpi" else None
    if name in OPTIONS:
        limits = OPTIONS[name].range
    if limits is not None and not limits[0] <= value <= limits[1]:
        return f"The preference {name} is {value}: give a number from {limits[0]} to {limits[1]}."
    return None


def _put_aside(file: Path) -> Path | None:
    """Copy a broken file beside itself, once for everything that it may hold."""
    try:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:8]
        kept = file.with_name(f"{file.stem}-broken-{digest}{file.suffix}")
        kept.write_bytes(content)
    except OSError:
        return None
    return kept
