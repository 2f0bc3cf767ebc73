"""The networks of Susin and Destexhe: three ways to make a gamma rhythm, and one without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.background import Background
from engine.connectivity import FixedProbability
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork
from engine.neurons import AdExCell
from engine.populations import NetworkProjection, Population, ReceptorSite
from engine.synapses import Expon
from engine.synouts import COBA

__all__ = [
    "ChatteringGamma",
    "FastSpikingAsynchronous",
    "InterneuronGamma",
    "PyramidalInterneuronGamma",
    "SusinDestexheNetwork",
]

FAST: Mapping[str, float] = {"a": 0.0, "b": 0.0, "delta_T": 0.5, "V_th": -47.5}
CHATTERING: Mapping[str, float] = {
    "a": 80.0,
    "b": 150.0,
    "delta_T": 0.5,
    "V_th": -47.5,
    "tau_w": 50.0,
    "tau_ref": 1.0,
    "V_rest": -58.0,
}


class SusinDestexheNetwork(PublishedNetwork):
    """Regular spiking cells ``E``, fast spiking cells ``I``, and where it takes them a third kind.

    Notes
    -----
    The background brings what the paper's constant and changing inputs bring together. The rhythm
    is the stronger the smaller the network: it is that of a tenth of the paper's neurons which the
    expected figures are for.

    Attributes
    ----------
    sizes : mapping
        Number of neurons of every population.
    cells : mapping
        What differs from a regular spiking cell.
    outside : mapping
        Weight in nS of the spikes from outside.
    drive : float
        Rate of all spikes from outside onto a neuron, in Hz.
    tau : (float, float)
        Decay of the excitatory and the inhibitory conductance in ms.
    pairs : mapping
        Probability and weight in nS of every projection.
    """

    reference: ClassVar[str] = (
        "E. Susin and A. Destexhe (2021). Integration, coincidence detection and resonance in "
        "networks of spiking neurons expressing gamma oscillations and asynchronous states. PLoS "
        "Computational Biology 17, e1009416. doi:10.1371/journal.pcbi.1009416"
    )
    start_scale = 0.1
    sizes: ClassVar[Mapping[str, int]] = {"E": 20_000, "I": 5000}
    cells: ClassVar[Mapping[str, Mapping[str, float]]] = {"E": {}, "I": FAST}
    outside: ClassVar[Mapping[str, float]]
    drive: ClassVar[float]
    tau: ClassVar[tuple[float, float]] = (5.0, 5.0)
    pairs: ClassVar[Mapping[str, tuple[float, float]]]

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with the published numbers.

        Parameters
        ----------
        scale : float
            Part of the neurons to keep; each keeps as many connections as it had. Where there are
            no more neurons, the connections grow stronger instead.
        """
        site = ReceptorSite(Expon, COBA)
        cell = Population(AdExCell, {"exc": site, "inh": site}, background=Background)
        given: dict[str, Any] = {}
        for name, size in cls.sizes.items():
            numbers = {
                "n": round(size * scale),
                "stimulus.amplitude": 0.0,
                "exc.tau": cls.tau[0],
                "exc.output.E": 0.0,
                "inh.tau": cls.tau[1],
                "inh.output.E": -80.0,
                "background.rate": cls.drive,
                "background.weight": cls.outside[name],
            }
            given |= {f"{name}.{p}": v for p, v in (numbers | dict(cls.cells[name])).items()}
        projections = {}
        for name, (p, weight) in cls.pairs.items():
            source, target = name
            receptor = "inh" if source in "IF" else "exc"
            projections[name] = NetworkProjection(source, target, receptor, FixedProbability)
            kept = min(p / scale, 1.0)
            given |= {
                f"{name}.connectivity.p": kept,
                f"{name}.weight": weight * p / (scale * kept),
                f"{name}.delay": 1.5,
            }
        return NetworkExperiment(dict.fromkeys(cls.sizes, cell), projections).update(given)


