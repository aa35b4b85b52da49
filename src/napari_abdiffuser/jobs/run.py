"""Runs in a worker thread: the model's turn, painting, and reports to a callable."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from napari_abdiffuser.errors import (
    ABDiffuserError,
    Cancelled,
    DeviceUnavailable,
    InvalidRequest,
    ModelCorrupt,
    ModelNotFound,
)
from napari_abdiffuser.imaging.medoid import medoid
from napari_abdiffuser.jobs import texts
from napari_abdiffuser.jobs.events import Failed, Finished, Outputs, Progress, Ready, Stopped
from napari_abdiffuser.jobs.locks import result_with_fixes
from napari_abdiffuser.layers.images import open_picture
from napari_abdiffuser.layers.outputs import result_to_layers
from napari_abdiffuser.studio.gallery import thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_abdiffuser.colorizer.protocols import ColorizerLike, ResultLike
    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.jobs.events import Event, RunRequest
    from napari_abdiffuser.layers.images import PictureSource

__all__ = ["Models", "in_words", "load_colorizer", "work"]

logger = logging.getLogger(__name__)

# Reports closer than this are dropped: the window could not draw them anyway.
_REPORT_EVERY = 0.03


def load_colorizer(model: str, device: str) -> ColorizerLike:
    """Load a model. The import is here because it loads torch, which takes seconds."""
    from napari_abdiffuser.colorizer import Colorizer

    colorizer: ColorizerLike = Colorizer.load(model, device=device)
    return colorizer


class Models:
    """The model last used, and the right to use it: one run at a time.

    A cancelled run may need a moment to notice. The next one waits for it, so that two never
    share the device's memory.

    Parameters
    ----------
    load
        Makes a colorizer from the names of a model and a device; by default `load_colorizer`.
    """

    def __init__(self, load: Callable[[str, str], ColorizerLike] | None = None) -> None:
        self._load = load_colorizer if load is None else load
        self._turn = threading.Lock()
        self._key: tuple[str, str] | None = None
        self._colorizer: ColorizerLike | None = None

    def acquire(self, cancelled: Callable[[], bool], on_wait: Callable[[], object]) -> None:
        """Take the turn.

        Raises
        ------
        Cancelled
            If the caller was cancelled while waiting.
        """
        if self._turn.acquire(blocking=False):
            return
        on_wait()
        while not self._turn.acquire(timeout=0.02):
            if cancelled():
                raise Cancelled("Cancelled while waiting.")

    def release(self) -> None:
        """Give the turn back."""
        self._turn.release()

    def get(self, model: str, device: str) -> ColorizerLike:
        """Return a colorizer, loaded if it is not the one last used. Needs the turn."""
        if self._colorizer is None or self._key != (model, device):
            self._colorizer, self._key = self._exchanged(model, device), (model, device)
        return self._colorizer

    def _exchanged(self, model: str, device: str) -> ColorizerLike:
        """Load a model. The old one stays where there is none, and goes where it is in the way."""
        try:
            return self._load(model, device)
        except (ModelNotFound, ModelCorrupt, DeviceUnavailable, InvalidRequest):
            raise
        except Exception:  # torch has many errors for memory that does not suffice
            if self._colorizer is None:
                raise
            # Two may not fit into the device's memory.
            self._colorizer, self._key = None, None
            return self._load(model, device)


def work(
    request: RunRequest,
    run: int,
    models: Models,
    cancelled: Callable[[], bool],
    report: Callable[[Event], object],
) -> Generator[Event, None, None]:
    """Do one run, for a generator worker.

    Everything is caught here, because napari's generator workers swallow every RuntimeError
    (and running out of GPU memory is one): they would leave the window waiting for ever.

    Parameters
    ----------
    request
        What to do.
    run
        Number of the run, repeated in every event.
    models
        Where the model comes from.
    cancelled
        Asked often; True ends the run.
    report
        Takes the events that arise inside the work, where a generator cannot yield.

    Yields
    ------
    First a Progress, last a Finished, Failed, Stopped or, where nothing was to be painted, Ready.
    """
    yield Progress(run, texts.LOADING_MODEL)
    try:
        # No yield while the turn is held: a worker that is asked to quit abandons its generator.
        last = _run(request, run, models, cancelled, report)
    except Cancelled:
        last = Stopped(run)
    except ABDiffuserError as error:
        last = Failed(run, str(error))
    except Exception as error:  # a worker's error would end nowhere: the user gets a sentence
        logger.exception("A run has failed.")
        last = Failed(run, in_words(error))
    yield last


def _run(
    request: RunRequest,
    run: int,
    models: Models,
    cancelled: Callable[[], bool],
    report: Callable[[Event], object],
) -> Event:
    options = request.options
    models.acquire(cancelled, lambda: report(Progress(run, texts.WAITING)))
    try:
        _stop_if(cancelled)
        colorizer = models.get(options.model, options.device)
        device, reason = colorizer.device, colorizer.device_reason
        ready = Ready(run, device, reason, colorizer.default_steps, options.model)
        if request.picture is None or request.hints is None:
            return ready
        report(ready)
        report(Progress(run, texts.READING))
        _stop_if(cancelled)
        hints, left_out = request.hints.build(request.picture.shape)
        _stop_if(cancelled)
        picture = request.opened
        if picture is None:
            pixels = request.picture.load()
            _stop_if(cancelled)
            picture = open_picture(colorizer, request.picture, pixels, data_bar=options.data_bar)
        _stop_if(cancelled)
        result = picture.paint(
            hints,
            **options.painting(),
            progress=_reporter(run, report),
            cancel=cancelled,
        )
        _stop_if(cancelled)
        if request.keep is not None:
            result = request.keep.keep(picture, result, hints, options.background)
            _stop_if(cancelled)
        result = result_with_fixes(result, request.fixes)
        made = outputs_of(result, request.picture, options.seed, hints=hints)
        return Finished(run, made, left_out)
    finally:
        models.release()


def outputs_of(
    result: ResultLike,
    picture: PictureSource,
    seed: int,
    parent: int | None = None,
    *,
    with_best: bool = True,
    hints: Hints | None = None,
) -> Outputs:
    """Make a result ready to be shown: takes a while, so that it belongs in a worker."""
    first = 0 if with_best else 1
    pictures = (result.best, *result.rgb)[first:]
    return Outputs(
        layers=tuple(result_to_layers(result, picture)[first:]),
        pictures=pictures,
        thumbnails=tuple(thumbnail(rgb) for rgb in pictures),
        seed=seed,
        provenance=result.provenance,
        parent=parent,
        has_best=with_best,
        picture=picture,
        hints=hints,
        lead=_lead(result, hints) if with_best else 0,
    )


def _lead(result: ResultLike, hints: Hints | None) -> int:
    """Choose what is shown first: without hints `best` is a pale mean, a variation is not."""
    hinted = hints is not None and (hints.points or hints.regions)
    return 0 if hinted or not len(result.rgb) else 1 + medoid(list(result.rgb))


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("Cancelled.")


def _reporter(run: int, report: Callable[[Event], object]) -> Callable[[int, int], None]:
    last = -1.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _REPORT_EVERY or done >= total:
            last = now
            report(Progress(run, texts.painting(done, total), done, total))

    return progress


def in_words(error: Exception) -> str:
    """Return a sentence for users about an error that nobody foresaw."""
    # torch's own type cannot be named without importing torch; its message always says this.
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return texts.OUT_OF_MEMORY
    first_line = (str(error).strip().splitlines() or [""])[0][:160]
    kind = type(error).__name__
    return texts.UNEXPECTED.format(error=f"{kind}: {first_line}" if first_line else kind)
