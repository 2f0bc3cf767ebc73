"""A signal that travels through areas of the macaque cortex, after Joglekar and others."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.background import Background
from engine.connectivity import FixedProbability
from engine.inputs import Step
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork
from engine.populations import NetworkCell, NetworkProjection, Population, ReceptorSite

__all__ = ["MacaqueAreas"]

HIERARCHY = {"V1": 0.0, "V2": 0.546, "V4": 1.3091, "MT": 1.8889, "8m": 2.0355, "8l": 2.1905}
"""Place of the areas in the hierarchy; the highest of all areas of the paper has 3.1162."""

HIGHEST = 3.1162

FRACTIONS = {
    "V1": {"V2": 0.7322, "V4": 0.1277, "MT": 0.0589},
    "V2": {"V1": 0.7636, "V4": 0.1513, "MT": 0.0357},
    "V4": {"V1": 0.0130, "V2": 0.3908, "MT": 0.0847, "8l": 0.0024},
    "MT": {"V1": 0.0190, "V2": 0.1195, "V4": 0.3809, "8l": 0.0023},
    "8m": {"MT": 0.0007, "8l": 0.1836},
    "8l": {"V2": 0.0036, "V4": 0.0128, "MT": 0.0213, "8m": 0.4154},
}
"""Part of the neurons that project to an area which lies in another, by target and then source:
N. T. Markov and others (2014), Cerebral Cortex 24, 17-36, doi:10.1093/cercor/bhs270."""

DISTANCES = {
    frozenset(pair.split()): distance
    for pair, distance in {
        "V1 V2": 9.3,
        "V1 V4": 14.8,
        "V1 MT": 12.5,
        "V2 V4": 9.4,
        "V2 MT": 13.6,
        "V2 8l": 40.2,
        "V4 MT": 9.4,
        "V4 8l": 40.2,
        "MT 8m": 31.7,
        "MT 8l": 31.8,
        "8m 8l": 6.1,
    }.items()
}
"""Way between two areas through the white matter, in mm."""


class MacaqueAreas(PublishedNetwork):
    """Areas of cortex that amplify what they hand on, and hold it in balance by inhibition.

    A pulse of current fires the first area at 300 ms. Where excitation between areas and inhibition
    within them are both strong, the volley grows on its way to the frontal areas; where both are
    weak, it fades.

    Notes
    -----
    These are six of the paper's 29 areas, with the published strength of the connections between
    them, place in the hierarchy and distance. What the other areas would send is missing, and so
    are connections with less than one neuron in two thousand. The regime is the synchronous one
    with strong balanced amplification. The noise is Poisson spikes with the paper's mean and
    variance, and every projection has one delay.
    """

    title = "Propagation between areas (Joglekar and others)"
    phenomenon = "A volley at 300 ms grows from V1 by V4 to MT, and reaches the frontal area 8l."
    reference: ClassVar[str] = (
        "M. R. Joglekar, J. F. Mejias, G. R. Yang and X.-J. Wang (2018). Inter-areal balanced "
        "amplification enhances signal propagation in a large-scale circuit model of the primate "
        "cortex. Neuron 98, 222-234. doi:10.1016/j.neuron.2018.02.031"
    )
    rate = (0.5, 6.0)
    irregularity = (0.3, 1.5)
    start_scale = 0.5

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the areas with strong amplification; see `PublishedNetwork.experiment`."""
        return cls.at(between=0.25, inhibition=0.98, drive=16.0, scale=scale)

    @staticmethod
    def at(
        between: float, inhibition: float, drive: float, scale: float = 1.0
    ) -> NetworkExperiment:
        """Return the areas with any excitation between and inhibition within them, in mV.

        The drive is the mean of the noise of excitatory neurons in mV; in the paper it keeps the
        rates before the pulse as they are.
        """
        jump = {"psp": ReceptorSite(synapse=None)}
        cell = Population(NetworkCell, jump, background=Background)
        driven = Population(NetworkCell, jump, Step, background=Background)
        populations, projections, given = {}, {}, {}

        def connect(source: str, target: str, weight: float, delay: float) -> None:
            name = f"{source}_{target}"
            projections[name] = NetworkProjection(source, target, "psp", FixedProbability)
            given[f"{name}.weight"], given[f"{name}.delay"] = weight, delay
            given[f"{name}.connectivity.p"] = 0.1 / scale

        for area, place in HIERARCHY.items():
            stronger = 1.0 + 4.0 * place / HIGHEST
            E, I = f"E{area}", f"I{area}"
            populations |= {E: driven if area == "V1" else cell, I: cell}
            for name, size, tau, mean in ((E, 1600, 20.0, drive), (I, 400, 10.0, 14.0)):
                numbers: dict[str, Any] = {
                    "n": round(size * scale),
                    "tau": tau,
                    "tau_ref": 2.0,
                    "V_rest": -70.0,
                    "V_reset": -60.0,
                    "V_th": -50.0,
                    "stimulus.amplitude": 0.0,
                    "background.rate": mean**2 / (9.0 * tau) * 1e3,
                    "background.weight": 9.0 / mean,
                }
                given |= {f"{name}.{path}": value for path, value in numbers.items()}
            connect(E, E, 0.04 * stronger, 2.0)
            connect(E, I, 0.3 * stronger, 2.0)
            connect(I, E, -inhibition, 2.0)
            connect(I, I, -0.3, 2.0)
            for source, fraction in FRACTIONS[area].items():
                delay = round(DISTANCES[frozenset((source, area))] / 3.5, 1)
                connect(f"E{source}", E, between * stronger * fraction, delay)
                connect(f"E{source}", I, 0.19 * stronger * fraction, delay)
        pulse = {"amplitude": 101.0, "baseline": 0.0, "start": 300.0, "stop": 308.0}
        given |= {f"EV1.stimulus.{name}": value for name, value in pulse.items()}
        return NetworkExperiment(populations, projections).update(given | {"duration": 800.0})
