"""Work that is done once and leaves nothing behind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OneShot"]


class OneShot:
    """A function and its arguments, which it lets go of when it is called.

    napari remembers every worker in its list of tasks for as long as the window lives, and a
    worker remembers what it was given: a picture of some hundred megabytes, or the whole studio.

    Parameters
    ----------
    title
        What napari's list of tasks calls it.
    function, *arguments
        What is called.
    """

    def __init__(self, title: str, function: Callable[..., Any], *arguments: Any) -> None:
        self._title = title
        self._call: Callable[[], Any] | None = partial(function, *arguments)

    def __call__(self) -> Any:
        """Do it; a second time nothing happens."""
        call, self._call = self._call, None
        return None if call is None else call()

    def __repr__(self) -> str:
        return self._title
