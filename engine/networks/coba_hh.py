"""The network of Hodgkin-Huxley cells, benchmark 3 of Brette and others."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork, for_each
from engine.networks.vogels_abbott_coba import CobaNetwork
from engine.neurons import TraubMilesHH
from engine.populations import Population, ReceptorSite
from engine.starts import NormalStart
from engine.synapses import Expon
from engine.synouts import COBA

__all__ = ["CobaHHNetwork"]


class CobaHHNetwork(PublishedNetwork):
    """The network of conductances with neurons whose channels make the spike.

    Notes
    -----
    The published numbers let a cell without input fire by itself, and start with conductances that
    earlier spikes would have left. Here all conductances start at zero, which matters for the first
    tenth of a second.
    """

    title = "Hodgkin-Huxley conductances (Brette and others)"
    phenomenon = (
        "Each cell fires in bursts and falls silent, while the rate of all hardly moves: compare "
        "it with the same network of simpler cells."
    )
    reference: ClassVar[str] = CobaNetwork.reference.replace("benchmark 1", "benchmark 3")
    rate = (15.0, 60.0)
    irregularity = (0.3, 2.5)
    state = "AI"
    start_scale = 0.25

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network; see `PublishedNetwork.experiment`."""
        site = ReceptorSite(Expon, COBA)
        cells = Population(TraubMilesHH, {"exc": site, "inh": site}, start=NormalStart)
        before = CobaNetwork.experiment(scale)
        network = NetworkExperiment({"E": cells, "I": cells}, before.projections)
        same = {path: before[path] for path in before.values if path in network.specs}
        cell: dict[str, Any] = {"EL": -60.0, "start.mean": -65.0, "start.deviation": 5.0}
        return network.update(same | for_each("E I", cell | {"stimulus.amplitude": 0.0}))
