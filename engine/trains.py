"""Trains of presynaptic spikes: when a synapse is stimulated.

A train gives all of its spike times at once, outside of the compiled loop, so that no number of it
ever compiles.

Examples
--------
>>> from engine.trains import RegularTrain
>>> RegularTrain().times({"rate": 50.0, "start": 10.0, "count": 3, "pause": 0.0}, 1000.0).tolist()
[10.0, 30.0, 50.0]
"""

from __future__ import annotations

from collections.abc import Mapping
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
    "SpikeTrain",
    "catalogue",
]

MOST_SPIKES = 100_000
"""Spikes of a train, beyond any that a synapse could follow, so that a rate cannot fill memory."""


class SpikeTrain(Component):
    """A train of spikes: derive from it, declare the parameters, and write `times`.

    Attributes
    ----------
    formula : str
        LaTeX of the spike times.
    """

    formula: ClassVar[str] = ""
    stochastic: ClassVar[bool] = False

    def _construct(self) -> None:
        """Do nothing: subclasses get a generated constructor."""

    def times(
        self,
        p: Mapping[str, float],
        duration: float,
        seed: int = 0,
        drawn: tuple[float, ...] = (),
    ) -> np.ndarray:
        """Return the spike times within a duration.

        Parameters
        ----------
        p : mapping
            The declared parameters as plain numbers in their units.
        duration : float
            Length of the run in ms.
        seed : int
            Start of the random numbers, where there are any.
        drawn : tuple of float
            Times that were given by hand, in ms.

        Returns
        -------
        array, shape (spike,)
            Increasing times in ms, none later than ``duration``.

        Raises
        ------
        NotImplementedError
            The class does not say when its spikes come.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define times()")


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

    def times(
        self,
        p: Mapping[str, float],
        duration: float,
        seed: int = 0,
        drawn: tuple[float, ...] = (),
    ) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`."""
        train = p["start"] + np.arange(int(p["count"])) * (1e3 / p["rate"])
        if p["pause"] > 0:
            train = np.append(train, train[-1] + p["pause"])
        return train[train < duration]


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

    def times(
        self,
        p: Mapping[str, float],
        duration: float,
        seed: int = 0,
        drawn: tuple[float, ...] = (),
    ) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`."""
        pair = np.array([p["start"], p["start"] + p["interval"]])
        return pair[pair < duration]


class PoissonTrain(SpikeTrain):
    """Spikes at random, independent of each other: the same seed gives the same train."""

    formula: ClassVar[str] = r"P(t_{k+1} - t_k > s) = e^{-\nu s}"
    stochastic: ClassVar[bool] = True

    rate = RATE
    start = START.but(meaning="onset: when the train begins")

    def times(
        self,
        p: Mapping[str, float],
        duration: float,
        seed: int = 0,
        drawn: tuple[float, ...] = (),
    ) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`.

        The intervals of a seed only scale with the rate, so that the train stretches like a spring
        under the slider rather than jumping.
        """
        expected = max(0.0, duration - p["start"]) * p["rate"] / 1e3
        count = min(MOST_SPIKES, int(expected + 8.0 * np.sqrt(expected) + 16))
        waits = np.random.default_rng(seed).exponential(size=count) * (1e3 / p["rate"])
        train = p["start"] + np.cumsum(waits)
        return train[train < duration]


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

    def times(
        self,
        p: Mapping[str, float],
        duration: float,
        seed: int = 0,
        drawn: tuple[float, ...] = (),
    ) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`. A burst ends where the next begins."""
        within = np.arange(int(p["count"])) * (1e3 / p["rate"])
        within = within[within < p["period"]]
        onsets = np.arange(p["start"], duration, p["period"])
        train = (onsets[:, None] + within).ravel()[:MOST_SPIKES]
        return train[train < duration]


class DrawnTrain(SpikeTrain):
    """Spikes where you put them: click into the plot of the spikes, or type their times."""

    formula: ClassVar[str] = "t_1, t_2, \\dots"

    def times(
        self,
        p: Mapping[str, float],
        duration: float,
        seed: int = 0,
        drawn: tuple[float, ...] = (),
    ) -> np.ndarray:
        """Return the spike times; see `SpikeTrain.times`."""
        train = np.array(sorted(drawn), float)
        return train[train < duration]


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
