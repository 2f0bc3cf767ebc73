"""The balanced network of van Vreeswijk and Sompolinsky, with spiking neurons."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar

from engine.connectivity import FixedProbability
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork, excitation_and_inhibition, for_each
from engine.populations import NetworkCell, Population, ReceptorSite

__all__ = ["BalancedNetwork"]


class BalancedNetwork(PublishedNetwork):
    r"""Strong excitation and stronger inhibition cancel, and only the fluctuations fire a neuron.

    A connection has the strength :math:`J / \sqrt K`, so that the input of :math:`K` connections is
    of the order of :math:`\sqrt K` thresholds, and its fluctuations of one. The rates settle where
    the large parts cancel, as the paper's equation 2 has it:

    .. math::
        \nu_E = \frac{J_I E - J_E I}{J_E - J_I}\,\nu_0, \qquad
        \nu_I = \frac{E - I}{J_E - J_I}\,\nu_0

    Notes
    -----
    The paper's neurons are binary and look at their input at random times. A network that carries
    spikes cannot tell a target that a neuron is still on; here leaky integrate-and-fire neurons
    take their place, with the paper's strengths in units of the threshold. The balance does not
    depend on the neuron: the equation above holds for both. The thresholds of excitatory and
    inhibitory neurons are the paper's too, the input from outside is a steady current.
    """

    title = "Balanced chaos (van Vreeswijk and Sompolinsky)"
    phenomenon = "Double the current from outside, and the rates double: the network is linear."
    reference: ClassVar[str] = (
        "C. van Vreeswijk and H. Sompolinsky (1996). Chaos in neuronal networks with balanced "
        "excitatory and inhibitory activity. Science 274, 1724-1726. "
        "doi:10.1126/science.274.5293.1724"
    )
    rate = (18.0, 36.0)
    irregularity = (0.6, 1.5)
    state = "AI"
    start_scale = 0.25

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with the published numbers.

        Parameters
        ----------
        scale : float
            Part of the neurons, and of the connections of each, to keep; these grow stronger by the
            square root.
        """
        return cls.at(scale=scale)

    @staticmethod
    def at(rate: float = 30.0, connections: int = 400, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with any outside rate in Hz, and number of connections."""
        jump = {"psp": ReceptorSite(synapse=None)}
        cells = Population(NetworkCell, jump)
        network = excitation_and_inhibition(cells, "psp", "psp", FixedProbability)
        tau, threshold, K = 20.0, 20.0, connections * scale
        unit = threshold / sqrt(K)
        outside = sqrt(K) * threshold * rate * tau * 1e-3 / 0.1  # mV over 100 MΩ, in pA
        membrane: dict[str, Any] = {
            "n": round(4000 * scale),
            "tau": tau,
            "tau_ref": 0.0,
            "V_rest": 0.0,
            "V_reset": 0.0,
        }
        return network.update(
            {
                **for_each("E I", membrane),
                "E.V_th": threshold,
                "I.V_th": 0.7 * threshold,
                "E.stimulus.amplitude": 1.0 * outside,
                "I.stimulus.amplitude": 0.8 * outside,
                **for_each("EE EI", {"weight": unit}),
                "IE.weight": -2.0 * unit,
                "II.weight": -1.8 * unit,
                **for_each("EE EI IE II", {"delay": 0.1, "connectivity.p": K / (4000 * scale)}),
            }
        )
