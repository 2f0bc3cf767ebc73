"""What the spikes of a network say, population by population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.analysis import spike_trains

if TYPE_CHECKING:
    from engine.network_experiment import NetworkExperiment
    from engine.recording import Recording

__all__ = ["irregularity", "rates", "spikes_of", "synchrony"]


def spikes_of(recording: Recording, population: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times in ms and neurons, counted from 0, of the spikes of a population."""
    own = _network(recording).ranges[population]
    inside = (recording.spike_neurons >= own.start) & (recording.spike_neurons < own.stop)
    return recording.spike_times[inside], recording.spike_neurons[inside] - own.start


def rates(recording: Recording, after: float = 0.0) -> dict[str, float]:
    """Return the mean rate of a neuron in Hz, by population.

    Parameters
    ----------
    recording : Recording
        Of a network.
    after : float
        Time in ms before which spikes are not counted, so that the start does not matter.
    """
    span = recording.n_steps * recording.dt - after
    return {
        name: np.sum(spikes_of(recording, name)[0] >= after) / size / span * 1e3
        for name, size in _network(recording).sizes.items()
    }


def irregularity(recording: Recording, after: float = 0.0) -> float:
    """Return the mean coefficient of variation of the intervals: 0 a clock, 1 a Poisson process."""
    late = recording.spike_times >= after
    return spike_trains.cv(recording.spike_times[late], recording.spike_neurons[late])


def synchrony(recording: Recording, after: float = 0.0, bin: float = 1.0) -> float:
    r"""Return how much more the activity of the network varies than that of independent neurons.

    .. math:: F = \frac{\operatorname{var}(N_b)}{\langle N_b \rangle}

    Parameters
    ----------
    recording : Recording
        Of a network.
    after : float
        Time in ms before which spikes are not counted.
    bin : float
        Length in ms of the bins :math:`b` in which the spikes :math:`N_b` of all are counted.

    Returns
    -------
    factor : float
        The Fano factor: 1 for independent Poisson neurons, about the number of neurons that fire
        together otherwise; NaN for a silent network.
    """
    bins = int((recording.n_steps * recording.dt - after) / bin + 1e-6)
    late = recording.spike_times[recording.spike_times >= after] - after
    counts = np.bincount((late / bin + 1e-6).astype(int), minlength=bins)[:bins]
    return float(counts.var() / counts.mean()) if counts.any() else float("nan")


def _network(recording: Recording) -> NetworkExperiment:
    return recording.experiment  # type: ignore[return-value]
