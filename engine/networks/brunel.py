"""The sparse network of Brunel, in its states."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.background import Background
from engine.connectivity import FixedInDegree
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork, excitation_and_inhibition, for_each
from engine.populations import NetworkCell, Population, ReceptorSite
from engine.starts import UniformStart

__all__ = [
    "BrunelAsynchronous",
    "BrunelAsynchronousRegular",
    "BrunelFastOscillation",
    "BrunelNetwork",
    "BrunelSlowOscillation",
    "BrunelSynchronousRegular",
]


class BrunelNetwork(PublishedNetwork):
    """Neurons that jump by what arrives; two numbers decide on the state of the network.

    Attributes
    ----------
    g : float
        How much stronger an inhibitory connection is than an excitatory one.
    eta : float
        Rate of the input from outside, over the rate that just brings a neuron to threshold.
    """

    reference: ClassVar[str] = (
        "N. Brunel (2000). Dynamics of sparsely connected networks of excitatory and inhibitory "
        "spiking neurons. Journal of Computational Neuroscience 8, 183-208, figure 8. "
        "doi:10.1023/A:1008925309027"
    )
    g: ClassVar[float]
    eta: ClassVar[float]

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network; see `PublishedNetwork.experiment`."""
        return cls.at(cls.g, cls.eta, scale)

    @staticmethod
    def at(g: float, eta: float, scale: float = 1.0) -> NetworkExperiment:
        """Return the network at any point of its diagram of states."""
        jump = {"psp": ReceptorSite(synapse=None)}
        cells = Population(NetworkCell, jump, background=Background, start=UniformStart)
        network = excitation_and_inhibition(cells, "psp", "psp", FixedInDegree)
        J, tau, threshold, sources = 0.1, 20.0, 20.0, 1000
        membrane: dict[str, Any] = {
            "tau": tau,
            "tau_ref": 2.0,
            "V_rest": 0.0,
            "V_reset": 10.0,
            "V_th": threshold,
            "spk_reset": "hard",
            "stimulus.amplitude": 0.0,
            "background.rate": eta * threshold / (J * tau) * 1e3,
            "background.weight": J,
        }
        return network.update(
            {
                "E.n": round(10_000 * scale),
                "I.n": round(2500 * scale),
                **for_each("E I", membrane),
                **for_each("EE EI", {"weight": J, "connectivity.degree": sources}),
                **for_each("IE II", {"weight": -g * J, "connectivity.degree": sources // 4}),
                **for_each("EE EI IE II", {"delay": 1.5}),
            }
        )


class BrunelSynchronousRegular(BrunelNetwork):
    """Excitation wins: all fire together, like clocks, as fast as they can."""

    title = "Brunel SR: synchronous regular"
    phenomenon = "Columns in the raster: excitation drives all neurons to the refractory period."
    g, eta = 3.0, 2.0
    rate = (200.0, 450.0)
    irregularity = (0.0, 0.3)
    state = "SR"
    start_scale = 0.12


class BrunelAsynchronousRegular(BrunelNetwork):
    """Excitation wins, and arrives after many delays: all fire like clocks, each at its own time.

    Notes
    -----
    The paper draws the delay of every connection. Here a neuron has as many connections of each of
    six delays, which together cover the three milliseconds between two spikes.
    """

    title = "Brunel AR: asynchronous regular"
    phenomenon = (
        "The neurons of the synchronous regular state, out of step: only the delays differ."
    )
    g, eta = 3.0, 2.0
    rate = (200.0, 450.0)
    irregularity = (0.0, 0.3)
    state = "AR"
    start_scale = 0.12
    delays: ClassVar[tuple[float, ...]] = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network; see `PublishedNetwork.experiment`."""
        together = super().experiment(scale)
        kept = {path: together[path] for path in together.values}
        projections, given = {}, {}
        for name, projection in together.projections.items():
            weight, degree = (kept.pop(f"{name}.{p}") for p in ("weight", "connectivity.degree"))
            del kept[f"{name}.delay"]
            for number, delay in enumerate(cls.delays, 1):
                projections[f"{name}{number}"] = projection
                given |= {
                    f"{name}{number}.weight": weight,
                    f"{name}{number}.delay": delay,
                    f"{name}{number}.connectivity.degree": round(degree / len(cls.delays)),
                }
        spread = NetworkExperiment(together.populations, projections, choices=together.choices)
        return spread.update(kept | given)


class BrunelFastOscillation(BrunelNetwork):
    """Strong inhibition and strong input: a fast rhythm of a network whose neurons fire rarely."""

    title = "Brunel SI: fast oscillation"
    phenomenon = "The population rate swings at nearly 190 Hz, while each neuron skips most cycles."
    g, eta = 6.0, 4.0
    rate = (45.0, 75.0)
    irregularity = (0.3, 1.2)
    state = "SI"
    rhythm = (150.0, 220.0)
    start_scale = 0.12


class BrunelAsynchronous(BrunelNetwork):
    """Inhibition wins: each neuron fires irregularly, and the whole at a steady rate."""

    title = "Brunel AI: asynchronous irregular"
    phenomenon = "No columns in the raster: the population rate hardly moves while neurons fire."
    g, eta = 5.0, 2.0
    rate = (30.0, 45.0)
    irregularity = (0.3, 1.2)
    state = "AI"
    start_scale = 0.2

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with the published numbers.

        Parameters
        ----------
        scale : float
            Part of the neurons to keep. Neurons that shared nearly all of their input would fire
            together, so each keeps the same part of its connections; these are as much stronger as
            it takes to keep the variance of the input, and the resting potential keeps its mean.

        References
        ----------
        S. J. van Albada, M. Helias and M. Diesmann (2015). Scalability of asynchronous networks is
        limited by one-to-one mapping between effective connectivity and correlations. PLoS
        Computational Biology 11, e1004490. doi:10.1371/journal.pcbi.1004490
        """
        network, stronger = cls.at(cls.g, cls.eta), scale**-0.5
        fired = 37.6e-3  # spikes of a neuron in a millisecond, at full scale
        mean = 20.0 * cls.eta + 1000 * 0.1 * 20.0 * fired * (1.0 - cls.g / 4.0)
        smaller = {path: network[path] * scale for path in _COUNTED}
        weights = {path: network[path] * stronger for path in _WEIGHTS}
        rest = for_each("E I", {"V_rest": mean * (1.0 - scale**0.5)})
        return network.update({p: float(round(v)) for p, v in smaller.items()} | weights | rest)


class BrunelSlowOscillation(BrunelNetwork):
    """Input below threshold: a slow rhythm of a network whose neurons fire rarely."""

    title = "Brunel SI: slow oscillation"
    phenomenon = "Bursts of the population rate some twenty times a second, most neurons silent."
    g, eta = 4.5, 0.9
    rate = (3.0, 12.0)
    irregularity = (0.3, 1.6)
    state = "SI"
    rhythm = (10.0, 50.0)
    start_scale = 0.12


_WEIGHTS = (
    *(f"{p}.weight" for p in ("EE", "EI", "IE", "II")),
    *(f"{p}.background.weight" for p in "EI"),
)
_COUNTED = (
    "E.n",
    "I.n",
    *(f"{p}.connectivity.degree" for p in ("EE", "EI", "IE", "II")),
    *(f"{p}.background.rate" for p in "EI"),
)
