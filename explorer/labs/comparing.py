"""The part of a lab that keeps runs, draws them under the present one, and tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine import ParameterError, Recording, SpikescopeError, simulate
from engine.base_experiment import BaseExperiment
from explorer import changes, links
from explorer.components import Message, RunShelf
from explorer.presets import presets
from explorer.runner import LatestRunner
from explorer.shelf import MOST_GHOSTS, MOST_RUNS, Kept, Shelf
from explorer.views import DifferenceView, Ghost

if TYPE_CHECKING:
    from explorer.labs.base import Lab

__all__ = ["Comparing"]

BEFORE = "before"
"""Id of the run that stands back while a kept one is in front."""
SURE = 3
"""Numbers of a run that the table shows even where they agree."""
MOST_ROWS = 40


@dataclass(frozen=True)
class Flip:
    """A kept run that was put in front of the present one.

    Attributes
    ----------
    run : Kept
        The kept run.
    back, there : int
        Entries of the history: the present run, and the kept one in its place.
    """

    run: Kept
    back: int
    there: int


class Comparing:
    """The shelf of a lab: what its buttons do, and what of it is in plots, table and link.

    Parameters
    ----------
    lab : Lab
        The lab. Its state says what is present; everything that was kept is here.

    Attributes
    ----------
    shelf : Shelf
        The kept runs.
    panel : RunShelf
        The shelf on the page.
    other : Kept or None
        The run that a flip has put behind a kept one.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.shelf = Shelf()
        self.panel = RunShelf(lab=lab.id)
        self.other: Kept | None = None
        self._flip: Flip | None = None
        self._last_flip: Flip | None = None
        self._stood_back: Kept | None = None  # what the flip back needs at once
        self._difference = False
        self._drawn: Any = ((), None)
        self._compared: tuple[Any, list[changes.Difference]] = ((), [])
        self._from_link: list[str] = []
        self.runner: LatestRunner[Kept, tuple[Recording, list[dict[str, Any]]]] = LatestRunner(
            self._compute, self._deliver, self._fail, lab.schedule
        )
        self.panel.on_message(self.on_message)

    # -- from the user ---------------------------------------------------------------------------

    def on_message(self, message: Message) -> None:
        """Do what was asked for at the shelf."""
        id_ = str(message.get("id", ""))
        if message["type"] != "found":  # that is the browser's own
            self.lab.touched()
        try:
            match message["type"]:
                case "keep":
                    self.keep()
                case "rename":
                    self.shelf.rename(id_, str(message["name"]))
                case "remove":
                    self._remove(id_)
                case "show":
                    self.shelf.show(id_, bool(message["on"]))
                case "select":
                    self.shelf.select(id_)
                case "go":
                    self._go(id_)
                case "flip":
                    self.flip()
                case "compare":
                    self._compare()
                case "difference":
                    self._difference = bool(message["on"])
                case "found":
                    self._found(message)
        except ParameterError as error:
            self.lab.notify(str(error), "warn")
        if message["type"] not in ("flip", "go") or not self.lab.runner.is_busy:
            self.lab.refresh()  # else all comes with the plots, in one message
        self._simulate_missing()

    def keep(self, name: str = "") -> Kept:
        """Put the present run on the shelf; one that is there already is only drawn.

        Raises
        ------
        ParameterError
            The shelf is full.
        """
        experiment = self.lab.experiment
        there = next((r for r in self.shelf.runs if changes.alike(r.experiment, experiment)), None)
        if there is not None:
            self.shelf.show(there.id, True)
            self.shelf.select(there.id)
            self.lab.notify(f"this run is on the shelf already, as “{there.name}”")
            return self.shelf.find(there.id) or there
        run = self._put(experiment, name or self._name())
        recording = self.lab.whole_recording
        if recording is not None:
            numbers = tuple(self.lab.insight.numbers)
            self.shelf.change(run.id, recording=recording, numbers=numbers)
        shown = "" if run.on else f"; {MOST_GHOSTS} runs are drawn already, so it is not"
        self.lab.notify(f"kept as “{run.name}”{shown}")
        return self.shelf.find(run.id) or run

    def flip(self) -> None:
        """Put the selected run in front of the present one, or take it away again."""
        state, flip = self.lab.state, self._flip
        if flip is not None:
            other = self.other
            self._flip = self.other = None
            self._stood_back = other
            state.go(flip.back)
            if other is not None and state.experiment != other.experiment:
                state.replace(other.experiment, f"back from {flip.run.name}")
            return
        run, here, last = self.shelf.chosen, state.moment, self._last_flip
        if run is None:
            self.lab.notify("keep a run first: a flip swaps it with the present one")
            return
        if changes.alike(run.experiment, self.lab.experiment):
            self.lab.notify(f"“{run.name}” and the present run are the same: change something")
            return
        self.other = Kept(
            BEFORE,
            "before the flip",
            self.lab.experiment,
            self._query(self.lab.experiment),
            recording=self.lab.whole_recording,
            numbers=tuple(self.lab.insight.numbers),
        )
        again = last is not None and (last.run.id, last.back) == (run.id, here)
        self._flip = Flip(run, here, last.there if again and last else -1)
        if again and last is not None:
            state.go(last.there)
        if state.experiment != run.experiment:
            state.replace(run.experiment, f"flip to {run.name}")
        self._flip = self._last_flip = Flip(run, here, state.moment)

    def put_back(self) -> None:
        """Put back what was removed last."""
        self.shelf.put_back()
        self.lab.refresh()
        self._simulate_missing()

    def take(self, kept: Iterable[tuple[str, BaseExperiment]]) -> None:
        """Put the runs that a link brings on the shelf, and draw them."""
        for name, experiment in kept:
            there = (r for r in self.shelf.runs if changes.alike(r.experiment, experiment))
            run = next(there, None)
            if run is not None:
                self.shelf.show(run.id, True)
            elif len(self.shelf.runs) < MOST_RUNS:
                self._from_link.append(self._put(experiment, name).id)

    def _put(self, experiment: BaseExperiment, name: str, **how: Any) -> Kept:
        return self.shelf.keep(experiment, name, self._query(experiment), **how)

    def _query(self, experiment: BaseExperiment) -> str:
        return links.to_query(experiment, self.lab.home, self.lab.named())

    def _name(self) -> str:
        """Name the present run: a preset, or what differs from the last kept run or the default."""
        preset, runs = presets(self.lab.id).get(self.lab.state.preset), self.shelf.runs
        if preset is not None:
            return preset.label
        base = runs[-1].experiment if runs else self.lab.home
        return changes.name_of(self.lab.experiment, base)

    def _remove(self, id_: str) -> None:
        run = self.shelf.remove(id_)
        if run is not None:
            undo = {"type": "put_back", "label": "Undo this"}
            self.lab.notify(f"“{run.name}” was taken from the shelf", action=undo)

    def _go(self, id_: str) -> None:
        run = self.shelf.find(id_)
        if run is None:
            return
        before = self.lab.experiment
        self._flip = self.other = None
        self.lab.state.replace(run.experiment, f"back to {run.name}")
        self.lab.offer_undo(before, run.name)

    def _compare(self) -> None:
        """Keep the run with its choice of two, and make the other choice."""
        lab, path = self.lab, self.lab.comparison(self.lab.experiment)
        if not path:
            return
        spec, now = lab.experiment.choice_specs[path], lab.experiment[path]
        self.keep(f"{now} {spec.label}")
        other = next(option for option in spec.options if option != now)
        lab.state.set(path, other)
        lab.notify(f"the present run has a {other} {spec.label}, the kept one a {now} {spec.label}")

    # -- from the browser's storage --------------------------------------------------------------

    def _found(self, message: Mapping[str, Any]) -> None:
        """Take up what the browser remembers: the shelf, and where the user left off."""
        found = message.get("runs")
        for entry in (found if isinstance(found, list) else [])[:MOST_RUNS]:
            if isinstance(entry, Mapping):
                self._restore(entry)
        last = message.get("last")
        if isinstance(last, str) and last and not self.lab.state.can_undo:
            self.lab.offer_last(last)

    def _restore(self, entry: Mapping[str, Any]) -> None:
        id_, name, query = (str(entry.get(key, "")) for key in ("id", "name", "query"))
        read = links.from_query(query, self.lab.home, self.lab.named())
        same = (r for r in self.shelf.runs if changes.alike(r.experiment, read.experiment))
        there = next(same, None)
        if there is None and not self.shelf.find(id_) and len(self.shelf.runs) < MOST_RUNS:
            self.shelf.keep(read.experiment, name, query, id_=id_, on=False)
        elif there is not None and there.id in self._from_link and not self.shelf.find(id_):
            self._from_link.remove(there.id)  # it is the one that was kept in this browser
            if self.shelf.selected == there.id:
                self.shelf.selected = id_
            self.shelf.change(there.id, id=id_)

    # -- to the page -----------------------------------------------------------------------------

    def parts(self) -> list[str]:
        """Return what is drawn as parts of the link."""
        return [links.kept_part(run.name, run.query) for run in self.shelf.drawn]

    def known(self, experiment: BaseExperiment) -> Recording | None:
        """Return the recording of a kept run, where there is one."""
        runs = (*self.shelf.runs, *(run for run in (self.other, self._stood_back) if run))
        found = (run.recording for run in runs if run.experiment == experiment)
        return next((recording for recording in found if recording is not None), None)

    def after_run(self, recording: Recording, numbers: list[dict[str, Any]]) -> None:
        """Give the runs that were kept before they were done what they were waiting for."""
        for run in self.shelf.runs:
            if run.recording is None and changes.alike(run.experiment, recording.experiment):
                self.shelf.change(run.id, recording=recording, numbers=tuple(numbers), problem="")
        other = self.other
        if other and other.recording is None and other.experiment == recording.experiment:
            self.other = replace(other, recording=recording, numbers=tuple(numbers))
        if any(run.recording is None and not run.problem for run in self._shown()):
            self.lab.schedule(self._simulate_missing)  # once the lab's runner is free

    def draw(self) -> None:
        """Draw the kept runs, unless they are in the plots as they are."""
        ghosts = [
            Ghost("ghost" if run is self.other else run.role, run.recording)
            for run in self._shown()
            if run.recording
        ]
        window = self.lab.window.range
        now = [(ghost.role, id(ghost.recording)) for ghost in ghosts]
        wanted = (now, (window.start, window.end) if now else None)
        if wanted != self._drawn:
            self._drawn = wanted
            for view in self.lab.views:
                view.ghosts(ghosts)

    def show(self) -> None:
        """Bring the shelf on the page, its table and the plot of the difference up to date."""
        state, flip = self.lab.state, self._flip
        if flip is not None and state.moment == flip.back and flip.there != flip.back:
            self._flip = self.other = None  # undone
        self.draw()
        self._show_difference()
        runs = [
            {
                "id": run.id,
                "name": run.name,
                "role": run.role,
                "on": run.on,
                "selected": run.id == self.shelf.selected,
                "note": self._note(run),
            }
            for run in self.shelf.runs
        ]
        path = self.lab.comparison(self.lab.experiment)
        words = self.lab.experiment.choice_specs[path] if path else None
        saved = [{"id": r.id, "name": r.name, "query": r.query} for r in self.shelf.runs]
        wanted = {
            "runs": runs,
            "table": self._table(),
            "flipped": self._flip.run.id if self._flip else "",
            "compare": f"Compare {' and '.join(words.options)} {words.label}" if words else "",
            "difference": self._difference,
            "has_difference": self._difference_view is not None,
            "saved": saved,
        }
        changed = {k: v for k, v in wanted.items() if getattr(self.panel, k) != v}
        if changed:
            self.panel.param.update(**changed)

    def _note(self, run: Kept) -> str:
        if self._flip is not None and self._flip.run.id == run.id:
            return "in front now; X brings the grey one back"
        return run.problem or ("" if run.recording or not run.on else "being simulated")

    @property
    def _difference_view(self) -> DifferenceView | None:
        return next((v for v in self.lab.views if isinstance(v, DifferenceView)), None)

    def _show_difference(self) -> None:
        view, run = self._difference_view, self.shelf.chosen
        if view is None:
            return
        if self._flip is not None and self.other is not None:
            run, role = self.other, "ghost"
        else:
            role = run.role if run else ""
        if not self._difference or run is None or run.recording is None:
            view.against(None)
            return
        view.against(Ghost(role, run.recording), run.name)
        if self.lab.recording is not None:
            view.update(self.lab.recording)

    def _shown(self) -> list[Kept]:
        """Return the runs that are compared with the present one.

        While a kept run is in front, the run that it has put back stands for it.
        """
        shown, flip = self.shelf.drawn, self._flip
        if flip is None or self.other is None:
            return list(shown)
        if self.lab.experiment == flip.run.experiment:
            shown = tuple(run for run in shown if run.id != flip.run.id)
        return [*shown, self.other]

    def _table(self) -> dict[str, Any]:
        """Lay out what differs: a column for now and each run in sight, a row for each path."""
        shown = self._shown()
        if not shown:
            return {}
        experiments = (self.lab.experiment, *(run.experiment for run in shown))
        if self._compared[0] != experiments:
            self._compared = (experiments, changes.differences(*experiments))
        differing = self._compared[1]
        rows = [
            {"name": d.name, "unit": d.unit, "title": d.path, "cells": list(d.values)}
            for d in differing[:MOST_ROWS]
        ]
        if len(differing) > MOST_ROWS:
            more = f"and {len(differing) - MOST_ROWS} more"
            rows.append({"name": more, "unit": "", "title": "", "cells": [""] * len(experiments)})
        columns = [{"name": "now", "role": "trace"}]
        columns += [{"name": r.name, "role": "ghost" if r is self.other else r.role} for r in shown]
        return {"columns": columns, "rows": rows, "numbers": self._numbers(shown)}

    def _numbers(self, shown: list[Kept]) -> list[dict[str, Any]]:
        """Lay out the numbers of the runs, where they differ."""
        known = [{n["id"]: n for n in run.numbers} for run in shown]
        rows = []
        for place, entry in enumerate(self.lab.insight.numbers):
            same = [numbers.get(entry["id"], {}) for numbers in known]
            cells = [entry["value"], *(other.get("value", "–") for other in same)]
            units = {entry["unit"], *(other["unit"] for other in same if other)}
            if place < SURE or len(set(cells)) > 1:
                rows.append(
                    {
                        "name": entry["label"],
                        "unit": entry["unit"] if len(units) == 1 else "",
                        "title": entry["title"],
                        "cells": cells,
                    }
                )
        return rows

    # -- runs of which only the numbers are known ------------------------------------------------

    def _simulate_missing(self) -> None:
        """Simulate what is to be drawn and was never run here, one at a time, after the lab's."""
        if self.runner.is_busy or self.lab.runner.is_busy:
            return
        for run in self._shown():
            if run.recording is not None or run.problem:
                continue
            if problems := run.experiment.problems():
                self._refuse(run, str(problems[0]))
            elif cost := self.lab.hesitation(run.experiment):
                self._refuse(run, f"{cost}: go back to it to run it")
            else:
                self.runner.request(run)
                return

    def _refuse(self, run: Kept, sentence: str) -> None:
        if run is self.other:
            self.other = replace(run, problem=sentence)
        else:
            self.shelf.change(run.id, problem=sentence)

    def _compute(
        self, run: Kept, should_stop: Callable[[], bool]
    ) -> tuple[Recording, list[dict[str, Any]]]:
        recording = simulate(run.experiment, should_stop=should_stop)
        extra = self.lab.work_out(run.experiment, recording)
        return recording, self.lab.numbers(recording, extra)

    def _deliver(self, run: Kept, result: tuple[Recording, list[dict[str, Any]]]) -> None:
        recording, numbers = result
        if run.id == BEFORE:
            if self.other is not None:
                self.other = replace(self.other, recording=recording, numbers=tuple(numbers))
        else:
            self.shelf.change(run.id, recording=recording, numbers=tuple(numbers), problem="")
        self._done()

    def _fail(self, run: Kept, error: Exception) -> None:
        said = str(error) if isinstance(error, SpikescopeError) else "this run failed"
        self._refuse(run, said)
        self._done()

    def _done(self) -> None:
        self.lab.refresh()
        # the runner is free only once this has returned
        self.lab.schedule(self._simulate_missing)
