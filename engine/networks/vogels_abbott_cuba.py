"""The network of currents of Vogels and Abbott, benchmark 2 of Brette and others."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.connectivity import FixedProbability
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork, excitation_and_inhibition, for_each
from engine.networks.vogels_abbott_coba import CobaNetwork
from engine.populations import NetworkCell, Population, ReceptorSite
from engine.starts import UniformStart
from engine.synapses import Expon
from engine.synouts import CUBA

__all__ = ["CubaNetwork"]


class CubaNetwork(PublishedNetwork):
    """Currents instead of conductances: irregular firing at a lower rate.

    Notes
    -----
    The published weights are potentials, 1.62 and -9 mV; here they are the currents that make them
    over a membrane of 100 MΩ. The cells rest above their threshold, which takes the place of an
    input from outside. The expected rate is what simulators of the benchmark give, about 5.5 Hz.
    """

    title = "Self-sustained currents (Vogels and Abbott)"
    phenomenon = (
        "Excitatory and inhibitory currents, each large, leave a small difference that fires."
    )
    reference: ClassVar[str] = CobaNetwork.reference.replace("benchmark 1", "benchmark 2")
    rate = (4.0, 8.0)
    irregularity = (0.4, 1.6)
    state = "AI"
    start_scale = 0.25

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network; see `PublishedNetwork.experiment`."""
        site = ReceptorSite(Expon, CUBA)
        cells = Population(NetworkCell, {"exc": site, "inh": site}, start=UniformStart)
        network = excitation_and_inhibition(cells, "exc", "inh", FixedProbability)
        membrane: dict[str, Any] = {
            "tau": 20.0,
            "tau_ref": 5.0,
            "R": 100.0,
            "V_rest": -49.0,
            "V_reset": -60.0,
            "V_th": -50.0,
            "spk_reset": "hard",
            "stimulus.amplitude": 0.0,
        }
        return network.update(
            {
                "E.n": round(3200 * scale),
                "I.n": round(800 * scale),
                **for_each("E I", membrane | {"exc.tau": 5.0, "inh.tau": 10.0}),
                **for_each("EE EI", {"weight": 16.2}),
                **for_each("IE II", {"weight": -90.0}),
                **for_each("EE EI IE II", {"delay": 0.1, "connectivity.p": 0.02 / scale}),
            }
        )
