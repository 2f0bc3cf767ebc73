"""The gamma rhythm of interneurons of Wang and Buzsáki."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy import stats

from engine.connectivity import AllToAll
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork
from engine.neurons import WangBuzsakiHH
from engine.populations import NetworkProjection, Population, ReceptorSite
from engine.starts import NormalStart
from engine.synapses import Expon
from engine.synouts import COBA

__all__ = ["WangBuzsakiNetwork"]


class WangBuzsakiNetwork(PublishedNetwork):
    """Interneurons that inhibit each other fire together, as long as they are alike.

    Notes
    -----
    In the paper every cell has its own current. Here there are five groups of cells, whose currents
    stand for a fifth of the normal distribution each. The paper's synapse opens while its cell is
    depolarized; here a spike opens all of it, and it closes with the same time constant of 10 ms.
    """

    title = "Gamma rhythm of interneurons (Wang and Buzsáki)"
    phenomenon = "Let the currents of the groups differ by a tenth, and they fall out of step."
    reference: ClassVar[str] = (
        "X.-J. Wang and G. Buzsáki (1996). Gamma oscillation by synaptic inhibition in a "
        "hippocampal interneuronal network model. Journal of Neuroscience 16, 6402-6413. "
        "doi:10.1523/JNEUROSCI.16-20-06402.1996"
    )
    rate = (30.0, 45.0)
    irregularity = (0.0, 0.2)
    state = "SR"
    rhythm = (30.0, 45.0)
    groups: ClassVar[int] = 5

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network; a smaller one keeps the inhibition of a cell."""
        return cls.at(0.03, scale)

    @classmethod
    def at(cls, spread: float, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with currents that differ by a standard deviation in µA (per cm²)."""
        cells = Population(WangBuzsakiHH, {"gaba": ReceptorSite(Expon, COBA)}, start=NormalStart)
        names = [f"I{number}" for number in range(1, cls.groups + 1)]
        projections = {
            f"{a}{b}": NetworkProjection(a, b, "gaba", AllToAll) for a in names for b in names
        }
        n = max(1, round(100 * scale / cls.groups))
        currents = 1.0 + spread * stats.norm.ppf((np.arange(cls.groups) + 0.5) / cls.groups)
        given: dict[str, Any] = {"dt": 0.05}
        for name, current in zip(names, currents, strict=True):
            given |= {
                f"{name}.n": n,
                f"{name}.stimulus.amplitude": float(current),
                f"{name}.gaba.tau": 10.0,
                f"{name}.gaba.output.E": -75.0,
                f"{name}.start.mean": -60.0,
                f"{name}.start.deviation": 6.0,
            }
        for name in projections:
            given |= {f"{name}.weight": 0.1 / (n * cls.groups), f"{name}.delay": 0.05}
        return NetworkExperiment(dict.fromkeys(names, cells), projections).update(given)
