"""The one state of a lab: link, undo, presets, widgets and runner read and write only this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite
from typing import Any

import param

from engine import ParameterError
from engine.base_experiment import BaseExperiment, spread_spec
from explorer.history import Entry, History

__all__ = ["LabState"]


class LabState(param.Parameterized):
    """What a lab shows: an experiment, and what is wrong with what was typed.

    Every change goes through one of the methods; they never raise for a value that a user gave. A
    refused value leaves the experiment as it was and its sentence in `errors`, under the parameter
    path.

    Parameters
    ----------
    experiment : BaseExperiment
        What to start with.
    """

    experiment: BaseExperiment = param.ClassSelector(class_=BaseExperiment, allow_None=False)  # type: ignore[assignment]
    errors: dict[str, str] = param.Dict(default={}, doc="Sentence by parameter path.")  # type: ignore[assignment]
    preset = param.String(default="", doc="Preset that was taken last and not changed since.")

    def __init__(self, experiment: BaseExperiment, **params: Any) -> None:
        super().__init__(experiment=experiment, **params)
        self._checked: tuple[Any, dict[str, str]] = (None, {})
        self._history = History(experiment)
        self.errors = self._conflicts(experiment)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return self._history.can_redo

    @property
    def is_runnable(self) -> bool:
        """Whether the numbers fit together, so that the experiment can be simulated."""
        return not self._conflicts(self.experiment)

    def set(self, path: str, value: Any, gesture: int = 0) -> None:
        """Set a number, a choice or a typed text; of `watchable` paths the neuron that is shown.

        All that one ``gesture`` sets, such as the drag of a slider, is one step to undo.
        """
        if path in self.experiment.watchable:
            self._try(path, lambda e: _watching(e, path, value), gesture)
        else:
            self._try(path, lambda e: e.set(path, value).rewatched(e), gesture)

    def draw(self, path: str, value: list[float]) -> None:
        """Set a row of numbers by pointing: every point is a step of its own to undo."""
        changed = self.experiment.set(path, value)
        self._change(changed, path, label=f"{path.replace('.', ' ')} by pointing")

    def set_together(self, values: Mapping[str, Any], gesture: int = 0) -> None:
        """Set several paths at once; choices first. It is one step to undo, as for `set`."""
        name = " ".join(values)
        self._try(next(iter(values)), lambda e: e.update(values).rewatched(e), gesture, name)

    def refuse(self, path: str, sentence: str) -> None:
        """Keep everything as it is, and say what was wrong with what was given for ``path``."""
        self._complain(path, sentence)

    def reset(self, path: str) -> None:
        """Go back to the default at ``path``."""
        if path in self.experiment.watchable:
            self.set(path, 0)
        else:
            self._try(path, lambda e: e.without(path).rewatched(e))

    def spread(self, path: str, on: bool) -> None:
        """Let the parameter at ``path`` differ between neurons, or make them equal again."""
        spread = f"{path}.spread"
        if not on:
            self._try(spread, lambda e: e.without(spread))
        elif spread not in self.experiment.values:
            self._try(spread, lambda e: e.set(spread, _default_spread(e, path)))

    def watch(self, neuron: int) -> None:
        """Show the states of another neuron, by its number among all."""
        places = self.experiment.watchable
        path = next((path for path, own in places.items() if neuron in own), list(places)[-1])
        self.set(path, neuron - places[path].start)

    def replace(self, experiment: BaseExperiment, name: str = "everything") -> None:
        """Show another experiment, such as a preset or an opened file; it can be undone."""
        self._change(experiment, name, label=name)

    def reset_all(self) -> None:
        """Go back to the defaults, of the same model."""
        self.replace(self.experiment.fresh(), "all controls reset")

    def undo(self) -> None:
        """Take the last change back."""
        self._show(self._history.undo())

    def redo(self) -> None:
        """Make the change that was undone again."""
        self._show(self._history.redo())

    @property
    def history(self) -> list[Entry]:
        """What was shown, newest first; see `explorer.history.History.entries`."""
        return self._history.entries()

    @property
    def moment(self) -> int:
        """Number of the entry of the `history` that is shown now."""
        return self._history.id

    def go(self, id_: int) -> None:
        """Show an entry of the `history` again, by its number."""
        self._show(self._history.go(id_))

    def _try(
        self,
        path: str,
        change: Callable[[BaseExperiment], BaseExperiment],
        gesture: int = 0,
        name: str = "",
    ) -> None:
        try:
            changed = change(self.experiment)
        except ParameterError as error:
            self._complain(path, str(error))
        else:
            self._change(changed, name or path, gesture)

    def _change(
        self, experiment: BaseExperiment, path: str, gesture: int = 0, label: str = ""
    ) -> None:
        self._history.record(experiment, path, gesture, label)
        self._show(experiment)

    def _show(self, experiment: BaseExperiment) -> None:
        if experiment != self.experiment:
            self.preset = ""
        self.param.update(experiment=experiment, errors=self._conflicts(experiment))

    def _complain(self, path: str, sentence: str) -> None:
        self.errors = self._conflicts(self.experiment) | {path: sentence}

    def _conflicts(self, experiment: BaseExperiment) -> dict[str, str]:
        """Return what does not fit together; asked once, for a large network takes a while."""
        if self._checked[0] is not experiment:
            found = {problem.path: str(problem) for problem in experiment.problems()}
            self._checked = experiment, found
        return dict(self._checked[1])


def _default_spread(experiment: BaseExperiment, path: str) -> float:
    if not experiment.can_spread(path):
        raise ParameterError(path, f"{path} is the same for all neurons and cannot be spread")
    return spread_spec(experiment.specs[path]).default_number


def _watching(experiment: BaseExperiment, path: str, value: Any) -> BaseExperiment:
    own = experiment.watchable[path]
    number = float(str(value)) if _is_number(value) else -1.0
    if number != int(number) or not 0 <= number < len(own):
        raise ParameterError(path, f"{path} must be a neuron from 0 to {len(own) - 1}, got {value}")
    watched = list(experiment.watched)
    watched[list(experiment.watchable).index(path)] = own[int(number)]
    return replace(experiment, watched=tuple(watched))


def _is_number(value: Any) -> bool:
    try:
        return isfinite(float(str(value)))
    except ValueError:
        return False