class FastSpikingAsynchronous(SusinDestexheNetwork):
    """Regular and fast spiking cells whose conductances last equally long: no rhythm."""

    title = "Asynchronous irregular (Susin and Destexhe)"
    phenomenon = "Shorten exc.tau and lengthen inh.tau at the same charge, and it begins to swing."
    rate = (1.0, 15.0)
    irregularity = (0.5, 1.5)
    state = "AI"
    outside: ClassVar[Mapping[str, float]] = {"E": 0.9, "I": 0.9}
    drive = 1200.0
    pairs: ClassVar[Mapping[str, tuple[float, float]]] = {
        "EE": (0.02, 1.0),
        "EI": (0.02, 1.0),
        "IE": (0.02, 5.0),
        "II": (0.02, 5.0),
    }


class InterneuronGamma(FastSpikingAsynchronous):
    """Fast spiking cells ``F`` that inhibit each other densely make a gamma rhythm: ING."""

    title = "ING: interneuron gamma (Susin and Destexhe)"
    phenomenon = "The cells of F fire together, and pace all others."
    rate = (1.0, 20.0)
    state = "SI"
    rhythm = (30.0, 90.0)
    sizes: ClassVar[Mapping[str, int]] = {"E": 20_000, "I": 4000, "F": 1000}
    cells: ClassVar[Mapping[str, Mapping[str, float]]] = {"E": {}, "I": FAST, "F": FAST}
    outside: ClassVar[Mapping[str, float]] = {"E": 0.9, "I": 0.9, "F": 0.9}
    pairs: ClassVar[Mapping[str, tuple[float, float]]] = {
        **FastSpikingAsynchronous.pairs,
        "EF": (0.15, 1.0),
        "IF": (0.03, 5.0),
        "FF": (0.6, 5.0),
        "FE": (0.15, 5.0),
        "FI": (0.15, 5.0),
    }


class PyramidalInterneuronGamma(FastSpikingAsynchronous):
    """Short excitation and long inhibition chase each other: PING."""

    title = "PING: pyramidal-interneuron gamma (Susin and Destexhe)"
    phenomenon = "Excitatory cells fire first in each cycle, inhibitory ones end it."
    rate = (1.0, 30.0)
    irregularity = (0.3, 1.5)
    state = "SI"
    rhythm = (30.0, 90.0)
    tau = (1.0, 7.5)
    outside: ClassVar[Mapping[str, float]] = {"E": 4.0, "I": 4.0}
    pairs: ClassVar[Mapping[str, tuple[float, float]]] = {
        "EE": (0.02, 5.0),
        "EI": (0.02, 5.0),
        "IE": (0.02, 10.0 / 3.0),
        "II": (0.02, 10.0 / 3.0),
    }


class ChatteringGamma(FastSpikingAsynchronous):
    """A few chattering cells ``C`` that fire in fast bursts carry the rhythm: CHING."""

    title = "CHING: chattering gamma (Susin and Destexhe)"
    phenomenon = "One neuron in twenty-five chatters, and makes the others swing."
    rate = (0.5, 30.0)
    irregularity = (0.3, 2.0)
    state = "SI"
    rhythm = (15.0, 90.0)
    sizes: ClassVar[Mapping[str, int]] = {"E": 19_000, "I": 5000, "C": 1000}
    cells: ClassVar[Mapping[str, Mapping[str, float]]] = {"E": {}, "I": FAST, "C": CHATTERING}
    outside: ClassVar[Mapping[str, float]] = {"E": 1.0, "I": 0.75, "C": 1.0}
    drive = 570.0
    pairs: ClassVar[Mapping[str, tuple[float, float]]] = {
        "EE": (0.02, 1.0),
        "EI": (0.02, 1.0),
        "IE": (0.02, 7.0),
        "II": (0.02, 5.0),
        "EC": (0.02, 1.0),
        "CE": (0.02, 1.0),
        "CI": (0.02, 1.0),
        "IC": (0.02, 7.0),
        "CC": (0.02, 1.0),
    }
