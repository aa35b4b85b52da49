"""Undo and redo of immutable values in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import is_
from typing import Generic, TypeVar

__all__ = ["History", "no_weight"]

T = TypeVar("T")
Weigh = Callable[[T], Mapping[int, int]]


def no_weight(value: object) -> Mapping[int, int]:
    """Weigh nothing: only the number of steps is bounded."""
    return {}


@dataclass(frozen=True)
class _Step(Generic[T]):
    value: T
    label: str
    key: Hashable | None = None


@dataclass(frozen=True)
class History(Generic[T]):
    """A present value with what was before and what was undone.

    Every method gives a new history back; the values themselves are never changed or copied.

    Parameters
    ----------
    present_step
        Use `History.start`.
    limit : int
        Most steps that can be undone, at least 1.
    budget : int
        Most bytes that past and undone values may hold beside the present one.
    weigh : callable
        Gives the buffers that a value holds, as {identity: bytes}; a buffer that several values
        share counts once. The oldest past goes first when the sum exceeds the budget.
    lighten : callable or None
        Gives a value without the heaviest of what it holds. Where there is one, the oldest values
        are lightened before any step goes, and what the newest past value holds of it stays
        whatever it weighs: the last thing that was done can always be undone.
    """

    present_step: _Step[T]
    past_steps: tuple[_Step[T], ...] = ()
    future_steps: tuple[_Step[T], ...] = ()
    limit: int = 200
    budget: int = 1 << 29
    weigh: Weigh[T] = field(default=no_weight, repr=False, compare=False)
    lighten: Callable[[T], T] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def start(
        cls,
        value: T,
        *,
        limit: int = 200,
        budget: int = 1 << 29,
        weigh: Weigh[T] = no_weight,
        lighten: Callable[[T], T] | None = None,
    ) -> History[T]:
        """Begin with a value and nothing to undo."""
        step = _Step(value, "")
        return cls(step, limit=max(1, limit), budget=budget, weigh=weigh, lighten=lighten)

    @property
    def present(self) -> T:
        """The value of now."""
        return self.present_step.value

    @property
    def can_undo(self) -> bool:
        """Whether there is a value to go back to."""
        return bool(self.past_steps)

    @property
    def can_redo(self) -> bool:
        """Whether something was undone and nothing else done since."""
        return bool(self.future_steps)

    @property
    def undo_label(self) -> str:
        """What `undo` would take back: 'Move hint'; empty where there is nothing."""
        return self.present_step.label if self.past_steps else ""

    @property
    def redo_label(self) -> str:
        """What `redo` would do again; empty where there is nothing."""
        return self.future_steps[0].label if self.future_steps else ""

    def push(self, value: T, label: str = "", key: Hashable | None = None) -> History[T]:
        """Make a value the present one; what was undone is forgotten.

        Parameters
        ----------
        value
            The new present.
        label
            What was done, for the menu.
        key
            Steps that follow each other under one key other than None are one step: the many
            positions of a drag, or of a slider. `seal` ends it.
        """
        step = _Step(value, label, key)
        if key is not None and key == self.present_step.key and self.past_steps:
            return replace(self, present_step=step, future_steps=())._bounded()
        past = (*self.past_steps, self.present_step)
        return replace(self, present_step=step, past_steps=past, future_steps=())._bounded()

    def seal(self) -> History[T]:
        """End a drag: the next step is one of its own, whatever its key."""
        if self.present_step.key is None:
            return self
        return replace(self, present_step=replace(self.present_step, key=None))

    def amend(self, value: T) -> History[T]:
        """Exchange the present value without a step: for what is not undone by itself."""
        return replace(self, present_step=replace(self.present_step, value=value))._bounded()

    def each(self, change: Callable[[T], T]) -> History[T]:
        """Change every value, past and undone ones too: for what was there all along."""

        def changed(step: _Step[T]) -> _Step[T]:
            return replace(step, value=change(step.value))

        return replace(
            self,
            present_step=changed(self.present_step),
            past_steps=tuple(map(changed, self.past_steps)),
            future_steps=tuple(map(changed, self.future_steps)),
        )._bounded()

    def undo(self) -> History[T]:
        """Go one step back; at the beginning, nothing happens."""
        if not self.past_steps:
            return self
        *past, previous = self.past_steps
        future = (replace(self.present_step, key=None), *self.future_steps)
        previous = replace(previous, key=None)
        return replace(self, present_step=previous, past_steps=tuple(past), future_steps=future)

    def redo(self) -> History[T]:
        """Go one step forward again; where nothing was undone, nothing happens."""
        if not self.future_steps:
            return self
        following, *future = self.future_steps
        past = (*self.past_steps, self.present_step)
        return replace(self, present_step=following, past_steps=past, future_steps=tuple(future))

    def bytes_held(self) -> int:
        """Count the bytes that past and undone values hold beside the present one."""
        return self._weight((*self.past_steps, *self.future_steps))

    def _weight(self, steps: Iterable[_Step[T]]) -> int:
        buffers: dict[int, int] = {}
        for step in steps:
            buffers.update(self.weigh(step.value))
        for identity in self.weigh(self.present):
            buffers.pop(identity, None)
        return sum(buffers.values())

    def _bounded(self) -> History[T]:
        past = self.past_steps[-self.limit :]
        for at in range(len(past) - 1 if self.lighten is not None else 0):
            if not self._exceeded(past):
                break
            past = (*past[:at], self._light(past[at]), *past[at + 1 :])
        while past and self._exceeded((*past[:-1], self._light(past[-1]))):
            past = past[1:]
        same = len(past) == len(self.past_steps) and all(map(is_, past, self.past_steps))
        return self if same else replace(self, past_steps=past)

    def _exceeded(self, past: tuple[_Step[T], ...]) -> bool:
        return self._weight((*past, *self.future_steps)) > self.budget

    def _light(self, step: _Step[T]) -> _Step[T]:
        return step if self.lighten is None else replace(step, value=self.lighten(step.value))
