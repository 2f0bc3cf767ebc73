"""What a run leaves: arrays on the host, a unit beside each, spikes as events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import saiunit as u

from engine import boundary
from engine.analysis import spike_trains
from engine.specs import unknown_name

if TYPE_CHECKING:
    from engine.base_experiment import BaseExperiment

__all__ = ["Recording", "Timing"]


@dataclass(frozen=True)
class Timing:
    """How long a run took, in seconds; ``compile`` is 0 where the program was there already."""

    run: float
    compile: float


@dataclass(frozen=True)
class Recording:
    """The result of `engine.simulate`.

    Attributes
    ----------
    experiment : Experiment
        What was simulated.
    traces : mapping of str to array, shape (time, watched neuron)
        States, threshold and input of the watched neurons as plain ``float32``; units in `units`.
    units : mapping of str to Unit
        Unit of each trace.
    spike_steps, spike_neurons : array of int, shape (spike,)
        Step and neuron of every spike, in order of time.
    problem : str
        Why the run is not to be trusted, as a sentence; empty where it is.

    Examples
    --------
    >>> from engine import LIF, simulate
    >>> recording = simulate(LIF, n=10)
    >>> recording["V"].shape
    (10000, 1)
    """

    experiment: BaseExperiment
    traces: Mapping[str, np.ndarray]
    units: Mapping[str, u.Unit]
    spike_steps: np.ndarray
    spike_neurons: np.ndarray
    timing: Timing = field(default=Timing(0.0, 0.0), compare=False)
    problem: str = ""

    def __getitem__(self, name: str) -> Any:
        """Return a trace with its unit, shape (time, watched neuron)."""
        if name not in self.traces:
            raise unknown_name("trace", name, self.traces, self.experiment.title)
        return u.Quantity(self.traces[name], unit=self.units[name])

    @property
    def dt(self) -> float:
        """Time step in ms."""
        return self.experiment["dt"]

    @property
    def duration(self) -> float:
        """Simulated time in ms, as it was asked for."""
        return self.experiment["duration"]

    @property
    def n_steps(self) -> int:
        """Number of recorded steps."""
        return len(next(iter(self.traces.values())))

    @property
    def times(self) -> np.ndarray:
        """Time of every step in ms, as plain numbers, shape (time,)."""
        return np.arange(self.n_steps, dtype=np.float64) * self.dt

    @property
    def spike_times(self) -> np.ndarray:
        """Time of every spike in ms, as plain numbers, shape (spike,)."""
        return self.spike_steps * self.dt

    @property
    def spike_count(self) -> int:
        """Number of spikes of all neurons."""
        return len(self.spike_steps)

    @property
    def rate(self) -> float:
        """Mean firing rate of a neuron, in Hz; NaN for a run that diverged at once."""
        simulated = min(self.duration, self.n_steps * self.dt)  # less where the run diverged
        if not simulated:
            return math.nan
        return spike_trains.mean_rate(self.spike_neurons, self.experiment.n, simulated)

    @property
    def cv(self) -> float:
        """Mean coefficient of variation of the inter-spike intervals; NaN without intervals."""
        return spike_trains.cv(self.spike_times, self.spike_neurons)

    def save(self, path: Any) -> None:
        """Write the arrays, their units and the experiment to an ``.npz`` file."""
        units = {f"unit of {name}": self.unit_text(name) for name in self.traces}
        arrays: dict[str, Any] = {
            "t": self.times,
            "spike_times": self.spike_times,
            "spike_neurons": self.spike_neurons,
            "experiment": self.experiment.to_json(),
        }
        arrays |= {**self.traces, **units}
        np.savez_compressed(path, **arrays)

    def unit_text(self, name: str) -> str:
        """How the unit of a trace is written."""
        return boundary.unit_text(self.units[name])
