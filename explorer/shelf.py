"""The shelf of kept runs: named snapshots to compare with and to go back to."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from engine import ParameterError, Recording
from engine.base_experiment import BaseExperiment
from explorer.links import LONGEST_NAME, MOST_KEPT
from explorer.theme import KEPT

__all__ = ["MOST_GHOSTS", "MOST_RUNS", "Kept", "Shelf"]

MOST_GHOSTS = MOST_KEPT
"""Kept runs that are drawn at the same time: as many as there are colours, and as a link brings."""
MOST_RUNS = 60
MOST_BYTES = 256 * 2**20
"""Memory for the recordings of kept runs; those out of sight are simulated again when needed."""


@dataclass(frozen=True)
class Kept:
    """A run on the shelf.

    Attributes
    ----------
    id : str
        Eight hexadecimal digits, its own among all shelves.
    name : str
        What the user calls it.
    experiment : BaseExperiment
        What was run.
    query : str
        The experiment as a link's query.
    slot : int
        Number of its colour.
    on : bool
        Whether it is drawn.
    recording : Recording or None
        The run, once it is there.
    numbers : tuple of dict
        What the insight column says about the run.
    problem : str
        Why there is no recording, as a sentence.
    """

    id: str
    name: str
    experiment: BaseExperiment
    query: str
    slot: int = 0
    on: bool = True
    recording: Recording | None = None
    numbers: tuple[dict[str, Any], ...] = ()
    problem: str = ""

    @property
    def role(self) -> str:
        """Role of its colour."""
        return f"kept-{self.slot}"


class Shelf:
    """Kept runs in the order in which they were put there. Each change is a new tuple `runs`.

    Attributes
    ----------
    runs : tuple of Kept
        All of them.
    selected : str
        Id of the one that is compared with; empty where the shelf is.
    """

    def __init__(self) -> None:
        self.runs: tuple[Kept, ...] = ()
        self.selected = ""
        self._removed: list[tuple[int, Kept]] = []

    @property
    def drawn(self) -> tuple[Kept, ...]:
        """The runs whose eye is on."""
        return tuple(run for run in self.runs if run.on)

    @property
    def chosen(self) -> Kept | None:
        """The run that is compared with."""
        return self.find(self.selected)

    def find(self, id_: str) -> Kept | None:
        """Return a run by its id; None where there is none."""
        return next((run for run in self.runs if run.id == id_), None)

    def keep(
        self,
        experiment: BaseExperiment,
        name: str,
        query: str,
        *,
        id_: str = "",
        on: bool = True,
        recording: Recording | None = None,
        numbers: Iterable[dict[str, Any]] = (),
    ) -> Kept:
        """Put a run on the shelf, with a colour of its own, and select it if it is drawn.

        It is drawn unless as many are as there are colours.

        Raises
        ------
        ParameterError
            The shelf is full.
        """
        if len(self.runs) >= MOST_RUNS:
            raise ParameterError(
                "shelf", f"the shelf holds at most {MOST_RUNS} runs: remove one first"
            )
        on = on and len(self.drawn) < MOST_GHOSTS
        run = Kept(
            id_
            if re.fullmatch("[0-9a-f]{8}", id_) and not self.find(id_)
            else secrets.token_hex(4),
            self._free_name(name),
            experiment,
            query,
            self._free_slot(),
            on,
            recording,
            tuple(numbers),
        )
        self.runs = (*self.runs, run)
        if on or not self.selected:
            self.selected = run.id
        self._save_memory()
        return run

    def rename(self, id_: str, name: str) -> None:
        """Call a run something else; an empty name changes nothing."""
        run = self.find(id_)
        name = _tidy(name)
        if run is not None and name and name != run.name:
            self.change(id_, name=self._free_name(name))

    def show(self, id_: str, on: bool) -> None:
        """Draw a run, or leave it out.

        Raises
        ------
        ParameterError
            As many are drawn as there are colours.
        """
        run = self.find(id_)
        if run is None or run.on == on:
            return
        if on and len(self.drawn) >= MOST_GHOSTS:
            raise ParameterError(
                "shelf", f"at most {MOST_GHOSTS} kept runs are drawn at the same time: hide one"
            )
        slots = {other.slot for other in self.drawn}
        slot = self._free_slot() if on and run.slot in slots else run.slot
        self.change(id_, on=on, slot=slot)
        if on:
            self.selected = id_

    def select(self, id_: str) -> None:
        """Compare with this run."""
        if self.find(id_) is not None:
            self.selected = id_

    def remove(self, id_: str) -> Kept | None:
        """Take a run from the shelf; `put_back` undoes it."""
        run = self.find(id_)
        if run is None:
            return None
        place = self.runs.index(run)
        self.runs = self.runs[:place] + self.runs[place + 1 :]
        self._removed.append((place, run))
        if self.selected == id_:
            near = self.runs[max(0, place - 1) : place + 1]
            self.selected = near[0].id if near else ""
        return run

    def put_back(self) -> Kept | None:
        """Put the run that was removed last back into its place."""
        if not self._removed or len(self.runs) >= MOST_RUNS:
            return None
        place, run = self._removed.pop()
        if run.on and len(self.drawn) >= MOST_GHOSTS:
            run = replace(run, on=False)
        elif run.on and run.slot in {other.slot for other in self.drawn}:
            run = replace(run, slot=self._free_slot())
        self.runs = (*self.runs[:place], run, *self.runs[place:])
        self.selected = run.id
        return run

    def change(self, id_: str, **changes: Any) -> None:
        """Replace attributes of a run."""
        self.runs = tuple(replace(r, **changes) if r.id == id_ else r for r in self.runs)
        if "recording" in changes:
            self._save_memory()

    def _free_name(self, name: str) -> str:
        """Return the name, with a number behind it where it is taken."""
        name = _tidy(name) or "kept run"
        taken = {run.name for run in self.runs}
        numbered = (f"{name} ({number})" for number in range(2, MOST_RUNS + 3))
        return next(n for n in (name, *numbered) if n not in taken)

    def _free_slot(self) -> int:
        """Return a colour that no run has, or that no drawn one has."""
        drawn = [run.slot for run in self.drawn]
        taken = [run.slot for run in self.runs]
        slots = range(len(KEPT["light"]))
        return min(slots, key=lambda slot: (drawn.count(slot), taken.count(slot)))

    def _save_memory(self) -> None:
        """Let go of the oldest recordings that are not drawn, where all together are too large."""
        sizes = {run.id: _bytes(run.recording) for run in self.runs}
        for run in self.runs:
            if sum(sizes.values()) <= MOST_BYTES:
                return
            if not run.on and run.recording is not None:
                sizes[run.id] = 0
                self.runs = tuple(
                    replace(r, recording=None) if r.id == run.id else r for r in self.runs
                )


def _bytes(recording: Recording | None) -> int:
    if recording is None:
        return 0
    arrays = (*recording.traces.values(), recording.spike_steps, recording.spike_neurons)
    return sum(array.nbytes for array in arrays)


def _tidy(name: str) -> str:
    return " ".join(str(name).split())[:LONGEST_NAME].strip()
