"""The synfire chain of Diesmann, Gewaltig and Aertsen: a packet of spikes lives or dies."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.background import Background
from engine.connectivity import Chain
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork
from engine.populations import NetworkCell, NetworkProjection, Population, ReceptorSite
from engine.starts import NormalStart
from engine.synapses import DualExpon
from engine.synouts import CUBA

__all__ = ["SynfireChain"]


class SynfireChain(PublishedNetwork):
    """Ten groups of a hundred neurons pass a packet of spikes on, if it is strong and sharp enough.

    The packet comes from the population ``packet``, each neuron of which fires once: ``packet.n``
    is the number of its spikes, and ``packet.start.deviation`` in mV the width of the packet in ms,
    as the potentials of its cells climb to the threshold by 1 mV in a millisecond.

    Notes
    -----
    The paper's 20,000 background synapses of each neuron, excitatory and inhibitory, are one train
    of Poisson spikes with as much variance, and a current that leaves the paper's mean.
    """

    title = "Synfire chain (Diesmann, Gewaltig and Aertsen)"
    phenomenon = (
        "A packet of 80 spikes within 1 ms reaches the last group ever sharper; one of 40 spikes, "
        "or within 4 ms, dies on the way."
    )
    reference: ClassVar[str] = (
        "M. Diesmann, M.-O. Gewaltig and A. Aertsen (1999). Stable propagation of synchronous "
        "spiking in cortical neural networks. Nature 402, 529-533. doi:10.1038/990101"
    )
    rate = (1.0, 15.0)
    irregularity = (0.0, 1.5)

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the chain; a smaller one has fewer groups."""
        return cls.at(80, 1.0, scale)

    @classmethod
    def at(cls, spikes: int, width: float, scale: float = 1.0) -> NetworkExperiment:
        """Return the chain with a packet of so many spikes, and a standard deviation in ms."""
        psp = {"psp": ReceptorSite(DualExpon, CUBA)}
        chain = Population(NetworkCell, psp, background=Background)
        packet = Population(NetworkCell, psp, start=NormalStart)
        network = NetworkExperiment(
            {"packet": packet, "chain": chain},
            {
                "first": NetworkProjection("packet", "chain", "psp", Chain),
                "on": NetworkProjection("chain", "chain", "psp", Chain),
            },
        )
        groups = max(2, round(10 * scale))
        given: dict[str, Any] = {
            "duration": 200.0,
            "chain.n": 100 * groups,
            "chain.tau": 10.0,
            "chain.tau_ref": 1.0,
            "chain.R": 40.0,
            "chain.V_rest": -70.0,
            "chain.V_reset": -70.0,
            "chain.V_th": -55.0,
            "chain.background.rate": 65_000.0,
            "chain.stimulus.amplitude": -2350.0,
            "packet.n": spikes,
            # a cell that hardly leaks and fires once
            "packet.tau": 1e4,
            "packet.tau_ref": 1e4,
            "packet.stimulus.amplitude": 1e5,
            "packet.V_rest": -70.0,
            "packet.V_reset": -70.0,
            "packet.V_th": -50.0,
            "packet.start.mean": -100.0,
            "packet.start.deviation": width,
            "first.connectivity.groups": groups,
            "on.connectivity.groups": groups,
        }
        for name in ("chain", "packet"):
            given |= {f"{name}.psp.tau_rise": 0.325, f"{name}.psp.tau_decay": 0.325}
        for path in ("first.weight", "on.weight", "chain.background.weight"):
            given[path] = 44.7  # a potential of 0.14 mV
        return network.update(given | {"first.delay": 0.1, "on.delay": 0.1})
