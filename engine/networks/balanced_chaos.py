"""The balanced network of van Vreeswijk and Sompolinsky, of binary cells."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

from engine.connectivity import FixedProbability
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork, excitation_and_inhibition, for_each
from engine.neurons.binary import BinaryCell
from engine.populations import Population, ReceptorSite

__all__ = ["BalancedNetwork"]

OUTSIDE = {"E": 1.0, "I": 0.8}
"""Strength of the input from outside, the paper's E and I; it multiplies the activity outside."""

INHIBITION = {"E": 2.0, "I": 1.8}
"""Strength of the connections from inhibitory cells, the paper's J_E and J_I."""

THRESHOLD = {"E": 1.0, "I": 0.7}
TAU = {"E": 10.0, "I": 9.0}
"""Mean time in ms between two looks of a cell at its input; in the paper 1 and 0.9."""


class BalancedNetwork(PublishedNetwork):
    r"""Strong excitation and stronger inhibition cancel, and only the fluctuations fire a neuron.

    A connection has the strength :math:`J / \sqrt K`, so that the input of :math:`K` connections is
    of the order of :math:`\sqrt K` thresholds, and its fluctuations of one. The activities, the
    part of the cells that is on, settle where the large parts cancel:

    .. math::
        m_E = \frac{J_I E - J_E I}{J_E - J_I}\,m_0, \qquad
        m_I = \frac{E - I}{J_E - J_I}\,m_0

    with :math:`m_0` the activity outside. What is left for a single neuron differs widely.

    Notes
    -----
    The cells are the paper's, on or off; see `BinaryCell`. With its numbers both activities are
    :math:`m_0` where connections are many. A few hundred are not: at 400 and an activity of 0.1 the
    theory for so many gives 0.049 and 0.074, and so does the network. A rate is an activity over
    :math:`\tau`. The paper's unit of time is 10 ms here, and who is switched is seen by others a
    step later.
    """

    title = "Balanced chaos (van Vreeswijk and Sompolinsky)"
    phenomenon = "Double the input from outside, and the rates grow with it, without a threshold."
    reference: ClassVar[str] = (
        "C. van Vreeswijk and H. Sompolinsky (1996). Chaos in neuronal networks with balanced "
        "excitatory and inhibitory activity. Science 274, 1724-1726. "
        "doi:10.1126/science.274.5293.1724; and (1998). Chaotic balanced state in a model of "
        "cortical circuits. Neural Computation 10, 1321-1371. doi:10.1162/089976698300017214"
    )
    rate = (3.5, 9.0)
    irregularity = (0.9, 1.7)
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
    def at(outside: float = 0.1, connections: int = 400, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with any activity outside, and number of connections."""
        site = ReceptorSite(synapse=None)
        cells = Population(BinaryCell, {"exc": site, "inh": site})
        network = excitation_and_inhibition(cells, "exc", "inh", FixedProbability)
        n, K = round(4000 * scale), connections * scale
        given = {
            **for_each("E I", {"n": n}),
            **for_each("EE EI IE II", {"delay": 0.1, "connectivity.p": K / n}),
            **for_each("EE EI", {"weight": 1.0 / sqrt(K)}),
        }
        for name in "EI":
            given |= {
                f"{name}.tau": TAU[name],
                f"{name}.V_th": THRESHOLD[name],
                f"{name}.stimulus.amplitude": sqrt(K) * OUTSIDE[name] * outside,
                f"I{name}.weight": -INHIBITION[name] / sqrt(K),
            }
        return network.update(given)
