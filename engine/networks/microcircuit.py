"""The microcircuit below a square millimetre of cortex, of Potjans and Diesmann."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any, ClassVar

import numpy as np

from engine.background import Background
from engine.connectivity import FixedProbability
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork
from engine.populations import NetworkCell, NetworkProjection, Population, ReceptorSite
from engine.starts import NormalStart
from engine.synapses import Expon
from engine.synouts import CUBA

__all__ = ["CorticalMicrocircuit"]

SIZES = {
    "L23E": 20_683,
    "L23I": 5834,
    "L4E": 21_915,
    "L4I": 5479,
    "L5E": 4850,
    "L5I": 1065,
    "L6E": 14_395,
    "L6I": 2948,
}
"""Neurons of each population; table 5 of the paper, as all that follows."""

PROBABILITIES = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443),
)
"""Probability that two neurons are connected at least once, by target and then source."""

OUTSIDE = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
"""Connections from outside, onto a neuron of each population; each brings 8 spikes a second."""

RATES = (0.971, 2.868, 4.746, 5.396, 8.142, 9.078, 0.991, 7.523)
"""Mean rates in Hz at full scale, as published with the reference implementation."""


class CorticalMicrocircuit(PublishedNetwork):
    """Four layers of excitatory and inhibitory neurons, each firing at its own low rate.

    Notes
    -----
    Weights differ by a tenth and delays by a half of their mean, as in the paper, which draws both
    from normal distributions that it cuts off at zero and at a step; here they are log-normal. The
    paper draws a total number of connections, among which a pair may have several; here a pair has
    one at most, with the probability that gives the same mean. That neurons of a population differ
    in the number of their connections matters: where all have the mean, those of layer 2/3 fire a
    tenth less.
    """

    title = "Cortical microcircuit (Potjans and Diesmann)"
    phenomenon = "Excitatory neurons of layers 2/3 and 6 hardly fire; layer 5 fires the most."
    reference: ClassVar[str] = (
        "T. C. Potjans and M. Diesmann (2014). The cell-type specific cortical microcircuit: "
        "relating structure and activity in a full-scale spiking network model. Cerebral Cortex "
        "24, 785-806. doi:10.1093/cercor/bhs358"
    )
    rate = (1.5, 6.0)
    irregularity = (0.5, 1.2)
    state = "AI"
    start_scale = 0.06

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with the published numbers.

        Parameters
        ----------
        scale : float
            Part of the neurons, and of the connections of each, to keep. The weights grow by the
            square root, which keeps the variance of the input, and a steady current keeps its mean
            at the published rates.

        References
        ----------
        S. J. van Albada, M. Helias and M. Diesmann (2015). Scalability of asynchronous networks is
        limited by one-to-one mapping between effective connectivity and correlations. PLoS
        Computational Biology 11, e1004490. doi:10.1371/journal.pcbi.1004490
        """
        site = ReceptorSite(Expon, CUBA)
        cell = Population(NetworkCell, {"psc": site}, background=Background, start=NormalStart)
        names, dt, tau = list(SIZES), 0.1, 0.5
        # a current of 87.8 pA makes a potential of 0.15 mV; one that is held for the length of a
        # step carries more charge
        pulse = 87.8 * tau / dt * (1.0 - exp(-dt / tau))
        rates = dict(zip(names, RATES, strict=True))
        projections, given = {}, {}
        charge = dict.fromkeys(names, 0.0)
        for target, row in zip(names, PROBABILITIES, strict=True):
            for source, p in zip(names, row, strict=True):
                if p == 0.0:
                    continue
                name, inhibits = f"{source}_{target}", source.endswith("I")
                weight = -4.0 * pulse if inhibits else pulse
                if (source, target) == ("L4E", "L23E"):
                    weight *= 2.0
                degree = connections(p, SIZES[source], SIZES[target])
                charge[target] += degree * weight * rates[source]
                projections[name] = NetworkProjection(source, target, "psc", FixedProbability)
                given |= {
                    f"{name}.weight": weight / sqrt(scale),
                    f"{name}.weight.spread": 0.1,
                    f"{name}.delay": 0.75 if inhibits else 1.5,
                    f"{name}.delay.spread": 0.5,
                    f"{name}.connectivity.p": degree / SIZES[source],
                    f"{name}.connectivity.autapses": "yes",
                }
        held = dt / (1.0 - exp(-dt / tau))  # milliseconds that a pulse lasts
        for name, outside in zip(names, OUTSIDE, strict=True):
            mean = (charge[name] + outside * pulse * 8.0) * held * 1e-3
            numbers: dict[str, Any] = {
                "n": round(SIZES[name] * scale),
                "R": 40.0,
                "tau": 10.0,
                "tau_ref": 2.0,
                "V_rest": -65.0,
                "V_reset": -65.0,
                "V_th": -50.0,
                "psc.tau": tau,
                "start.mean": -58.0,
                "start.deviation": 10.0,
                "background.rate": outside * 8.0 * scale,
                "background.weight": pulse / sqrt(scale),
                "stimulus.amplitude": float(mean * (1.0 - sqrt(scale))),
            }
            given |= {f"{name}.{path}": value for path, value in numbers.items()}
        return NetworkExperiment(dict.fromkeys(names, cell), projections).update(given)


def connections(p: float, n_pre: int, n_post: int) -> float:
    """Return the mean number of connections onto a neuron, where pairs may have several."""
    return log(1.0 - p) / np.log1p(-1.0 / (n_pre * n_post)) / n_post
