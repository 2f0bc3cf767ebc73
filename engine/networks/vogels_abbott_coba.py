"""The network of conductances of Vogels and Abbott, benchmark 1 of Brette and others."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.connectivity import FixedProbability
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork, excitation_and_inhibition, for_each
from engine.populations import NetworkCell, Population, ReceptorSite
from engine.starts import NormalStart
from engine.synapses import Expon
from engine.synouts import COBA

__all__ = ["CobaNetwork"]


class CobaNetwork(PublishedNetwork):
    """Excitation and inhibition in balance: irregular firing that sustains itself.

    Notes
    -----
    The expected rate is what simulators of the benchmark give at a step of 0.1 ms, about 20 Hz. The
    paper's mean conductances make an effective membrane time constant of a few milliseconds.
    """

    title = "Self-sustained conductances (Vogels and Abbott)"
    phenomenon = (
        "Switch the input off: the neurons keep each other firing, and no two spikes come together."
    )
    reference: ClassVar[str] = (
        "R. Brette and others (2007). Simulation of networks of spiking neurons: a review of tools "
        "and strategies. Journal of Computational Neuroscience 23, 349-398, benchmark 1. "
        "doi:10.1007/s10827-007-0038-6; after T. P. Vogels and L. F. Abbott (2005). Journal of "
        "Neuroscience 25, 10786-10795. doi:10.1523/JNEUROSCI.3508-05.2005"
    )
    rate = (15.0, 26.0)
    irregularity = (0.8, 2.5)
    state = "AI"
    start_scale = 0.25

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network; see `PublishedNetwork.experiment`."""
        site = ReceptorSite(Expon, COBA)
        cells = Population(NetworkCell, {"exc": site, "inh": site}, start=NormalStart)
        network = excitation_and_inhibition(cells, "exc", "inh", FixedProbability)
        membrane: dict[str, Any] = {
            "tau": 20.0,
            "tau_ref": 5.0,
            "R": 100.0,  # 20,000 square micrometres at 5e-5 S/cm2 leak with 10 nS
            "V_rest": -60.0,
            "V_reset": -60.0,
            "V_th": -50.0,
            "spk_reset": "hard",
            "stimulus.amplitude": 200.0,
            "start.mean": -55.0,
            "start.deviation": 5.0,
        }
        synapses = {"exc.tau": 5.0, "exc.output.E": 0.0, "inh.tau": 10.0, "inh.output.E": -80.0}
        return network.update(
            {
                "E.n": round(3200 * scale),
                "I.n": round(800 * scale),
                **for_each("E I", membrane | synapses),
                **for_each("EE EI", {"weight": 6.0}),
                **for_each("IE II", {"weight": 67.0}),
                **for_each("EE EI IE II", {"delay": 0.1, "connectivity.p": 0.02 / scale}),
            }
        )
