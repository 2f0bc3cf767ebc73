"""A ring of neurons that remembers a place, after Compte and others."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any, ClassVar

from engine.background import Background
from engine.connectivity import DistanceDependent, FixedProbability
from engine.inputs import Step
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork, for_each
from engine.populations import NetworkCell, NetworkProjection, Population, ReceptorSite
from engine.synapses import Expon
from engine.synouts import COBA, MgBlock

__all__ = ["RingAttractor"]


class RingAttractor(PublishedNetwork):
    """A cue fires the neurons at one place of a ring, and they go on firing when it is gone.

    Excitatory neurons connect to their neighbours on the ring more than to the others, through
    slow NMDA receptors; inhibition reaches everybody. The cell ``cue`` fires from 300 to 550 ms,
    and excites the neurons around the beginning of the ring.

    Notes
    -----
    The cells, their number, the receptors, the background and the width of the footprint, 18
    degrees, are the paper's. The paper's NMDA conductances saturate at every single synapse. Here a
    receptor adds up what arrives without bound, so that the total conductances are less than the
    paper's, chosen such that the network is quiet without and holds the bump with a cue; the bump
    fires faster than the paper's.
    """

    title = "Working memory on a ring (Compte and others)"
    phenomenon = (
        "The bump stays where the cue has put it, and hardly drifts; without a cue there is none."
    )
    reference: ClassVar[str] = (
        "A. Compte, N. Brunel, P. S. Goldman-Rakic and X.-J. Wang (2000). Synaptic mechanisms and "
        "network dynamics underlying spatial working memory in a cortical network model. Cerebral "
        "Cortex 10, 910-923. doi:10.1093/cercor/10.9.910"
    )
    rate = (2.0, 35.0)
    irregularity = (0.0, 1.5)
    width: ClassVar[float] = 0.05
    """Width of the footprint, as a part of the ring."""

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the ring; one of half the size has stronger connections, and forgets."""
        cell = Population(
            NetworkCell,
            {
                "ampa": ReceptorSite(Expon, COBA),
                "nmda": ReceptorSite(Expon, MgBlock),
                "gaba": ReceptorSite(Expon, COBA),
            },
            background=Background,
        )
        cue = Population(NetworkCell, {"ampa": ReceptorSite(Expon, COBA)}, Step)
        network = NetworkExperiment(
            {"E": cell, "I": cell, "cue": cue},
            {
                "near": NetworkProjection("E", "E", "nmda", DistanceDependent),
                "EE": NetworkProjection("E", "E", "nmda", FixedProbability),
                "EI": NetworkProjection("E", "I", "nmda", FixedProbability),
                "IE": NetworkProjection("I", "E", "gaba", FixedProbability),
                "II": NetworkProjection("I", "I", "gaba", FixedProbability),
                "show": NetworkProjection("cue", "E", "ampa", DistanceDependent),
            },
        )
        n_e, n_i = round(2048 * scale), round(512 * scale)
        near = 0.8 * n_e * sqrt(2.0 * pi) * cls.width  # connections onto a neuron
        synapses: dict[str, Any] = {
            "V_rest": -70.0,
            "V_reset": -60.0,
            "V_th": -50.0,
            "stimulus.amplitude": 0.0,
            "ampa.tau": 2.0,
            "ampa.output.E": 0.0,
            "nmda.tau": 100.0,
            "nmda.output.E": 0.0,
            "nmda.output.cc_Mg": 1.0,
            "gaba.tau": 10.0,
            "gaba.output.E": -70.0,
            "background.rate": 1800.0,
        }
        pyramidal = {"n": n_e, "tau": 20.0, "R": 40.0, "tau_ref": 2.0, "background.weight": 3.1}
        inter = {"n": n_i, "tau": 10.0, "R": 50.0, "tau_ref": 1.0, "background.weight": 2.38}
        return network.update(
            {
                "duration": 2000.0,
                **for_each("E I", synapses),
                **for_each("E", pyramidal),
                **for_each("I", inter),
                **for_each("near EE EI IE II show", {"delay": 0.5}),
                **for_each("EE EI", {"connectivity.p": 0.2}),
                **for_each("IE II", {"connectivity.p": 0.5}),
                **for_each("near show", {"connectivity.width": cls.width}),
                # conductances of all connections onto a neuron together, in nS
                "near.connectivity.p_max": 0.8,
                "near.weight": 85.0 / near,
                "EE.weight": 90.0 / (0.2 * n_e),
                "EI.weight": 320.0 / (0.2 * n_e),
                "IE.weight": 680.0 / (0.5 * n_i),
                "II.weight": 520.0 / (0.5 * n_i),
                "cue.n": 1,
                "cue.stimulus.amplitude": 2000.0,
                "cue.stimulus.baseline": 0.0,
                "cue.stimulus.start": 300.0,
                "cue.stimulus.stop": 550.0,
                "show.connectivity.p_max": 1.0,
                "show.weight": 20.0,
            }
        )
