"""The inhibitory network of Brunel and Hakim, whose rhythm is faster than its neurons."""

from __future__ import annotations

from typing import ClassVar

from engine.background import Background
from engine.connectivity import FixedProbability
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork
from engine.populations import NetworkCell, NetworkProjection, Population, ReceptorSite

__all__ = ["BrunelHakimNetwork"]


class BrunelHakimNetwork(PublishedNetwork):
    """Inhibition that comes back after a delay: a fast rhythm of neurons that fire rarely.

    Notes
    -----
    The noise from outside is Poisson spikes with the mean and the variance of the paper's white
    noise. The theory of the paper, an expansion of the density of potentials around its steady
    state, gives a rate of 3.4 Hz and a rhythm of 170 Hz that grows. With a deviation of 3 mV the
    rhythm just dies out, and the network swings at the 172 Hz of the theory; with 1 mV it grows so
    fast that what it ends in is slower, 146 Hz.
    """

    title = "Fast global oscillation (Brunel and Hakim)"
    phenomenon = "The rate of all swings some 150 times a second, a single neuron fires four times."
    reference: ClassVar[str] = (
        "N. Brunel and V. Hakim (1999). Fast global oscillations in networks of integrate-and-fire "
        "neurons with low firing rates. Neural Computation 11, 1621-1671. "
        "doi:10.1162/089976699300016179"
    )
    rate = (2.5, 8.0)
    irregularity = (0.25, 1.3)
    state = "SI"
    rhythm = (120.0, 200.0)
    start_scale = 0.3

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network; see `PublishedNetwork.experiment`."""
        return cls.at(1.0, scale)

    @staticmethod
    def at(deviation: float, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with any deviation of the noise from outside, in mV."""
        jump = {"psp": ReceptorSite(synapse=None)}
        network = NetworkExperiment(
            {"I": Population(NetworkCell, jump, background=Background)},
            {"II": NetworkProjection("I", "I", "psp", FixedProbability)},
        )
        tau, mean = 20.0, 25.0
        return network.update(
            {
                "I.n": round(5000 * scale),
                "I.tau": tau,
                "I.tau_ref": 2.0,
                "I.V_rest": 0.0,
                "I.V_reset": 10.0,
                "I.V_th": 20.0,
                "I.stimulus.amplitude": 0.0,
                "I.background.rate": mean**2 / (deviation**2 * tau) * 1e3,
                "I.background.weight": deviation**2 / mean,
                "II.weight": -0.1,
                "II.delay": 2.0,
                "II.connectivity.p": 0.2 / scale,
            }
        )
