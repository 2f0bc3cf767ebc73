"""Trains of presynaptic spikes: when a synapse is stimulated.

A train gives all of its spike times at once, outside of the compiled loop, so that no number of it
ever compiles.

Examples
--------
>>> from engine.trains import RegularTrain, Run
>>> p = {"rate": 50.0, "start": 10.0, "count": 3, "pause": 0.0}
>>> RegularTrain().spikes(p, Run(duration=1000.0)).tolist()
[10.0, 30.0, 50.0]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import saiunit as u

from engine.specs import NON_NEGATIVE, POSITIVE, Component, Interval, ParameterSpec, subclasses

__all__ = [
    "BurstTrain",
    "DrawnTrain",
    "PairedPulses",
    "PoissonTrain",
    "RegularTrain",
    "Run",
    "SpikeTrain",
    "catalogue",
]

MOST_SPIKES = 100_000
"""Spikes of a train, beyond any that a synapse could follow, so that a rate cannot fill memory."""


Numbers = Mapping[str, float]
"""Parameter name -> number, in its declared unit."""


@dataclass(frozen=True)
class Run:
    """What the spikes of a train depend on besides its own numbers.

    Attributes
    ----------
    duration : float
        How long the run lasts, in ms.
    seed : int
        Start of the random numbers, where there are any.
    drawn : tuple of float
        Times that were given by hand, in ms.
    """

    duration: float
    seed: int = 0
    drawn: tuple[float, ...] = ()


class SpikeTrain(Component):
    """A train of spikes: derive from it, declare the parameters, and write `times`.

    Attributes
    ----------
    formula : str
        LaTeX of the spike times.
    """

    formula: ClassVar[str] = ""

    def _construct(self) -> None:
        """Do nothing: subclasses get a generated constructor."""

    def times(self, p: Numbers, run: Run) -> np.ndarray:
        """Return when the spikes come, in order; what comes after the end is cut off by `spikes`.

        Raises
        ------
        NotImplementedError
            The class does not say when its spikes come.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define times()")

    def spikes(self, p: Numbers, run: Run) -> np.ndarray:
        """Return the times of the spikes within a run.

        Parameters
        ----------
        p : mapping
            The declared parameters as plain numbers in their units.
        run : Run
            How long it lasts, and what else its spikes depend on.

        Returns
        -------
        array, shape (spike,)
            Increasing times in ms, none at the end of the run or later.
        """
        times = self.times(p, run)
        return times[times < run.duration]


START = ParameterSpec(
    100.0 * u.ms,
    "t_1",
    "first spike: when the train begins",
    soft=(0.0, 500.0),
    hard=NON_NEGATIVE,
)
RATE = ParameterSpec(
    20.0 * u.Hz,
    r"\nu",
    "rate of the spikes",
    soft=(1.0, 100.0),
    hard=Interval(0.0, 10_000.0, open_low=True),
    scale="log",
)


class RegularTrain(SpikeTrain):
    """Spikes at a steady rate, and one more after a pause to see the recovery."""

    formula: ClassVar[str] = r"t_k = t_1 + (k - 1) / \nu"

    rate = RATE
    start = START
    count = ParameterSpec(
        8.0,
        "K",
        "number of spikes before the pause",
        soft=(1.0, 40.0),
        hard=Interval(1.0, float(MOST_SPIKES)),
        integer=True,
    )
    pause = ParameterSpec(
        300.0 * u.ms,
        r"\Delta t_{\mathrm{rec}}",
        "pause before a last spike that tests the recovery; 0 leaves it out",
        soft=(0.0, 1000.0),
        hard=NON_NEGATIVE,
    )

    def times(self, p: Numbers, run: Run) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`."""
        train = p["start"] + np.arange(int(p["count"])) * (1e3 / p["rate"])
        if p["pause"] > 0:
            train = np.append(train, train[-1] + p["pause"])
        return train


class PairedPulses(SpikeTrain):
    """Two spikes: how the second response differs from the first shows short-term plasticity."""

    formula: ClassVar[str] = r"t_1, \quad t_2 = t_1 + \Delta t"

    interval = ParameterSpec(
        50.0 * u.ms,
        r"\Delta t",
        "interval between the two spikes",
        soft=(5.0, 500.0),
        hard=POSITIVE,
        scale="log",
    )
    start = START

    def times(self, p: Numbers, run: Run) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`."""
        return np.array([p["start"], p["start"] + p["interval"]])


class PoissonTrain(SpikeTrain):
    """Spikes at random, independent of each other: the same seed gives the same train."""

    formula: ClassVar[str] = r"P(t_{k+1} - t_k > s) = e^{-\nu s}"

    rate = RATE
    start = START.but(meaning="onset: when the train begins")

    def times(self, p: Numbers, run: Run) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`.

        The intervals of a seed only scale with the rate, so that the train stretches like a spring
        under the slider rather than jumping.
        """
        expected = max(0.0, run.duration - p["start"]) * p["rate"] / 1e3
        count = min(MOST_SPIKES, int(expected + 8.0 * np.sqrt(expected) + 16))
        waits = np.random.default_rng(run.seed).exponential(size=count) * (1e3 / p["rate"])
        return p["start"] + np.cumsum(waits)


class BurstTrain(SpikeTrain):
    """Bursts of a few spikes in quick succession, with silence between them."""

    formula: ClassVar[str] = (
        r"t_{m,k} = t_1 + (m - 1) P + (k - 1) / \nu, \quad k \le K, \quad m = 1, 2, \dots"
    )

    rate = RATE.but(
        default=100.0 * u.Hz, meaning="rate of the spikes within a burst", soft=(20.0, 400.0)
    )
    count = RegularTrain.count.but(
        default=5.0, meaning="number of spikes in a burst", soft=(1.0, 20.0)
    )
    period = ParameterSpec(
        300.0 * u.ms,
        "P",
        "period: time from the start of a burst to the next",
        soft=(50.0, 1000.0),
        hard=Interval(1.0),
    )
    start = START

    def times(self, p: Numbers, run: Run) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`. A burst ends where the next begins."""
        within = np.arange(int(p["count"])) * (1e3 / p["rate"])
        within = within[within < p["period"]]
        onsets = np.arange(p["start"], run.duration, p["period"])
        return (onsets[:, None] + within).ravel()[:MOST_SPIKES]


class DrawnTrain(SpikeTrain):
    """Spikes where you put them: click into the plot of the spikes, or type their times."""

    formula: ClassVar[str] = "t_1, t_2, \\dots"

    def times(self, p: Numbers, run: Run) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`."""
        return np.array(sorted(run.drawn), float)


DRAWN_TIME = ParameterSpec(
    0.0 * u.ms,
    "t_k",
    "spike times: click into the plot of the spikes to add or remove one, or type them",
    soft=(0.0, 1000.0),
    hard=NON_NEGATIVE,
)


def catalogue() -> dict[str, type[SpikeTrain]]:
    """Return every kind of spike train, by name; private ones are left out."""
    return {c.__name__: c for c in subclasses(SpikeTrain) if not c.__name__.startswith("_")}


def steps(times: np.ndarray, dt: Any) -> np.ndarray:
    """Return the step of every spike; spikes that fall into one step count once."""
    return np.unique(np.floor(np.asarray(times, float) / dt + 1e-6).astype(np.int64))
