"""Where a training runs: alone on a device, or as one of several processes."""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import AbstractContextManager, nullcontext
from types import FrameType, TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn

from napari_abdiffuser.errors import DeviceUnavailable, InvalidRequest

__all__ = ["Runtime", "make_runtime"]

_LOG = logging.getLogger(__name__)


class Runtime:
    """One process that trains alone; a context in which SIGTERM and Ctrl-C ask it to stop.

    Parameters
    ----------
    device : torch.device
        Where networks and batches go.
    """

    rank = 0
    world = 1

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stop_asked = False
        self._handlers: dict[int, Any] = {}

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def prepare(self, losses: nn.Module) -> nn.Module:
        """Move to the device and, where there are several processes, wrap."""
        return losses.to(self.device)

    def no_sync(self, losses: nn.Module) -> AbstractContextManager[None]:
        """Context in which gradients stay this process' own."""
        return nullcontext()

    def sum(self, values: Tensor) -> Tensor:
        """Sum over the processes."""
        return values

    def gather(self, values: Tensor) -> Tensor:
        """Concatenate along the first axis, in the order of the processes."""
        return values

    def broadcast(self, value: Any) -> Any:
        """Return the main process' object, in all of them."""
        return value

    def wait(self) -> None:
        """Until all processes are here."""

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._handlers[number] = signal.signal(number, self._ask_to_stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        if self.stop_asked and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice: now
        self.stop_asked = True


class _Distributed(Runtime):
    """One of several processes, through Hugging Face Accelerate."""

    def __init__(self, device: str) -> None:
        try:
            from accelerate import Accelerator
            from accelerate.utils import broadcast_object_list
        except ImportError as error:
            raise InvalidRequest(
                "Training in several processes needs Hugging Face Accelerate: "
                "python -m pip install accelerate. A single process does without."
            ) from error
        # Accelerate says what it thinks of threads and versions as it starts.
        self._accelerator = Accelerator(cpu=device == "cpu", mixed_precision="no")
        self._broadcast = broadcast_object_list
        super().__init__(self._accelerator.device)
        self.rank = self._accelerator.process_index
        self.world = self._accelerator.num_processes

    def prepare(self, losses: nn.Module) -> nn.Module:
        wrapped: nn.Module = self._accelerator.prepare_model(losses)
        return wrapped

    def no_sync(self, losses: nn.Module) -> AbstractContextManager[None]:
        context: AbstractContextManager[None] = self._accelerator.no_sync(losses)
        return context

    def sum(self, values: Tensor) -> Tensor:
        total: Tensor = self._accelerator.reduce(values.to(self.device), "sum")
        return total

    def gather(self, values: Tensor) -> Tensor:
        gathered: Tensor = self._accelerator.gather(values.to(self.device).contiguous())
        return gathered

    def broadcast(self, value: Any) -> Any:
        box = [value]
        self._broadcast(box, from_process=0)
        return box[0]

    def wait(self) -> None:
        self._accelerator.wait_for_everyone()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        if error is None or type(error).__name__ == "Interrupted":
            self._accelerator.end_training()


def _single_device(name: str) -> torch.device:
    if name == "auto":
        if torch.cuda.is_available():
            name = "cuda"
        else:
            name = "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise DeviceUnavailable(
            f"There is no device {name!r} here. Use --device cpu or --device auto."
        ) from error
    return device


def make_runtime(device: str = "auto") -> Runtime:
    """Runtime of this process: distributed where a launcher started several.

    Parameters
    ----------
    device : str
        'auto', 'cpu', 'cuda', 'cuda:1', 'mps'. With several processes each takes its own GPU.

    Raises
    ------
    DeviceUnavailable
        If there is no such device.
    InvalidRequest
        If there are several processes and Accelerate is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return _Distributed("cpu" if not torch.cuda.is_available() else device)
    return Runtime(_single_device(device))
