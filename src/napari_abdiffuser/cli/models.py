"""``abdiffuser models``, which lists the models and fetches one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_abdiffuser.cli.common import ProgressBar

if TYPE_CHECKING:
    import argparse

    from napari_abdiffuser.cli.common import Commands

__all__ = ["add_parser"]


def add_parser(commands: Commands) -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser("models", help="which models exist, and where; fetch one")
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(metavar="fetch", dest="action")
    fetch = actions.add_parser("fetch", help="download a model unless it is there")
    fetch.add_argument("name", metavar="NAME")
    fetch.set_defaults(run=_fetch)


def _list(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser import weights

    registry = weights.load_registry()
    for entry in registry.models:
        place = registry.place(entry)
        there = place.is_file()
        digest = weights.sha256_of(place) if there else entry.sha256
        size = place.stat().st_size if there else entry.size
        state = "on disk" if there else "not on disk"
        if there and entry.sha256 not in (None, digest):
            state = "damaged"
        print(f"{entry.name}: {state}")
        print(f"  {entry.description}")
        print(f"  path    {place}")
        print(f"  size    {'unknown' if size is None else f'{size / 1e6:.1f} MB'}")
        print(f"  sha256  {digest or 'unknown'}")


def _fetch(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser import weights

    with ProgressBar("fetching") as bar:
        path = weights.fetch(arguments.name, bar)
    print(path)
