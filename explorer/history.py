"""Undo and redo over immutable experiments, with an entry for each step that can be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.base_experiment import BaseExperiment
from explorer import changes

__all__ = ["Entry", "History"]

LONGEST = 500
MOST_LEFT = 100
PAUSE = 0.8
"""Seconds without a change after which the same control starts a new entry."""
START = "start"


@dataclass(frozen=True)
class Moment:
    """An experiment that was shown.

    Attributes
    ----------
    id : int
        Grows from one moment to the next.
    experiment : BaseExperiment
        What was shown.
    label : str
        What led there; empty where the numbers say it.
    came_from : BaseExperiment
        What was shown before.
    """

    id: int
    experiment: BaseExperiment
    label: str
    came_from: BaseExperiment

    @cached_property
    def words(self) -> str:
        """What led there, with old and new value and the unit."""
        return self.label or changes.phrase(self.came_from, self.experiment) or "there and back"


@dataclass(frozen=True)
class Entry:
    """A line of the history.

    Attributes
    ----------
    id : int
        What `History.go` takes.
    label : str
        What led there: ``tau 10 → 20 ms``.
    place : str
        ``"future"`` for what was undone, ``"now"``, ``"past"``, or ``"left"`` for what a change
        after an undo has left behind.
    """

    id: int
    label: str
    place: str


class History:
    """The experiments that a lab has shown; one drag of a slider is one entry.

    Nothing is thrown away by a change after an undo: what was undone then stands among the
    entries that were left behind.

    Parameters
    ----------
    start : BaseExperiment
        Where the history begins.
    clock : callable, optional
        Seconds that only grow.
    """

    def __init__(self, start: BaseExperiment, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = 0
        self._moments = [Moment(0, start, START, start)]
        self._place = 0
        self._left: list[Moment] = []
        self._clock = clock
        self._last: tuple[str, int, float] = ("", 0, float("-inf"))

    @property
    def can_undo(self) -> bool:
        """Whether there is something to go back to."""
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        return self._place < len(self._moments) - 1

    @property
    def present(self) -> BaseExperiment:
        """What is shown now."""
        return self._moments[self._place].experiment

    @property
    def id(self) -> int:
        """The number of the entry that is shown now."""
        return self._moments[self._place].id

    def entries(self) -> list[Entry]:
        """Return the entries, newest first; what was left behind follows at the end."""
        listed = [
            Entry(moment.id, moment.words, _where(number, self._place))
            for number, moment in enumerate(self._moments)
        ]
        left = [Entry(moment.id, moment.words, "left") for moment in self._left]
        return [*reversed(listed), *reversed(left)]

    def record(
        self, experiment: BaseExperiment, path: str, gesture: int = 0, label: str = ""
    ) -> None:
        """Note that ``path`` changed.

        All changes of one ``gesture``, however slow, are one entry; without one (0) it is those of
        one control in quick succession. What has a ``label`` is an entry of its own.
        """
        if experiment == self.present:
            return
        now, (last_path, last_gesture, last_time) = self._clock(), self._last
        if gesture:
            goes_on = gesture == last_gesture
        else:
            goes_on = not last_gesture and now - last_time <= PAUSE
        before = self._moments[self._place]
        if path == last_path and goes_on and not label:
            self._moments[self._place] = Moment(before.id, experiment, "", before.came_from)
        else:
            self._leave_behind(self._moments[self._place + 1 :])
            self._count += 1
            moment = Moment(self._count, experiment, label, before.experiment)
            self._moments[self._place + 1 :] = [moment]
            del self._moments[: -LONGEST - 1]
            self._place = len(self._moments) - 1
        self._last = (path, gesture, now) if not label else ("", 0, float("-inf"))

    def undo(self) -> BaseExperiment:
        """Go one entry back; the present where there is none."""
        return self._move(self._place - 1)

    def redo(self) -> BaseExperiment:
        """Go one entry forward again."""
        return self._move(self._place + 1)

    def go(self, id_: int) -> BaseExperiment:
        """Go to an entry, by its number; what lies above it can be redone.

        One that was left behind is taken up as the newest. An unknown number changes nothing.
        """
        for number, moment in enumerate(self._moments):
            if moment.id == id_:
                return self._move(number)
        for moment in self._left:
            if moment.id == id_:
                self.record(moment.experiment, "", label=f"back to {moment.words}")
        return self.present

    def _move(self, place: int) -> BaseExperiment:
        if 0 <= place < len(self._moments):
            self._place = place
            self._last = ("", 0, float("-inf"))
        return self.present

    def _leave_behind(self, moments: Sequence[Moment]) -> None:
        self._left += moments
        del self._left[:-MOST_LEFT]


def _where(number: int, place: int) -> str:
    return "now" if number == place else "past" if number < place else "future"
