"""Undo and redo over immutable experiments."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.base_experiment import BaseExperiment

__all__ = ["History"]

LONGEST = 500
PAUSE = 0.8
"""Seconds without a change after which the same control starts a new entry."""


class History:
    """The experiments that a lab has shown; one drag of a slider is one entry.

    Parameters
    ----------
    start : BaseExperiment
        Where the history begins.
    clock : callable, optional
        Seconds that only grow.
    """

    def __init__(self, start: BaseExperiment, clock: Callable[[], float] = time.monotonic) -> None:
        self._past: list[BaseExperiment] = []
        self._present = start
        self._future: list[BaseExperiment] = []
        self._clock = clock
        self._last: tuple[str, int, float] = ("", 0, float("-inf"))

    @property
    def can_undo(self) -> bool:
        """Whether there is something to go back to."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        return bool(self._future)

    def record(self, experiment: BaseExperiment, path: str, gesture: int = 0) -> None:
        """Note that ``path`` changed.

        All changes of one ``gesture``, however slow, are one entry; without one (0) it is those of
        one control in quick succession.
        """
        if experiment == self._present:
            return
        now, (last_path, last_gesture, last_time) = self._clock(), self._last
        if gesture:
            goes_on = gesture == last_gesture
        else:
            goes_on = not last_gesture and now - last_time <= PAUSE
        if path != last_path or not goes_on:
            self._past.append(self._present)
            del self._past[:-LONGEST]
        self._present = experiment
        self._future.clear()
        self._last = (path, gesture, now)

    def undo(self) -> BaseExperiment:
        """Go one entry back; the present where there is none."""
        return self._move(self._past, self._future)

    def redo(self) -> BaseExperiment:
        """Go one entry forward again."""
        return self._move(self._future, self._past)

    def _move(self, source: list[BaseExperiment], target: list[BaseExperiment]) -> BaseExperiment:
        if source:
            target.append(self._present)
            self._present = source.pop()
            self._last = ("", 0, float("-inf"))
        return self._present
